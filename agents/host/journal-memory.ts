import type { RunId } from '../../src/domain/ids.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { CacheItem, Item } from '../../src/domain/plan.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import type { Entry } from './journal-records.ts';

export type Said = {
  seq: number;
  at: number;
  body: Exclude<ReportBody, { kind: 'took' }> | { kind: 'took' };
  acked: boolean;
  /** The stream's id of it; `null` where the stream has not taken it. */
  stream: string | null;
};

/** When the engine was last asked for something, by which names it was asked to delete, and which start of it that was. */
export type Intent = { at: number; names: Set<string>; life: string | null };

/** All that is kept of an accepted job. */
export type Accepted = {
  id: string;
  run: RunId;
  kind: 'execute' | 'restore';
  epoch: string;
  planDigest: string;
  items: readonly Item[];
  cache: readonly CacheItem[];
  at: number;
  /** When it was last worked on. */
  last: number;
  /** Items that were begun and whose end is not known. */
  intents: Map<number, Intent>;
  outcomes: Map<number, Outcome>;
  /** Records of the build cache that were about to go, and what those freed that are known to have gone. */
  cacheIds: readonly string[] | null;
  cacheFreed: Map<string, number>;
  reports: Map<number, Said>;
};

export type Take = { at: number; images: number; bytes: number };
export type Memory = {
  jobs: Map<string, Accepted>;
  /** When jobs were accepted of which nothing more is kept. */
  ids: Map<string, number>;
  takes: Map<number, Take>;
  top: RunId | null;
};

export const openMemory = (): Memory => ({ jobs: new Map(), ids: new Map(), takes: new Map(), top: null });

/** Its last word was said. */
export const isEnded = ({ reports }: Accepted): boolean =>
  [...reports.values()].some(({ body }) => body.kind === 'finished' || body.kind === 'refused');

/** Something of it ended in a way that nobody knows yet. */
export const hasUnknown = ({ outcomes }: Accepted): boolean =>
  [...outcomes.values()].some(({ outcome }) => outcome === 'unknown');

/** What an entry says. Twice is once. */
export function apply(memory: Memory, entry: Entry): void {
  const job = 'job' in entry ? memory.jobs.get(entry.job) : undefined;
  if (job && WORK.has(entry.t) && 'at' in entry) job.last = Math.max(job.last, entry.at);
  switch (entry.t) {
    case 'job':
      if (memory.jobs.has(entry.id)) return;
      memory.jobs.set(entry.id, {
        ...entry,
        last: entry.at,
        ...{
          intents: new Map(),
          outcomes: new Map(),
          reports: new Map(),
          cacheIds: null,
          cacheFreed: new Map(),
        },
      });
      memory.ids.delete(entry.id);
      memory.top = highest(memory.top, entry.run);
      return;
    case 'intent':
      if (job) begin(job, entry);
      return;
    case 'tried': {
      const names = job && begin(job, entry, entry.life)?.names;
      // The newest is the last.
      names?.delete(entry.name);
      names?.add(entry.name);
      return;
    }
    case 'outcome':
      if (job) setOutcome(job, entry.item, entry.outcome);
      return;
    case 'cache':
      if (job) job.cacheIds = entry.ids;
      return;
    case 'freed':
      job?.cacheFreed.set(entry.id, entry.bytes);
      return;
    case 'report':
      if (job) say(job, entry);
      return;
    case 'sent': {
      const said = job?.reports.get(entry.seq);
      if (said) said.stream = entry.stream;
      return;
    }
    case 'acked': {
      const said = job?.reports.get(entry.seq);
      if (said) said.acked = true;
      return;
    }
    case 'again':
      for (const said of job?.reports.values() ?? []) Object.assign(said, { acked: false, stream: null });
      return;
    case 'take':
      memory.takes.set(entry.n, { at: entry.at, images: entry.images, bytes: entry.bytes });
      return;
    case 'back':
      memory.takes.delete(entry.n);
      return;
    case 'ids':
      for (const [id, at] of entry.ids) if (!memory.jobs.has(id)) memory.ids.set(id, at);
      return;
    case 'top':
      memory.top = highest(memory.top, entry.run);
  }
}

// --- internal ---

const WORK = new Set<Entry['t']>(['intent', 'tried', 'outcome', 'cache']);

function begin(job: Accepted, { item, at }: { item: number; at: number }, life?: string | null) {
  if (isKnown(job, item)) return undefined;
  const intent = job.intents.get(item) ?? { at, names: new Set<string>(), life: null };
  Object.assign(intent, { at, ...(life !== undefined && { life }) });
  job.intents.set(item, intent);
  return intent;
}

const highest = (a: RunId | null, b: RunId): RunId => (a !== null && a > b ? a : b);

function say(job: Accepted, { seq, at, body, acked = false }: Extract<Entry, { t: 'report' }>): void {
  job.reports.set(seq, { seq, at, body: body as Said['body'], acked, stream: null });
  if (body.kind !== 'outcomes' || !('outcomes' in body)) return;
  for (const outcome of body.outcomes) {
    const index = job.items.findIndex(({ image }) => image === outcome.image);
    if (index >= 0) setOutcome(job, index, outcome);
  }
}

/** What was unknown may become known, and nothing else changes. */
function setOutcome(job: Accepted, item: number, outcome: Outcome): void {
  if (isKnown(job, item)) return;
  job.outcomes.set(item, outcome);
  if (outcome.outcome !== 'unknown') job.intents.delete(item);
}

function isKnown({ outcomes }: Accepted, item: number): boolean {
  const { outcome = 'unknown' } = outcomes.get(item) ?? {};
  return outcome !== 'unknown';
}

import type { Outcome } from '../../src/domain/outcome.ts';
import { type Accepted, hasUnknown, isEnded, type Memory } from './journal-memory.ts';
import { type Entry, pack } from './journal-records.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** As long as runs are kept: an older job does not come again. */
const IDS_MS = 90 * DAY_MS;
const IDS = 20_000;
/** What was told and taken is kept for a Redis that forgets, as far as there is room. */
const TOLD_MS = 42 * DAY_MS;

/**
 * All that the memory holds and must not be lost, as payloads, and of what was told and acknowledged the newest, up to
 * `budget` bytes in all. Jobs that are left out are forgotten in the memory as well, but for their ids.
 */
export function snapshot(memory: Memory, budget: number, now: number): Buffer[] {
  const payloads: Buffer[] = [];
  let bytes = 0;
  const add = (payload: Buffer) => {
    payloads.push(payload);
    bytes += payload.length;
  };
  for (const [n, { at }] of memory.takes) if (Math.abs(now - at) > 2 * HOUR_MS) memory.takes.delete(n);
  const jobs = [...memory.jobs.values()].sort((a, b) => b.last - a.last);
  for (const job of jobs.filter((one) => mustStay(one, now))) add(pack(entriesOf(job)));
  for (const job of jobs.filter((one) => !mustStay(one, now))) {
    const payload = now - job.last < TOLD_MS && bytes < budget ? pack(entriesOf(job)) : null;
    if (payload && bytes + payload.length <= budget) add(payload);
    else {
      memory.jobs.delete(job.id);
      memory.ids.set(job.id, job.at);
    }
  }
  const ids = [...memory.ids].filter(([, at]) => Math.abs(now - at) < IDS_MS).slice(-IDS);
  memory.ids = new Map(ids);
  add(
    pack([
      ...(memory.top === null ? [] : [{ t: 'top' as const, run: memory.top }]),
      { t: 'ids', ids },
      ...[...memory.takes].map(([n, take]) => ({ t: 'take' as const, n, ...take })),
    ]),
  );
  return payloads.reverse();
}

// --- internal ---

/** It is not at its end, or not all of its words have come through. */
function mustStay(job: Accepted, now: number): boolean {
  // Also after a clock that jumps.
  if (!isEnded(job)) return true;
  if (now - job.last > IDS_MS) return false;
  return hasUnknown(job) || [...job.reports.values()].some(({ acked }) => !acked);
}

const isKnown = ({ outcome }: Outcome) => outcome !== 'unknown';

function entriesOf(job: Accepted): Entry[] {
  const { id, run, kind, epoch, planDigest, at, last } = job;
  const items = [...job.items];
  const told = new Set(
    [...job.reports.values()].flatMap(({ body }) =>
      body.kind === 'outcomes' ? body.outcomes.filter(isKnown).map(({ image }) => image) : [],
    ),
  );
  return [
    { t: 'job', at, id, run, kind, epoch, planDigest, items, cache: [...job.cache] },
    ...[...job.intents].flatMap(([item, intent]): Entry[] => [
      { t: 'intent', at: intent.at, job: id, item },
      ...[...intent.names].map(
        (name): Entry => ({ t: 'tried', at: intent.at, job: id, item, name, life: intent.life }),
      ),
    ]),
    ...(job.cacheIds ? [{ t: 'cache' as const, at: last, job: id, ids: [...job.cacheIds] }] : []),
    ...[...job.cacheFreed].map(([record, bytes]): Entry => ({ t: 'freed', job: id, id: record, bytes })),
    ...[...job.reports.values()].flatMap(({ seq, at, body, acked, stream }): Entry[] => [
      { t: 'report', at, job: id, seq, body, acked },
      ...(stream === null ? [] : [{ t: 'sent' as const, job: id, seq, stream }]),
    ]),
    // Not told yet, or told as unknown and known since.
    ...[...job.outcomes].flatMap(([item, outcome]): Entry[] =>
      told.has(outcome.image) ? [] : [{ t: 'outcome', at: last, job: id, item, outcome }],
    ),
  ];
}

import type { Entry } from '../domain/audit.ts';
import { KEEP_S } from '../domain/due.ts';
import { NewerError } from '../domain/error.ts';
import { RunId } from '../domain/ids.ts';
import { type Remembered, recall } from '../domain/recall.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { Hold, PostedCard } from '../ports.ts';
import type { Recalling } from './recall.ts';
import type { AuditBack } from './recall-audit.ts';
import type { PutBack } from './recall-news.ts';

/**
 * Whether Redis has less of a run than somebody remembers: not each change of one goes into the audit, and a bot that died
 * while it put back may have left some out.
 */
export async function isOlder(
  recalling: Pick<Recalling, 'clock' | 'log'>,
  hold: Hold,
  remembered: ReadonlyMap<RunId, Remembered>,
): Promise<boolean> {
  const since = recalling.clock() - KEEP_S * 1_000;
  for (const [id, { run }] of remembered) {
    if (run.createdAt < since) continue;
    const stored = await storedOf(recalling, hold, id);
    if (stored !== 'newer' && (stored?.rev ?? -1) < run.rev) return true;
  }
  return false;
}

/**
 * After which entry the audit may have more of a run than Redis and whoever remembers it: the entries that are put back, and
 * those since a run was remembered. Outcomes that were left out on a card may be anywhere.
 */
export async function knownSince(
  recalling: Pick<Recalling, 'clock' | 'log'>,
  hold: Hold,
  remembered: ReadonlyMap<RunId, Remembered>,
  from: number,
): Promise<number> {
  let since = from;
  for (const [id, { run, short }] of remembered) {
    if (since === 0) break;
    const at = short ? 0 : (run.audit?.n ?? 0);
    if (at >= since) continue;
    const stored = await storedOf(recalling, hold, id);
    if (stored !== 'newer' && (stored?.rev ?? -1) < run.rev) since = at;
  }
  return since;
}

/** Puts back each run that Redis has less of than somebody knows. */
export async function putBackRuns(
  recalling: Pick<Recalling, 'clock' | 'log' | 'plans'>,
  hold: Hold,
  remembered: ReadonlyMap<RunId, Remembered>,
  cards: readonly PostedCard[],
  { byRun, runs, recalled }: AuditBack,
): Promise<PutBack> {
  const done: PutBack = { changed: [], quiet: 0, gone: [] };
  const ids = new Set([...remembered.keys(), ...runs]);
  for (const id of [...ids].sort((a, b) => a - b)) {
    const stored = await storedOf(recalling, hold, id);
    if (stored === 'newer') continue;
    const one = remembered.get(id) ?? null;
    const back = recall(stored, one, byRun.get(id) ?? [], recalling.clock());
    if (!back) {
      if (!stored && !isOver(byRun.get(id))) done.gone.push(id);
      // By an attempt that was broken off.
      if (stored && recalled.has(id)) done.changed.push(stored);
      continue;
    }
    const told = back.facts.length > 0;
    // Its card may be there though nobody remembers that.
    await hold.posted(back.run);
    // A card that was too large to be carried along says more than what is left of it.
    const says = one?.short && isFinal(one.run.state);
    await hold.put(back.run, stored, back.facts, !says && (told || hasOldCard(back.run, cards)));
    // Before others push them out: without them nobody sees which images it was about.
    for (const plan of (await recalling.plans?.plans(back.run))?.values() ?? [])
      await recalling.plans?.savePlan(id, plan, true);
    if (told) done.changed.push(back.run);
    else done.quiet++;
  }
  await hold.over([...runs].filter((id) => !remembered.has(id) && isOver(byRun.get(id))));
  const shown = new Set(cards.filter(({ state }) => OPEN.has(state)).map(({ number }) => number));
  for (const number of shown) {
    const id = RunId.parse(number);
    if (!ids.has(id) && !(await storedOf(recalling, hold, id))) done.gone.push(id);
  }
  return done;
}

// --- internal ---

/** One that a newer version wrote is there, and is left alone: what this version knows of it is older. */
async function storedOf(
  { log }: Pick<Recalling, 'log'>,
  hold: Hold,
  run: RunId,
): Promise<Run | 'newer' | null> {
  try {
    return await hold.load(run);
  } catch (error) {
    if (!(error instanceof NewerError)) throw error;
    log.warn('a run was written by a newer dimg, and is left as it is in Redis', { run });
    return 'newer';
  }
}

/** Whether its card does not show yet how it is. */
function hasOldCard(run: Run, cards: readonly PostedCard[]): boolean {
  const own = cards.filter(({ number, channel }) => number === run.id && channel === run.channel);
  // One that is nowhere seen was taken away by somebody, or is further back than it is looked.
  if (own.length === 0) return !run.card;
  return own.every(({ remembered, state }) =>
    remembered ? remembered.run.rev < run.rev : state !== run.state,
  );
}

const OPEN: ReadonlySet<string> = new Set<Run['state']>(['planning', 'proposed', 'executing']);

const isOver = (entries: readonly Entry[] = []): boolean => entries.some(({ kind }) => kind === 'ended');

import type { Entry, Head } from '../domain/audit.ts';
import type { RunId } from '../domain/ids.ts';
import type { Begun, Hold, Kept } from '../ports.ts';
import type { Recalling } from './recall.ts';
import { type Claim, entriesAfter } from './recall-sources.ts';

/** What of the audit is put back, by this attempt and by those before that were broken off. */
export interface AuditBack {
  /** Each run's entries, as far as any are read. */
  byRun: ReadonlyMap<RunId, readonly Entry[]>;
  /** Runs with entries that Redis did not have. */
  runs: ReadonlySet<RunId>;
  /** How many entries are back from the mirror. */
  entries: number;
  /** Entries that nobody has, from and to. */
  lost: { from: number; to: number; vouched: string[] } | null;
  /** Runs that are put back, and of which people are to be told. */
  recalled: ReadonlySet<RunId>;
}

const PAGE = 500;

/**
 * Whole entries where the mirror has them; else the audit goes on, and says from where. Resolves to the last one that came
 * from the mirror; `null` where none did.
 */
export async function putBackAudit(
  { mirror, clock, log }: Pick<Recalling, 'mirror' | 'clock' | 'log'>,
  hold: Hold,
  kept: Kept,
  known: { claims: readonly Claim[]; number: RunId; mirrored: Head | null },
): Promise<number | null> {
  let head: Head = kept.head;
  const hasMore = known.mirrored !== null && known.mirrored.n > head.n;
  const found = mirror && hasMore ? await entriesAfter(mirror, head) : [];
  if ((mirror && !known.mirrored) || !found)
    log.error('the audit’s mirror is not what it was, or goes another way than Redis', undefined);
  for (let i = 0; found && i < found.length; i += PAGE) {
    const page = found.slice(i, i + PAGE);
    const last = page.at(-1)?.entry;
    if (last) head = { n: last.n, hash: last.hash };
    await hold.entries(
      page.map(({ entry, text }) => ({ n: entry.n, text })),
      head,
    );
  }
  const top = known.claims.reduce<Claim | null>((most, one) => (one.n > (most?.n ?? 0) ? one : most), null);
  if (top && top.n > Math.max(head.n, kept.last)) {
    const who = known.claims.filter(({ n, hash }) => n === top.n && hash === top.hash).map((one) => one.who);
    const vouched = [...new Set(who)].slice(0, 10);
    await hold.goOnFrom(top, { at: clock(), run: known.number, kind: 'lost', from: head.n + 1, vouched });
  }
  return found?.at(-1)?.entry.n ?? null;
}

/** What the audit says of that, once its own entries are back. */
export function auditBack(told: readonly Entry[], { from, mirrored }: Begun): AuditBack {
  // What is lost names a run, and is not about it.
  const about = told.filter(({ kind }) => kind !== 'lost');
  const byRun = new Map<RunId, Entry[]>();
  for (const entry of about) {
    const before = byRun.get(entry.run);
    if (before) before.push(entry);
    else byRun.set(entry.run, [entry]);
  }
  const anew = told.filter(({ n }) => n > mirrored);
  const lost = anew.filter(({ kind }) => kind === 'lost');
  const [first, last] = [lost[0], lost.at(-1)];
  return {
    byRun,
    runs: new Set(about.filter(({ n }) => n > from).map(({ run }) => run)),
    entries: told.filter(({ n }) => n > from && n <= mirrored).length,
    lost: first && last ? { from: first.from ?? first.n, to: last.n - 1, vouched: last.vouched ?? [] } : null,
    recalled: new Set(anew.filter(({ kind }) => kind === 'recalled').map(({ run }) => run)),
  };
}

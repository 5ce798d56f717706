import type { Entry, Head } from '../domain/audit.ts';
import { RunId } from '../domain/ids.ts';
import type { Hold, Kept, Memory } from '../ports.ts';
import type { Recalling } from './recall.ts';
import { newsOf } from './recall-news.ts';
import { isOlder, putBackRuns } from './recall-runs.ts';
import {
  type Claim,
  claimsOf,
  entriesAfter,
  type FromSlack,
  highest,
  newest,
  readMirror,
  readSlack,
  wordsOf,
} from './recall-sources.ts';

/** Other bots look every second. */
const BOTS_MS = 1_500;
/** A heartbeat comes every 15 s. */
const HOSTS_MS = 20_000;
const LOOK_MS = 500;
const PAGE = 500;

/** Finds out what Redis lost, puts back what is known, and says that it is whole. Rejects where it can't be known yet. */
export async function putBack(recalling: Recalling, hold: Hold): Promise<void> {
  const { keeping, log, mirror } = recalling;
  const own = keeping.memory();
  let kept = await keeping.look();
  // What an emptied Redis has of hosts they have told since.
  const since = isEmpty(kept) ? 0 : recalling.clock();
  const until = recalling.clock() + (recalling.hostsMs ?? HOSTS_MS);
  const isKnown = own.run > 0 || own.head.n > 0;
  // Where there was nothing before, as when all of it starts for the first time, there is nobody to wait for.
  const isNew = isEmpty(kept) && !isAnythingKnown(own, kept, [], null);
  if (!isNew) kept = await afterOthers(recalling);
  if (
    isKnown &&
    !isEmpty(kept) &&
    !isBehind(kept, claimsOf(own, kept, [], null), highest(own, kept, [], 0)) &&
    !(await isOlder(recalling, hold, newest([own, ...kept.bots], [])))
  ) {
    await hold.whole(null);
    return log.info('Redis was started anew, and has all that is known');
  }
  const slack = await readSlack(
    recalling.posted,
    await channelsOf(recalling, own, kept),
    recalling.configured ?? [],
  );
  const mirrored = await readMirror(mirror);
  if (isNew && isAnythingKnown(own, kept, slack.cards, mirrored)) kept = await afterOthers(recalling);
  const behind = () =>
    isBehind(
      kept,
      claimsOf(own, kept, slack.cards, mirrored),
      highest(own, kept, slack.cards, mirrored?.run ?? 0),
    );
  // What Slack does not show, hosts may know.
  if (behind() || slack.unread.length > 0) {
    log.warn('Redis may have lost something: hosts are waited for', { unread: slack.unread.map(wordsOf) });
    kept = await afterHosts(recalling, { since, until }, own, slack);
  }
  if (!behind() && !(await isOlder(recalling, hold, newest([own, ...kept.bots], slack.cards)))) {
    await hold.whole(null);
    return log.info('Redis has all that is known');
  }
  const number = highest(own, kept, slack.cards, mirrored?.run ?? 0);
  // First of all: whatever goes wrong below, no number comes twice.
  await hold.number(number);
  const audit = await putBackAudit(recalling, hold, kept, {
    claims: claimsOf(own, kept, slack.cards, mirrored),
    number: RunId.parse(Math.max(1, number)),
    isMirrored: mirrored !== null,
  });
  const runs = await putBackRuns(recalling, hold, [own, ...kept.bots], slack, audit.entries);
  const news = newsOf(recalling, { audit, runs, slack, number });
  await hold.whole(news);
  log.warn('what Redis lost is put back', { lines: news?.lines ?? [] });
}

export interface AuditBack {
  entries: Entry[];
  /** Entries that nobody has, from and to. */
  lost: { from: number; to: number; vouched: string[] } | null;
}

// --- internal ---

const isEmpty = ({ head, last, run }: Kept): boolean => head.n === 0 && last === 0 && run === 0;

const isAnythingKnown = (
  own: Memory,
  kept: Kept,
  cards: FromSlack['cards'],
  mirrored: Awaited<ReturnType<typeof readMirror>>,
): boolean =>
  claimsOf(own, kept, cards, mirrored).length > 0 || highest(own, kept, cards, mirrored?.run ?? 0) > 0;

function isBehind(kept: Kept, claims: readonly Claim[], number: number): boolean {
  const last = Math.max(kept.head.n, kept.last);
  return number > kept.run || claims.some(({ n }) => n > last);
}

/** Not each change of a run is in the audit or on its card: what other bots remember is waited for. */
async function afterOthers({ keeping, sleep, botsMs = BOTS_MS }: Recalling): Promise<Kept> {
  await sleep(botsMs);
  return keeping.look();
}

/** Waits until every host that is known of was heard again, or long enough for those that live. */
async function afterHosts(
  { keeping, sleep, clock }: Recalling,
  { since, until }: { since: number; until: number },
  own: Memory,
  slack: FromSlack,
): Promise<Kept> {
  for (;;) {
    const kept = await keeping.look();
    const runs = [...newest([own, ...kept.bots], slack.cards).values()];
    const expected = new Set([
      ...runs.flatMap(({ run }) => Object.keys(run.hosts)),
      ...kept.known.keys(),
      ...kept.seen.keys(),
    ]);
    const heard = [...expected].every((host) => (kept.seen.get(host) ?? -1) >= since);
    if (clock() >= until || (expected.size > 0 && heard && slack.unread.length === 0)) return kept;
    await sleep(LOOK_MS);
  }
}

async function channelsOf(recalling: Recalling, own: Memory, kept: Kept): Promise<string[]> {
  const remembered = [own, ...kept.bots].flatMap(({ runs }) => runs.map(({ channel }) => channel));
  const { auditChannel } = recalling;
  return [
    ...new Set([
      ...(await recalling.channels()),
      ...remembered,
      ...(auditChannel === undefined ? [] : [auditChannel]),
    ]),
  ];
}

/** Whole entries where the mirror has them; else the audit goes on, and says from where. */
async function putBackAudit(
  { mirror, clock, log }: Recalling,
  hold: Hold,
  kept: Kept,
  known: { claims: readonly Claim[]; number: RunId; isMirrored: boolean },
): Promise<AuditBack> {
  let head: Head = kept.head;
  const found = mirror && known.isMirrored ? await entriesAfter(mirror, head) : null;
  if (mirror && !found)
    log.error('the audit’s mirror is not what it was, or goes another way than Redis', undefined);
  const entries = (found ?? []).map(({ entry }) => entry);
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
  if (!top || top.n <= Math.max(head.n, kept.last)) return { entries, lost: null };
  const who = known.claims.filter(({ n, hash }) => n === top.n && hash === top.hash).map((one) => one.who);
  const lost = { from: head.n + 1, to: top.n, vouched: [...new Set(who)].slice(0, 10) };
  const { from, vouched } = lost;
  await hold.goOnFrom(top, { at: clock(), run: known.number, kind: 'lost', from, vouched });
  return { entries, lost };
}

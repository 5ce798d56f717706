import { RunId } from '../domain/ids.ts';
import type { Remembered } from '../domain/recall.ts';
import type { Hold, Kept, Memory } from '../ports.ts';
import type { Recalling } from './recall.ts';
import { auditBack, putBackAudit } from './recall-audit.ts';
import { newsOf } from './recall-news.ts';
import { isOlder, knownSince, putBackRuns } from './recall-runs.ts';
import {
  type Claim,
  claimsOf,
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

/** Finds out what Redis lost, puts back what is known, and says that it is whole. Rejects where it can't be known yet. */
export async function putBack(recalling: Recalling, hold: Hold): Promise<void> {
  const { keeping, log, mirror } = recalling;
  const own = keeping.memory();
  let kept = await keeping.look();
  // What an emptied Redis has of hosts they have told since.
  const heardSince = isEmpty(kept) ? 0 : recalling.clock();
  const until = recalling.clock() + (recalling.hostsMs ?? HOSTS_MS);
  const isBegun = await hold.isBegun();
  const isKnown = own.run > 0 || own.head.n > 0;
  // Where there was nothing before, as when all of it starts for the first time, there is nobody to wait for.
  const isNew = isEmpty(kept) && !isAnythingKnown(own, kept, [], null);
  if (!isNew) kept = await afterOthers(recalling);
  if (
    !isBegun &&
    isKnown &&
    !isEmpty(kept) &&
    !isBehind(kept, claimsOf(own, kept, [], null), highest(own, kept, [], 0)) &&
    !(await isOlder(recalling, hold, newest([own, ...kept.bots], [])))
  ) {
    await allIsThere(recalling, hold, newest([own, ...kept.bots], []));
    return log.info('Redis was started anew, and has all that is known');
  }
  const slack = await readSlack(
    recalling.posted,
    await channelsOf(recalling, own, kept),
    recalling.configured ?? [],
  );
  const mirrored = await readMirror(mirror);
  // Meanwhile others may have told something.
  if (isNew) kept = await keeping.look();
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
    kept = await afterHosts(recalling, { since: heardSince, until }, own, slack);
  }
  const known = newest([own, ...kept.bots], slack.cards);
  if (!isBegun && !behind() && !(await isOlder(recalling, hold, known))) {
    await allIsThere(recalling, hold, known);
    return log.info('Redis has all that is known');
  }
  const number = highest(own, kept, slack.cards, mirrored?.run ?? 0);
  const begun = await hold.begin(kept.head.n);
  // First of all: whatever goes wrong below, no number comes twice.
  await hold.number(number);
  const last = await putBackAudit(recalling, hold, kept, {
    claims: claimsOf(own, kept, slack.cards, mirrored),
    number: RunId.parse(Math.max(1, number)),
    mirrored: mirrored?.last ?? null,
  });
  const remembered = newest([own, ...kept.bots], slack.cards);
  const since = await knownSince(recalling, hold, remembered, begun.from);
  const back = auditBack(await hold.told(since), { ...begun, mirrored: last ?? begun.mirrored });
  const runs = await putBackRuns(recalling, hold, remembered, slack.cards, back);
  const news = newsOf(recalling, { audit: back, runs, slack, number });
  await hold.whole(news);
  log.warn('what Redis lost is put back', { lines: news?.lines ?? [] });
}

// --- internal ---

/**
 * Redis has all runs and entries as they were last. A copy from a moment ago may still not know what was posted of them
 * since: that is looked for before it is posted again.
 */
async function allIsThere(
  { clock }: Recalling,
  hold: Hold,
  known: ReadonlyMap<RunId, Remembered>,
): Promise<void> {
  for (const { run } of known.values())
    if (clock() - (run.endedAt ?? run.createdAt) < RECENT_MS) await hold.posted(run);
  await hold.whole(null);
}

/** Of what was over earlier nothing more is posted. */
const RECENT_MS = 86_400_000;

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

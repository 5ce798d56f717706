import { setTimeout as sleep } from 'node:timers/promises';
import { renderMessage } from '../../playground/slack/index.ts';
import { NO_HEAD, type RawHead, readAudit } from './audit.ts';
import { bears, openBoard } from './board.ts';
import { cardsSince, OPS } from './cards.ts';
import { type Evidence, isUntold, type StoredPart, type Touched, violations } from './checks.ts';
import { heal, type Snapshot as RedisSnapshot, strike, takeSnapshot } from './faults.ts';
import { empty, stock } from './images.ts';
import { type Laps, openLaps } from './laps.ts';
import type { openLogs } from './logs.ts';
import { play } from './people.ts';
import { type Fault, loses, type Schedule } from './schedule.ts';
import type { World } from './world.ts';

/** Everything is well again: a new command works within this. */
const WORKS_MS = 30_000;
/** Where Redis forgets, all hosts are waited for to be heard of. */
const RECALLED_MS = 60_000;
/** What waits for an agent to count as gone, a plan to count as unanswered or a proposal to expire has ended by then. */
const ENDS_MS = 110_000;
/** What is unknown is looked up within this, once everything is well and the card has ended. */
const KNOWN_MS = 25_000;
/** A phase that never comes is waited for no longer than this. */
const PHASE_MS = 4_000;

export interface RunOptions {
  strictUnknown: boolean;
}
export interface Happening {
  at: number;
  text: string;
}
export interface Result {
  schedule: Schedule;
  violations: string[];
  happenings: Happening[];
  ms: number;
  /** From the last fault's end to when every card had ended, milliseconds. */
  endedAfterMs: number;
  /** Cards that stayed unknown. */
  unknown: number;
  /** The state in which each card ended, and how many images the engines lost. */
  states: string[];
  deleted: number;
  laps: Laps;
}

/** What lasts from one schedule of a world to the next. */
export interface Thread {
  audit: RawHead;
  /** The highest number that a card has had. */
  highest: number;
  logs: ReturnType<typeof openLogs>;
  fallen: string[];
  note: (text: string) => void;
}
export const newThread = (logs: Thread['logs']): Thread => ({
  audit: NO_HEAD,
  highest: 0,
  logs,
  fallen: [],
  note: () => {},
});

/** One schedule in a world: commands and faults, then everything is healed and the promises are looked at. */
export async function runSchedule(
  world: World,
  thread: Thread,
  schedule: Schedule,
  { strictUnknown }: RunOptions,
): Promise<Result> {
  const begun = performance.now();
  const happenings: Happening[] = [];
  const { laps, end: lap } = openLaps();
  const note = (text: string) => void happenings.push({ at: Math.round(performance.now() - begun), text });
  thread.note = note;
  const { slack, hosts, engines } = world;

  await heal(world, schedule.bots, note);
  note('all parts are there');
  lap('parts');
  const ids = new Map(
    await Promise.all(
      hosts.map(async (host) => [host, await stock(docker(host), schedule.images[host] ?? [])] as const),
    ),
  );
  const before = await snapshots(world);
  const since = { history: slack.history.length, requests: world.requests.all.length, ms: Date.now() };
  const seen = new Map(hosts.map((host) => [host, engines.get(host)?.witness.events.length ?? 0]));
  const snapshot = loses(schedule) ? await takeSnapshot(world) : null;
  lap('images');

  const board = openBoard(slack, hosts);
  note('it begins');
  for (const host of hosts) world.lines.get(`agent ${host} to engine`)?.pace(schedule.pace[host] ?? 0);
  const touched = touchOnce(schedule, board, note, async ({ host, key }, name) => {
    const id = ids.get(host)?.[key] ?? '';
    await docker(host).getImage(id).tag({ repo: name, tag: '1' });
    return { host, id, name: `${name}:1`, at: Date.now() };
  });
  const people = play(slack, board, schedule, note);
  const busy = new Map<string, Promise<void>>();
  await Promise.all(
    schedule.faults.map(async (fault) => {
      const { of, phase, plus } = fault.when;
      if (of !== null) await Promise.race([people.phase(of, phase), sleep(PHASE_MS)]);
      await sleep(plus);
      // Faults on one part go one after the other.
      const part = placeOf(fault);
      const mine = (busy.get(part) ?? Promise.resolve()).then(() =>
        strike(world, fault, note, snapshot as RedisSnapshot | null),
      );
      busy.set(
        part,
        mine.catch(() => {}),
      );
      await mine;
    }),
  );
  lap('faults');
  await heal(world, schedule.bots, note);
  note('all is well again');
  lap('healing');
  const healed = performance.now();

  const probing = probe(world, schedule, board, note);
  const deadline = healed + ENDS_MS;
  let entries: Evidence['audit'] = [];
  for (;;) {
    ({ entries } = await readAudit(world.direct, thread.audit));
    const runs = entries.filter(({ kind }) => kind === 'requested').map(({ run }) => run);
    const cards = board.all();
    const ended =
      cards.every(({ final }) => final) && runs.every((run) => cards.some(({ number }) => number === run));
    if ((ended && people.idle()) || performance.now() > deadline) break;
    await sleep(60);
  }
  const endedAfterMs = Math.round(performance.now() - healed);
  note('every card has ended');
  lap('ends');
  const found = await probing;
  lap('a new command');
  // Rows that a card has no room for follow in its thread.
  const listed = () =>
    board.all().every((card) => !card.lines.some((line) => / in the thread/.test(line)) || thereIs(card));
  const thereIs = ({ channel, ts, state }: { channel: string; ts: string; state: string }) =>
    !/^(done|partial|failed|unknown|cancelled)$/.test(state) ||
    slack
      .thread(channel, ts)
      .some((message) => renderMessage(message).some((line) => line.includes('how it ended')));
  for (const end = performance.now() + KNOWN_MS; !listed() && performance.now() < end; ) await sleep(100);
  const doubtful = () =>
    board
      .all()
      .filter((card) => card.state === 'unknown' || card.rows.some(({ mark }) => mark === '?'))
      .filter((card) => !(loses(schedule) && isUntold(card)));
  if (strictUnknown)
    for (const end = performance.now() + KNOWN_MS; doubtful().length > 0 && performance.now() < end; )
      await sleep(100);
  lap('lists and doubts');
  await people.stop();
  if (schedule.linger > 0) note(`nobody does anything for ${schedule.linger} ms`);
  await sleep(schedule.linger);
  // What is still on its way to Slack or Redis.
  await sleep(strictUnknown && doubtful().length > 0 ? 0 : 150);
  board.close();
  note('people have left');
  lap('people');

  const after = await snapshots(world);
  const { entries: audit, broken, lost } = await readAudit(world.direct, thread.audit);
  const newest = audit.at(-1);
  if (newest) thread.audit = { n: newest.n, hash: newest.hash };
  const cards = cardsSince(slack, since.history, hosts);
  const evidence: Evidence = {
    ...{ schedule, hosts, before, after, cards, audit, lost, tried: people.tried, pressed: people.pressed },
    ...{ highest: thread.highest, touched },
    events: new Map(
      hosts.map((host) => [host, engines.get(host)?.witness.events.slice(seen.get(host)) ?? []] as const),
    ),
    starts: new Map(hosts.map((host) => [host, world.processes.get(`agent ${host}`)?.starts ?? []] as const)),
    requests: world.requests.all.slice(since.requests),
    stored: await storedRuns(
      world,
      cards.map(({ number }) => number),
    ),
    told: slack.history
      .slice(since.history)
      .flatMap((entry) =>
        entry.kind === 'message' && entry.message.ephemeral_to !== undefined
          ? [{ user: entry.message.ephemeral_to, at: entry.at, text: entry.message.text }]
          : [],
      ),
    said: slack.history
      .slice(since.history)
      .flatMap((entry) => (entry.kind === 'message' ? renderMessage(entry.message).join('\n') : [])),
  };
  thread.highest = Math.max(thread.highest, ...cards.map(({ number }) => number));
  found.push(...violations(evidence), ...broken, ...thread.logs.wrong(), ...thread.fallen.splice(0));
  const unknown = doubtful();
  if (strictUnknown)
    for (const { number, text } of unknown) found.push(`#${number} is still in doubt: ${text}`);
  if (found.length > 0)
    for (const card of cards)
      for (const version of card.versions.slice(-1)) note(version.lines.join('\n      '));
  lap('judging');
  await Promise.all(hosts.map((host) => empty(docker(host))));
  note('the engines are empty again');
  lap('emptying');
  return {
    laps,
    ...{ schedule, violations: [...new Set(found)], happenings, endedAfterMs, unknown: unknown.length },
    states: cards.flatMap(({ versions }) => versions.at(-1)?.state ?? []),
    deleted: hosts.reduce(
      (n, host) => n + (before.get(host)?.images.length ?? 0) - (after.get(host)?.images.length ?? 0),
      0,
    ),
    ms: Math.round(performance.now() - begun),
  };

  function docker(host: string) {
    const engine = engines.get(host);
    if (!engine) throw new Error(`There is no engine ${host}.`);
    return engine.docker;
  }
}

// --- internal ---

/** Somebody on the host gives a name to an image just when the plan is shown. Empty until the engine has answered. */
function touchOnce(
  { touch, commands, number }: Schedule,
  board: ReturnType<typeof openBoard>,
  note: (text: string) => void,
  tag: (which: { host: string; key: string }, name: string) => Promise<Touched>,
): Touched[] {
  const touched: Touched[] = [];
  let begun = false;
  board.onCard((card) => {
    if (begun || !touch || card.state !== 'proposed' || !bears(card, commands[touch.of]?.marker ?? ''))
      return;
    begun = true;
    tag(touch, `by-hand-${number}`).then(
      (one) => {
        touched.push(one);
        note(`somebody on ${one.host} names ${one.id.slice(7, 19)} ${one.name}`);
      },
      (error: Error) => note(`nobody could name an image: ${error.message}`),
    );
  });
  return touched;
}

const placeOf = (fault: Fault): string =>
  'part' in fault ? fault.part : 'line' in fault ? fault.line : 'disk' in fault ? fault.disk : fault.kind;

async function snapshots({ hosts, engines }: World): Promise<Evidence['before']> {
  return new Map(
    await Promise.all(
      hosts.map(async (host) => {
        const witness = engines.get(host)?.witness;
        if (!witness) throw new Error(`There is no engine ${host}.`);
        return [host, await witness.snapshot()] as const;
      }),
    ),
  );
}

/** 7: a plain new command works on every host, soon after all is well. */
async function probe(
  { slack, hosts }: World,
  schedule: Schedule,
  board: ReturnType<typeof openBoard>,
  note: (text: string) => void,
): Promise<string[]> {
  const { number } = schedule;
  const worksMs = loses(schedule) ? RECALLED_MS : WORKS_MS;
  const end = performance.now() + worksMs;
  let last = 'no card';
  for (let i = 0; performance.now() < end; i++) {
    const marker = `probe${number}x${i}`;
    const { error, message } = await slack.command({
      ...{ user: 'U0CY', channel: OPS, text: `prune all --dry-run --label!=${marker}` },
    });
    if (error === undefined && message === undefined) {
      const mine = () => board.all().find((card) => bears(card, marker));
      while (!mine()?.final && performance.now() < end) await sleep(50);
      const card = mine();
      last = card ? card.text : 'taken, and no card';
      const planned = (host: string) =>
        card?.lines.some((line) => line.startsWith(`${host} `) && /to go|nothing/.test(line));
      if (card && hosts.every(planned)) return [];
      if (card) last = card.lines.join(' / ');
    } else last = error ?? message?.text ?? '';
    note(`a plain new command: ${last.replaceAll('\n', ' ')}`);
    await sleep(500);
  }
  return [`a plain new command did not work within ${worksMs} ms: ${last}`];
}

async function storedRuns({ direct }: World, numbers: readonly number[]): Promise<Evidence['stored']> {
  const runs = new Map<number, StoredPart[]>();
  for (const number of new Set(numbers)) {
    const json = await direct.hget(`{dimg}:run:${number}`, 'json');
    if (json === null) continue;
    const run = JSON.parse(json) as {
      executingSince?: number;
      hosts: Record<string, { plan?: unknown; outcomes: { image: string }[] }>;
    };
    const plans = await direct.hgetall(`{dimg}:run:${number}:plans`);
    runs.set(
      number,
      Object.entries(run.hosts).map(([host, { plan, outcomes }]) => ({
        host,
        plan:
          plan && plans[host] !== undefined
            ? (JSON.parse(plans[host]).items as { image: string }[]).map(({ image }) => image)
            : null,
        outcomes: outcomes.map(({ image }) => image),
        executed: plan !== undefined && run.executingSince !== undefined,
      })),
    );
  }
  return runs;
}

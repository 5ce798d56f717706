import { objectionTo } from '../../agents/host/verify.ts';
import { lookAt } from '../../src/domain/due.ts';
import { jobId } from '../../src/domain/job-id.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { HostStatus, Report, ReportBody } from '../../src/domain/protocol.ts';
import { isFinal, type Run } from '../../src/domain/run.ts';
import { aHostStatus, anOutcome, HOST, NOW } from '../domain/_build.ts';
import {
  type Answer,
  type Call,
  type Flows,
  openFlows,
  openTables,
  type Place,
  type Task,
} from './_flows.ts';
import * as promises from './_promises.ts';
import { membersOf, type Press, type Scene, TICKS } from './_scene.ts';

/** Something a bot has in hand. */
export interface Hand {
  bot: number;
  place: number;
  /** Of a press that was looked up: whether that person was an approver at that instant; `null` before. */
  approver: boolean | null;
}

/** All there is, at one instant. Numbers of runs, jobs and reports are those of the tables. */
export interface World {
  tick: number;
  /** By run: as stored, when to be looked at, the plan beside it, whether a cancellation is asked for. */
  runs: readonly number[];
  due: readonly (number | null)[];
  saved: readonly (number | null)[];
  flags: readonly boolean[];
  hands: readonly Hand[];
  /** By run: the job in the queue, and what the agent has done of it. */
  jobs: readonly (number | null)[];
  work: readonly Work[];
  /** Whether the agent saw the cancellation, and left it. */
  skipped: readonly boolean[];
  /** Reports that no bot has finished with. */
  reports: readonly number[];
  approver: boolean;
  silent: boolean;
  epoch: number;
  left: {
    presses: readonly number[];
    crashes: number;
    jobs: number;
    reports: number;
    restarts: number;
    silences: number;
  };
}

/**
 * Of one job at the agent: not there, accepted, its deletion begun, reported. Where the agent was started anew in between
 * its journal has it: taken and not begun, or in doubt; and then told as left.
 */
export type Work = 'none' | 'refused' | 'accepted' | 'begun' | 'reported' | 'lost' | 'in doubt' | 'left';

export type Move =
  | { do: 'begin'; bot: number; task: Task }
  | { do: 'go'; bot: number; place: number }
  | { do: 'tick' }
  | { do: 'leave' }
  | { do: 'crash'; bot: number }
  | { do: 'take'; run: number }
  | { do: 'delete'; run: number }
  | { do: 'tell'; run: number }
  | { do: 'recover'; run: number }
  | { do: 'restart' }
  | { do: 'silence' }
  | { do: 'speak' };

/** Parts that a test may replace by ones that fail. */
export interface Guards {
  objectionTo: typeof objectionTo;
  /** Whether the agent takes an id that it took before. */
  takesTwice: boolean;
  /** Whether the store takes a run that was changed since it was read. */
  storesLate: boolean;
  /** Whether a bot is told which plan is kept, where another came first. */
  tellsKept: boolean;
}
const SOUND: Guards = { objectionTo, takesTwice: false, storesLate: false, tellsKept: true };
/** A time as near as this has come: a sweep is not far. */
const SOON_MS = 3_000;
const BOTS = [0, 1];

/** The scene as a state machine: what may happen next, and what becomes of it. */
export function openModel(scene: Scene, flows: Flows, guards: Partial<Guards> = {}) {
  const { objectionTo: object, takesTwice, storesLate, tellsKept } = { ...SOUND, ...guards };
  const tables = openTables();
  const parts = openFlows(flows, scene, tables);
  const now = (world: World): number => TICKS[world.tick] as number;
  const stored = (world: World, run: number): Run => tables.runs.valueOf(world.runs[run - 1] as number);
  const numbers = scene.runs.map(({ id }) => id as number);
  const shape = promises.openPromises(scene);
  /** Ports that wait for nobody, since nothing that they tell can change while a flow asks. */
  const waitsFor = ({ port }: Call): boolean =>
    port !== 'plans' && (port !== 'hosts' || scene.restarts + scene.silences > 0);

  function first(): World {
    const each = <T>(make: (run: Run, i: number) => T) => scene.runs.map(make);
    const planReports = each((run, i) =>
      run.state === 'planning'
        ? (scene.plans[i] ?? []).map((plan) =>
            reported(jobId('plan', run.id, HOST), 0, { kind: 'plan', plan }),
          )
        : [],
    );
    return {
      tick: 0,
      runs: each((run) => tables.runs.numberOf(run)),
      due: each((run) => lookAt(run, NOW)),
      saved: each((run, i) =>
        run.state === 'planning' ? null : tables.plans.numberOf(scene.plans[i]?.[0] as never),
      ),
      flags: each(() => false),
      hands: [],
      jobs: each(() => null),
      work: each(() => 'none' as const),
      skipped: each(() => false),
      reports: planReports.flat().sort((a, b) => a - b),
      approver: true,
      silent: false,
      epoch: 0,
      left: {
        presses: scene.presses.map(({ times = 1 }) => times),
        crashes: scene.crashes,
        ...scene.twice,
        restarts: scene.restarts,
        silences: scene.silences,
      },
    };
  }

  function reported(job: string, epoch: number, body: ReportBody): number {
    // Which of several reports it was says nothing to the bot.
    const report: Report = { v: 1, host: HOST, epoch: `epoch-${epoch + 1}`, job, seq: 1, body };
    return tables.reports.numberOf(report);
  }

  /** Equal for worlds that go on alike: a time that is near stays so, and a press on a run that is over is in vain. */
  function keyOf(world: World): string {
    const { left, hands, reports } = world;
    const soon = now(world) + SOON_MS;
    let key = `${world.tick}${world.epoch}${Number(world.approver)}${Number(world.silent)}`;
    for (let i = 0; i < world.runs.length; i++) {
      const due = world.due[i] as number | null;
      key += `|${world.runs[i]},${due !== null && due <= soon ? 0 : due},${world.saved[i]},${world.jobs[i]},${world.work[i]},${Number(world.flags[i])}${Number(world.skipped[i])}`;
    }
    key += '|';
    for (const { bot, place, approver } of hands)
      key += `${place}.${bot}${approver === null ? '' : Number(approver)},`;
    key += `|${reports.join()}|${left.crashes},${left.jobs},${left.reports},${left.restarts},${left.silences}|`;
    for (let i = 0; i < left.presses.length; i++) {
      const run = world.runs[(scene.presses[i] as Press).run - 1] as number;
      key += isFinal(tables.runs.valueOf(run).state) ? 0 : left.presses[i];
    }
    return key;
  }

  /** Everything that may happen now. With both bots idle only the first begins: which is which makes no difference. */
  function moves(world: World, lastTick = scene.ticks): Move[] {
    const found: Move[] = [];
    const { left, hands } = world;
    const held = new Set<number>();
    for (const { bot, place } of hands) {
      found.push({ do: 'go', bot, place });
      const { task } = parts.at(place);
      if (task.kind === 'report') held.add(task.report);
    }
    if (hands.length < scene.atOnce)
      for (const bot of hands.length === 0 ? [0] : BOTS) {
        left.presses.forEach((times, press) => {
          if (times > 0) found.push({ do: 'begin', bot, task: { kind: 'press', press } });
        });
        for (const report of new Set(world.reports))
          if (!held.has(report) || left.reports > 0)
            found.push({ do: 'begin', bot, task: { kind: 'report', report } });
        // A bot looks at one run after the other.
        const looks = hands.some((hand) => hand.bot === bot && parts.at(hand.place).task.kind === 'sweep');
        for (const run of looks ? [] : numbers)
          if ((world.due[run - 1] ?? Number.POSITIVE_INFINITY) <= now(world) + SOON_MS)
            found.push({ do: 'begin', bot, task: { kind: 'sweep', run } });
      }
    for (const run of numbers) {
      const work = world.work[run - 1];
      const again = work !== 'none' && left.jobs > 0;
      const busy = world.work.includes('accepted') || world.work.includes('begun');
      if (world.jobs[run - 1] !== null && !world.silent && !busy && (work === 'none' || again))
        found.push({ do: 'take', run });
      if (work === 'accepted') found.push({ do: 'delete', run });
      if (work === 'begun' && !world.silent) found.push({ do: 'tell', run });
      if ((work === 'lost' || work === 'in doubt') && !world.silent) found.push({ do: 'recover', run });
    }
    if (world.tick < lastTick) found.push({ do: 'tick' });
    if (world.approver && scene.leaves) found.push({ do: 'leave' });
    if (left.crashes > 0)
      for (const bot of BOTS) if (hands.some((hand) => hand.bot === bot)) found.push({ do: 'crash', bot });
    if (left.restarts > 0) found.push({ do: 'restart' });
    if (left.silences > 0 && !world.silent) found.push({ do: 'silence' });
    if (world.silent) found.push({ do: 'speak' });
    return found;
  }

  /** What becomes of the world by this move. Throws a `Broken` where a promise does not hold. */
  function after(world: World, move: Move): World | Promise<World> {
    const { left } = world;
    switch (move.do) {
      case 'begin':
        return begin(world, move.bot, move.task);
      case 'go': {
        const i = world.hands.findIndex(({ bot, place }) => bot === move.bot && place === move.place);
        const hand = world.hands[i] as Hand;
        const rest = world.hands.filter((_, j) => j !== i);
        return go({ ...world, hands: rest }, hand, parts.at(hand.place));
      }
      case 'tick':
        return { ...world, tick: world.tick + 1 };
      case 'leave':
        return { ...world, approver: false };
      case 'crash':
        return {
          ...world,
          hands: world.hands.filter(({ bot }) => bot !== move.bot),
          left: { ...left, crashes: left.crashes - 1 },
        };
      case 'take':
        return take(world, move.run);
      case 'delete':
        return carryOut(world, move.run);
      case 'tell':
        return told({ ...world, work: put(world.work, move.run, 'reported') }, done(world, move.run));
      case 'recover': {
        const work = world.work[move.run - 1] === 'in doubt' ? 'reported' : 'left';
        return told({ ...world, work: put(world.work, move.run, work) }, fromJournal(world, move.run, work));
      }
      case 'restart':
        return {
          ...world,
          epoch: world.epoch + 1,
          silent: false,
          work: world.work.map((work) =>
            work === 'accepted' ? 'lost' : work === 'begun' ? 'in doubt' : work,
          ),
          left: { ...left, restarts: left.restarts - 1 },
        };
      case 'silence':
        return { ...world, silent: true, left: { ...left, silences: left.silences - 1 } };
      case 'speak':
        return { ...world, silent: false };
    }
  }

  /** What is said of a job, by whichever start of the agent, is the word of the one that it was made for. */
  function saidOf(world: World, run: number, body: ReportBody): number {
    const job = jobOf(world, run);
    if (!job) throw new Error('there is no job');
    const report: Report = { v: 1, host: HOST, epoch: job.epoch, job: job.id, seq: 1, body };
    return tables.reports.numberOf(report);
  }

  function ended(world: World, run: number, outcome: 'deleted' | 'skipped', why?: Trouble): number[] {
    const image = jobOf(world, run)?.items[0]?.image as never;
    const one = { ...anOutcome('one', outcome), image, ...(why && { why }) };
    return [saidOf(world, run, { kind: 'outcomes', outcomes: [one] }), saidOf(world, run, END)];
  }
  const done = (world: World, run: number) => ended(world, run, 'deleted');

  /** What the journal has of a job that was taken before. */
  function fromJournal(world: World, run: number, work: Work): number[] {
    if (work === 'reported')
      return world.skipped[run - 1] ? ended(world, run, 'skipped', CANCELLED) : done(world, run);
    if (work === 'left') return ended(world, run, 'skipped', { kind: 'restarted' });
    return [saidOf(world, run, { kind: 'started' })];
  }

  function jobOf(world: World, run: number) {
    const number = world.jobs[run - 1];
    const job = typeof number === 'number' ? tables.jobs.valueOf(number) : null;
    return job?.kind === 'execute' ? job : null;
  }

  function begin(world: World, bot: number, task: Task): World | Promise<World> {
    let taken = world;
    if (task.kind === 'press')
      taken = {
        ...world,
        left: {
          ...world.left,
          presses: put(world.left.presses, task.press + 1, (world.left.presses[task.press] ?? 0) - 1),
        },
      };
    const isHeld = (hand: Hand) => {
      const other = parts.at(hand.place).task;
      return task.kind === 'report' && other.kind === 'report' && other.report === task.report;
    };
    if (world.hands.some(isHeld))
      taken = { ...taken, left: { ...taken.left, reports: taken.left.reports - 1 } };
    const place = parts.begin(task);
    const hand = (at: Place): Hand => ({ bot, place: at.id, approver: null });
    // That somebody pressed changes nothing before the first answer.
    const first = (at: Place) => (at.call ? go(taken, hand(at), at) : settled(taken, hand(at), at));
    return place instanceof Promise ? place.then(first) : first(place);
  }

  /** Answers what the flow waits for, and goes on to its next wait that others can make a difference to. */
  function go(world: World, hand: Hand, place: Place): World | Promise<World> {
    const call = place.call as Call;
    const [answered, answer, approver] = perform(world, hand, place.task, call);
    const next = parts.next(place, answer, now(world));
    const settle = (at: Place) => settled(answered, { ...hand, place: at.id, approver }, at);
    return next instanceof Promise ? next.then(settle) : settle(next);
  }

  function settled(world: World, hand: Hand, place: Place): World | Promise<World> {
    if (place.call && !waitsFor(place.call)) return go(world, hand, place);
    if (place.call) return { ...world, hands: [...world.hands, hand].sort(byPlace) };
    const { task } = place;
    if (task.kind === 'press') shape.answered(place);
    // Taken from the stream once its effect is stored.
    if (task.kind === 'report') return { ...world, reports: without(world.reports, task.report) };
    return world;
  }

  function perform(world: World, hand: Hand, task: Task, call: Call): [World, Answer, boolean | null] {
    const { approver } = hand;
    const done = [world, { token: '', value: undefined }, approver] as [World, Answer, boolean | null];
    switch (call.port) {
      case 'load':
        return [world, { token: String(world.runs[call.run - 1]), value: stored(world, call.run) }, approver];
      case 'group': {
        const members = membersOf(world.approver);
        const by = task.kind === 'press' ? scene.presses[task.press]?.by : undefined;
        return [
          world,
          { token: String(world.approver), value: members },
          by !== undefined && members.has(by),
        ];
      }
      case 'hosts':
        return [world, { token: `${world.silent} ${world.epoch}`, value: [statusOf(world)] }, approver];
      case 'plans': {
        const plan = world.saved[call.run - 1] ?? null;
        const has = plan !== null && stored(world, call.run).hosts[HOST]?.plan;
        return [
          world,
          { token: String(plan), value: new Map(has ? [[HOST, tables.plans.valueOf(plan)]] : []) },
          approver,
        ];
      }
      case 'send':
        return [send(world, call.job), done[1], approver];
      case 'savePlan': {
        const plan = world.saved[call.run - 1] ?? call.plan;
        return [
          { ...world, saved: put(world.saved, call.run, plan) },
          { token: String(plan), value: tables.plans.valueOf(tellsKept ? plan : call.plan) },
          approver,
        ];
      }
      case 'lookAgain': {
        const late = stored(world, call.run).rev !== call.rev;
        return [late ? world : { ...world, due: put(world.due, call.run, call.at) }, done[1], approver];
      }
      case 'commit': {
        const before = tables.runs.valueOf(call.before);
        const after = tables.runs.valueOf(call.after);
        const current = stored(world, before.id);
        if (current.rev !== before.rev && !storesLate)
          return [world, { token: 'late', value: null }, approver];
        shape.stored(current, after, tables.facts.valueOf(call.facts), {
          press: task.kind === 'press' ? (scene.presses[task.press] as Press) : null,
          approver,
          now: now(world),
          work: world.work[before.id - 1] as Work,
          plan: digestBeside(world, before.id),
        });
        const flagged = world.flags[before.id - 1] || (after.cancel !== undefined && !isFinal(after.state));
        return [
          {
            ...world,
            runs: put(world.runs, before.id, call.after),
            due: put(world.due, before.id, lookAt(after, now(world))),
            flags: put(world.flags, before.id, flagged),
          },
          { token: String(call.after), value: after },
          approver,
        ];
      }
    }
  }

  const statusOf = (world: World): HostStatus =>
    aHostStatus(HOST, {
      epoch: `epoch-${world.epoch + 1}`,
      seenAt: now(world) - (world.silent ? 60_000 : 0),
    });

  function digestBeside(world: World, run: number): string | null {
    const plan = world.saved[run - 1] ?? null;
    return plan === null ? null : tables.plans.valueOf(plan).digest;
  }

  /** An id is queued once. */
  function send(world: World, number: number): World {
    const job = tables.jobs.valueOf(number);
    const run = job.kind === 'execute' ? (job.run as number) : 0;
    if (run === 0) throw new Error(`no flow of these scenes sends a job of the kind ${job.kind}`);
    return world.jobs[run - 1] === null ? { ...world, jobs: put(world.jobs, run, number) } : world;
  }

  function take(world: World, run: number): World {
    const job = jobOf(world, run);
    if (!job) throw new Error('there is no job');
    const known = world.work[run - 1] !== 'none';
    const left = known ? { ...world.left, jobs: world.left.jobs - 1 } : world.left;
    // Taken before: it is answered from the journal.
    const work = world.work[run - 1] as Work;
    if (ACCEPTED.has(work) && !takesTwice) return told({ ...world, left }, fromJournal(world, run, work));
    const epoch = `epoch-${world.epoch + 1}`;
    const why = object(job, { host: HOST, epoch }, now(world));
    // A refused job has left the queue, and its id was not accepted.
    if (why) {
      const refused = told({ ...world, left }, [reported(job.id, world.epoch, { kind: 'refused', why })]);
      return known ? refused : { ...refused, work: put(world.work, run, 'refused') };
    }
    shape.accepted(job, epoch, now(world), world.work[run - 1] as Work);
    return told({ ...world, left, work: put(world.work, run, 'accepted') }, [
      saidOf(world, run, { kind: 'started' }),
    ]);
  }

  function carryOut(world: World, run: number): World {
    const job = jobOf(world, run);
    if (!job) throw new Error('there is no job');
    const skipped = world.flags[run - 1] === true;
    if (skipped) {
      const skippedBy = { ...world, skipped: put(world.skipped, run, true) };
      return told(
        { ...skippedBy, work: put(world.work, run, 'reported') },
        ended(world, run, 'skipped', CANCELLED),
      );
    }
    shape.begun(stored(world, run), job);
    return { ...world, work: put(world.work, run, 'begun') };
  }

  const told = (world: World, reports: readonly number[]): World => ({
    ...world,
    reports: [...new Set([...world.reports, ...reports])].sort((a, b) => a - b),
  });

  return { scene, tables, parts, first, keyOf, moves, after, stored, now, jobOf, waitsFor };
}
export type Model = ReturnType<typeof openModel>;

// --- internal ---

const END: ReportBody = { kind: 'finished', tookMs: 1, before: null, after: null, raced: [] };

const CANCELLED: Trouble = { kind: 'cancelled' };

const ACCEPTED: ReadonlySet<Work> = new Set(['accepted', 'begun', 'reported', 'lost', 'in doubt', 'left']);

const byPlace = (a: Hand, b: Hand): number => a.place - b.place || a.bot - b.bot;

function put<T>(list: readonly T[], run: number, value: T): T[] {
  const copy = [...list];
  copy[run - 1] = value;
  return copy;
}

function without(list: readonly number[], one: number): number[] {
  const i = list.indexOf(one);
  return i < 0 ? [...list] : [...list.slice(0, i), ...list.slice(i + 1)];
}

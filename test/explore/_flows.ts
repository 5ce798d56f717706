import type { Fact } from '../../src/domain/audit.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { HostStatus, Job, Report } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import type * as Decide from '../../src/flows/decide.ts';
import type * as ReportFlow from '../../src/flows/report.ts';
import type * as Sweep from '../../src/flows/sweep.ts';
import { aPolicy, runId } from '../domain/_build.ts';
import { openTable } from './_intern.ts';
import { type Press, type Scene, SRE } from './_scene.ts';

/** The production flows that are explored, or ones that were broken on purpose. */
export interface Flows {
  decide: typeof Decide.decide;
  report: typeof ReportFlow.report;
  sweep: typeof Sweep.sweep;
}

/** What a bot has in hand: a press, a report or a look at a run whose time has come. */
export type Task =
  | { kind: 'press'; press: number }
  | { kind: 'report'; report: number }
  | { kind: 'sweep'; run: number };

/** What a flow waits for: one call of a port, with its arguments as numbers of the tables. */
export type Call =
  | { port: 'load'; run: number }
  | { port: 'commit'; before: number; after: number; facts: number }
  | { port: 'group' }
  | { port: 'hosts' }
  | { port: 'plans'; run: number }
  | { port: 'send'; job: number }
  | { port: 'savePlan'; run: number; plan: number }
  | { port: 'lookAgain'; run: number; rev: number; at: number | null };

/** `token` tells answers apart; `value` is what the port resolves to. */
export interface Answer {
  token: string;
  value: unknown;
}

interface Past {
  call: Call;
  answer: Answer;
  now: number;
}

/** A flow between two of its awaits; `call` is null once it is over. */
export interface Place {
  id: number;
  task: Task;
  call: Call | null;
  /** Over: whether the person was told something alone. */
  told: boolean;
  past: readonly Past[];
  /** Another way to here, by which it is checked that what was left out makes no difference. */
  other: readonly Past[] | null;
}

export function openTables() {
  return {
    runs: openTable<Run>(),
    facts: openTable<readonly Fact[]>(),
    jobs: openTable<Job>(),
    plans: openTable<Plan>(),
    reports: openTable<Report>(),
  };
}
export type Tables = ReturnType<typeof openTables>;

const nothing = async () => undefined;

/** Deps whose ports ask `answer`, but for those that no other actor of a scene can influence. */
export function depsOf(
  tables: Tables,
  clock: () => number,
  due: number | null,
  answer: (call: Call) => Promise<unknown>,
): Deps {
  const asked = new Proxy({}, { get: () => nothing });
  return {
    runs: {
      load: (id: number) => answer({ port: 'load', run: id }),
      async commit(before: Run, after: Run, facts: readonly Fact[]) {
        const stored = { ...after, rev: before.rev + 1 };
        const taken = await answer({
          port: 'commit',
          before: tables.runs.numberOf(before),
          after: tables.runs.numberOf(stored),
          facts: tables.facts.numberOf(facts),
        });
        return taken && stored;
      },
      savePlan: (id: number, plan: Plan) =>
        answer({ port: 'savePlan', run: id, plan: tables.plans.numberOf(plan) }),
      lookAgain: ({ id, rev }: Run, at: number | null) => answer({ port: 'lookAgain', run: id, rev, at }),
      plans: ({ id }: Run) => answer({ port: 'plans', run: id }),
      due: async () => (due === null ? [] : [runId(due)]),
      open: async () => [],
      // However long it has: what a moment of grace keeps back is a sweep that does not happen.
      since: async () => 0,
    } as unknown as Deps['runs'],
    cards: { once: async () => true, claim: async () => nothing } as unknown as Deps['cards'],
    audit: asked as Deps['audit'],
    asks: { due: async () => [] } as unknown as Deps['asks'],
    hosts: { list: () => answer({ port: 'hosts' }) as Promise<HostStatus[]> },
    jobs: {
      send: (job) => answer({ port: 'send', job: tables.jobs.numberOf(job) }) as Promise<void>,
      again: asked as never,
    },
    people: {
      stranger: async () => null,
      inGroup: () => answer({ port: 'group' }) as Promise<ReadonlySet<string>>,
    },
    postedHeads: { in: async () => ({ heads: [] }) },
    mirror: null,
    auditChannel: undefined,
    voice: asked as Deps['voice'],
    log: { info() {}, warn() {}, error() {} },
    clock,
    commands: new Map(),
    rights: { approvers: [SRE], access: [] },
    groups: {},
    policy: aPolicy(),
    aside: () => {},
    newId: () => 'new',
  };
}

/** Starts the flow of a task; resolves to whether a person was told something alone. */
export async function perform(
  flows: Flows,
  scene: Scene,
  tables: Tables,
  task: Task,
  deps: Deps,
): Promise<boolean> {
  switch (task.kind) {
    case 'press': {
      const { run, by, verb } = scene.presses[task.press] as Press;
      const pressed = {
        run: runId(run),
        verb,
        user: by,
        team: 'T1',
        via: 'button',
        delivery: 'one',
      } as const;
      return (await flows.decide(deps, pressed)) !== null;
    }
    case 'report':
      await flows.report(deps, tables.reports.valueOf(task.report));
      return false;
    case 'sweep':
      await flows.sweep(deps);
      return false;
  }
}

/**
 * The production flows as state machines: a place is what a flow was answered so far. To go on from a place
 * the flow is run again from its start with the same answers and one more, once for each place and answer.
 */
export function openFlows(flows: Flows, scene: Scene, tables: Tables) {
  const places = new Map<string, Place>();
  const byId: Place[] = [];
  const nexts = new Map<string, Place | Promise<Place>>();

  async function play(task: Task, past: readonly Past[]): Promise<Place> {
    let calls = 0;
    let now = past[0]?.now ?? 0;
    let call: Call | null = null;
    const deps = depsOf(
      tables,
      () => now,
      task.kind === 'sweep' ? task.run : null,
      (asked) => {
        const known = past[calls++];
        if (known) {
          now = known.now;
          return Promise.resolve(known.answer.value);
        }
        if (call) throw new Error('A flow makes two calls at once: the explorer follows one.');
        call = asked;
        return new Promise(() => undefined);
      },
    );
    let told = false;
    let failed: unknown;
    perform(flows, scene, tables, task, deps).then(
      (value) => {
        told = value;
      },
      (error) => {
        failed = error;
      },
    );
    await new Promise(setImmediate);
    if (failed) throw failed;
    return placed({ id: 0, task, call, told, past, other: null });
  }

  function placed(place: Place): Place {
    const key = JSON.stringify([place.task, place.call, place.told, whatMatters(place)]);
    const known = places.get(key);
    if (known) {
      known.other = place.past;
      return known;
    }
    const made = { ...place, id: byId.length };
    places.set(key, made);
    byId.push(made);
    return made;
  }

  return {
    at: (id: number): Place => byId[id] as Place,
    get size() {
      return byId.length;
    },
    begin(task: Task): Place | Promise<Place> {
      const key = `${task.kind} ${Object.values(task)[1]}`;
      const known = nexts.get(key);
      if (known) return known;
      const made = play(task, []).then((place) => {
        nexts.set(key, place);
        return place;
      });
      nexts.set(key, made);
      return made;
    },
    /** Where a flow gets when its call is answered at this time. */
    next(from: Place, answer: Answer, now: number): Place | Promise<Place> {
      const key = `${from.id} ${now} ${answer.token}`;
      const known = nexts.get(key);
      if (known) return known;
      const step = { call: from.call as Call, answer, now };
      const made = play(from.task, [...from.past, step]).then(async (place) => {
        if (from.other && (await play(from.task, [...from.other, step])) !== place)
          throw new Error('Two ways to one place go on differently: more of the past matters.');
        nexts.set(key, place);
        return place;
      });
      nexts.set(key, made);
      return made;
    },
  };
}

// --- internal ---

/**
 * Of all that a flow was answered, what can still make a difference. `advance` begins anew after a commit
 * that came late; what it read is in what it stored; and times count where a flow reads the clock.
 */
function whatMatters({ task, call, past }: Place): unknown[] {
  if (call === null) return [];
  const kept: unknown[] = [];
  for (let i = 0; i < past.length; i++) {
    const { call: asked, answer, now } = past[i] as Past;
    const { token } = answer;
    if (asked.port === 'load' && i === 0) {
      if (task.kind === 'sweep') kept.push([token, now]);
      else if ((past[1]?.call ?? call).port !== 'group') kept.push(now);
    } else if (asked.port === 'load') {
      let end = i + 1;
      while (past[end]?.call.port === 'plans') end++;
      if (past[end]?.call.port === 'commit') i = end - 1;
      else kept.push(token);
    } else if (asked.port === 'commit') {
      if (answer.value !== null) kept.push(`stored ${token}`);
    } else if (asked.port === 'group') {
      // Before the last look-up of a press nothing has happened yet.
      if (call.port !== 'group') kept.push(now);
    } else if (asked.port !== 'lookAgain') kept.push([asked.port, token, now]);
  }
  return kept;
}

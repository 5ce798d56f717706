import type { Patch } from './patched.ts';
import type { Drawing, Fault, Kind } from './schedule.ts';

export interface Sabotage {
  name: string;
  /** The guard that is taken away. */
  guard: string;
  patches: readonly Patch[];
  /** Faults that reach it; the usual ones where absent. */
  kinds?: readonly Kind[];
  /** What is drawn more often, so that it is reached soon. */
  drawing?: Pick<Drawing, 'aim' | 'late' | 'linger' | 'asks'>;
}

/** An agent that is away when its host is to begin. */
const awayAtStart = (fault: Fault): boolean =>
  fault.kind === 'kill' &&
  fault.part.startsWith('agent') &&
  fault.when.of !== null &&
  fault.when.phase === 'shown' &&
  fault.forMs > 400;
/** One that counts as lost in the middle. */
const awayForLong = (fault: Fault): boolean =>
  (fault.kind === 'kill' || fault.kind === 'pause') &&
  fault.part.startsWith('agent') &&
  fault.forMs >= 50_000 &&
  fault.when.of !== null &&
  fault.when.phase === 'decided';
/** One that dies in the middle. */
const dies = (what: string) => (fault: Fault) =>
  fault.kind === 'kill' &&
  fault.part.startsWith(what) &&
  fault.when.of !== null &&
  fault.when.phase === 'decided';
const slackSays = (hows: RegExp) => (fault: Fault) => fault.kind === 'slack' && hows.test(fault.how);

/** Guards of the product that are taken away one at a time, each of which must turn the harness red. */
export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'blind-retry',
    guard: 'a request to delete whose end is not known is not simply sent again',
    patches: [
      {
        file: 'agents/host/engine-remove.js',
        from: 'const data = await call(what(), limitMs);',
        to: 'const data = await call(what(), limitMs).catch(() => call(what(), limitMs));',
      },
    ],
    kinds: ['engine'],
    drawing: {
      aim: (fault) =>
        fault.kind === 'engine' && /cut|mid-answer/.test(fault.how) && fault.when.phase === 'decided',
    },
  },
  {
    name: 'look-up',
    guard: 'a deletion without an answer is looked up',
    patches: [
      {
        file: 'agents/host/carry-out.js',
        from: 'const found = await lookUp(item, step.name, hands, result, life);',
        to: "const found = 'gone';",
      },
    ],
    kinds: ['engine', 'kill', 'disk'],
  },
  {
    name: 'host-rules',
    guard: "the host's own protect rules, in the plan and before each deletion",
    patches: [
      {
        file: 'src/domain/subject.js',
        from: "return by === undefined ? undefined : { kind: 'protected', by };",
        to: 'return undefined;',
      },
    ],
  },
  {
    name: 'requester-only',
    guard: 'only the requester confirms',
    patches: [
      {
        file: 'src/domain/objection.js',
        from: ': event.by !== run.requester\n                        ? say `Only',
        to: ': false\n                        ? say `Only',
      },
    ],
  },
  {
    name: 'approver-only',
    guard: 'only approvers approve',
    patches: [
      {
        file: 'src/flows/decide.js',
        from: 'return whyNotApprover(deps, decision, hosts);',
        to: 'return null;',
      },
    ],
    drawing: { asks: ['rmi -f'] },
  },
  {
    name: 'compare-and-set',
    guard: 'a run is stored only if nothing was stored since it was read',
    patches: [
      {
        file: 'src/store/commit.js',
        from: "if (redis.call('HGET', KEYS[k + 1], 'rev') or '') ~= ARGV[a + 1] then return 0 end",
        to: '',
      },
    ],
  },
  {
    name: 'once-per-delivery',
    guard: 'a command that Slack delivers twice is taken once',
    patches: [
      {
        file: 'src/store/commit.js',
        from: "if ARGV[a + 12] ~= '' and redis.call('EXISTS', KEYS[k + 5]) == 1 then return 2 end",
        to: '',
      },
      {
        file: 'src/store/runs.js',
        from: 'if ((await redis.exists(own.delivery(delivery))) === 1)',
        to: 'if (false)',
      },
    ],
  },
  {
    name: 'one-outcome',
    guard: 'an outcome that is reported again changes nothing',
    patches: [
      {
        file: 'src/domain/part.js',
        from: 'const fresh = outcomes.filter(({ image }) => !known.has(image) && known.add(image));',
        to: 'const fresh = outcomes;',
      },
    ],
  },
  {
    name: 'post-look-up',
    guard: 'a post whose answer was lost is looked up before it is posted again',
    patches: [
      {
        file: 'src/slack/post-once.js',
        from: 'const found = await find(spanOf(before));',
        to: 'const found = null;',
      },
    ],
    kinds: ['slack'],
    drawing: { aim: slackSays(/drop-after/) },
  },
  {
    name: 'sweep-expiry',
    guard: 'a proposal that nobody decides on expires',
    patches: [
      {
        file: 'src/domain/step.js',
        from: "case 'expire':",
        to: "case 'expire': return run;\n        case 'never':",
      },
    ],
    drawing: { late: 70 },
  },
  {
    name: 'late-press',
    guard: 'a press after the expiry does not count',
    patches: [
      {
        file: 'src/domain/step.js',
        // Else it is over before anybody presses.
        from: 'event.at >= (run.expiresAt ?? Infinity)',
        to: 'event.at >= (run.expiresAt ?? Infinity) + 20_000',
      },
      {
        file: 'src/domain/objection.js',
        from: 'if (run.expiresAt !== undefined && at >= run.expiresAt)',
        to: 'if (false)',
      },
    ],
    drawing: { late: 70 },
  },
  {
    name: 'epoch',
    guard: 'what was decided for one start of an agent is not begun by the next',
    patches: [
      {
        file: 'agents/host/verify.js',
        from: 'if (job.epoch !== self.epoch)',
        to: 'if (false)',
      },
    ],
    kinds: ['kill'],
    drawing: { aim: awayAtStart },
  },
  {
    name: 'once-only',
    guard: 'a job that comes twice is not carried out twice',
    patches: [
      {
        file: 'agents/host/jobs.js',
        from: 'if (journal.knows(job.id))',
        to: 'if (false)',
      },
      {
        file: 'agents/host/jobs.js',
        from: 'if (journal.knows(id))',
        to: 'if (false)',
      },
      {
        file: 'agents/host/jobs.js',
        from: 'if (!(await accept(job))) {',
        to: 'if (!(await accept(job)) && false) {',
      },
      {
        // Of what comes twice after a restart this one would refuse all.
        file: 'agents/host/verify.js',
        from: 'if (job.epoch !== self.epoch)',
        to: 'if (false)',
      },
    ],
    kinds: ['kill'],
    drawing: { aim: dies('agent'), linger: 1 },
  },
  {
    name: 'intent',
    guard: 'that a deletion is about to begin is in the journal before it does',
    patches: [
      {
        file: 'agents/host/notes.js',
        from: "before(journal.note({ t: 'intent', at: now(), job, item: indexOf(image) }))",
        to: 'Promise.resolve(null)',
      },
      {
        // What each request is about stands there as well.
        file: 'agents/host/notes.js',
        from: "before(journal.note({ t: 'tried', at: now(), job, item: indexOf(image), name, life }))",
        to: 'Promise.resolve(null)',
      },
    ],
    kinds: ['kill'],
    drawing: { aim: dies('agent') },
  },
  {
    name: 'look-before-delete',
    guard: 'an image that is no longer as it was shown is left alone',
    patches: [
      {
        file: 'agents/host/check.js',
        from: 'return changed(item, sight) ?? held(item, sight, around) ?? used(item, around);',
        to: 'return held(item, sight, around);',
      },
    ],
  },
  {
    name: 'recall-gate',
    guard: 'a Redis that forgot takes nothing until all that is known is put back',
    patches: [
      {
        file: 'src/store/whole.js',
        from: "local function whole(key) return redis.call('GET', key) == id() end",
        to: 'local function whole(key) return true end',
      },
    ],
    kinds: ['forget', 'snapshot'],
  },
  {
    name: 'ack-after-storing',
    guard: 'a report leaves the stream, and is acknowledged, only once its effect is stored',
    patches: [
      {
        file: 'src/queue/reports.js',
        from: 'const settled = await insist(() => handle(report.data));',
        to: `const early = report.data;
        await redis.multi().xack(key.reports, GROUP, id).xdel(key.reports, id)
          .sadd(key.acked(early.host), early.job + ' ' + early.seq).exec();
        await new Promise((resolve) => setTimeout(resolve, 60));
        const settled = await insist(() => handle(report.data));`,
      },
    ],
    kinds: ['kill'],
    drawing: { aim: dies('bot') },
  },
  {
    name: 'secret-in-log',
    guard: 'tokens never reach a log',
    patches: [
      {
        file: 'src/main.js',
        from: "log.info('ready', {",
        to: "log.info('ready', { token: settings.botToken,",
      },
    ],
  },
  {
    name: 'listened-errors',
    guard: 'a connection that breaks is listened to',
    patches: [
      {
        file: 'agents/host/queue.js',
        from: "client.on('error', note);",
        to: "client.on('error', (error) => { throw error; });",
      },
    ],
    kinds: ['cut', 'kill'],
  },
  {
    name: 'card-kept-in-queue',
    guard: 'a card that Slack did not take is written again',
    patches: [
      {
        file: 'src/slack/update-card.js',
        from: "if (failure.kind === 'later')\n            return { wait: failure.ms, again: 0 };",
        to: "if (failure.kind === 'later')\n            return { wait: 0, again: 0 };",
      },
      {
        file: 'src/slack/update-card.js',
        from: 'return { wait: patience.next(run.id), again: 0 };',
        to: 'return { wait: 0, again: 0 };',
      },
    ],
    kinds: ['slack'],
    drawing: {
      aim: (fault) => slackSays(/ratelimited|http|drop|outage/)(fault) && fault.when.phase === 'decided',
    },
  },
  {
    name: 'in-doubt',
    guard: 'what an agent had begun when it was killed is looked up by the next',
    patches: [
      {
        file: 'agents/host/doubts.js',
        from: 'for (const job of open())\n                await lookAt(job);',
        to: '',
      },
    ],
    kinds: ['kill'],
    drawing: { aim: dies('agent') },
  },
  {
    name: 'late-word',
    guard: 'unknown is replaced by what is known later',
    patches: [
      {
        file: 'src/domain/part.js',
        from: 'const corrected = correct(part, outcomes);',
        to: 'const corrected = part;',
      },
    ],
    kinds: ['kill', 'pause'],
    drawing: { aim: awayForLong },
  },
];

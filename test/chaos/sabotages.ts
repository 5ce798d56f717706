import type { Kind } from './schedule.ts';

export interface Patch {
  /** In the built product. */
  file: string;
  /** Stands there exactly once. */
  from: string;
  to: string;
}
export interface Sabotage {
  name: string;
  /** The guard that is taken away. */
  guard: string;
  patches: readonly Patch[];
  /** Faults that reach it; the usual ones where absent. */
  kinds?: readonly Kind[];
}

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
    kinds: ['engine', 'kill'],
  },
  {
    name: 'look-up',
    guard: 'a deletion without an answer is looked up',
    patches: [
      {
        file: 'agents/host/carry-out.js',
        from: "const found = await lookUp(item, step.name, hands, result.problem.kind !== 'engine');",
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
  },
  {
    name: 'compare-and-set',
    guard: 'a run is stored only if nothing was stored since it was read',
    patches: [
      {
        file: 'src/store/runs.js',
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
        file: 'src/store/runs.js',
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
        file: 'src/slack/write-card.js',
        from: "if (!(await cards.once(run.id, 'post'))) {",
        to: 'if (false) {',
      },
    ],
    kinds: ['slack', 'kill'],
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
  },
  {
    name: 'late-press',
    guard: 'a press after the expiry does not count',
    patches: [
      {
        file: 'src/domain/step.js',
        from: "case 'expire':",
        to: "case 'expire': return run;\n        case 'never':",
      },
      {
        file: 'src/domain/objection.js',
        from: 'if (run.expiresAt !== undefined && at >= run.expiresAt)',
        to: 'if (false)',
      },
    ],
  },
  {
    name: 'restarted-agent',
    guard: 'a run whose agent was started anew is broken off',
    patches: [
      {
        file: 'src/flows/sweep.js',
        from: 'else if (status.epoch !== part.epoch)',
        to: 'else if (false)',
      },
    ],
    kinds: ['kill', 'term'],
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
        const settled = await insist(() => handle(report.data));`,
      },
    ],
    kinds: ['kill', 'cut', 'term'],
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
        file: 'src/slack/write-card.js',
        from: "if (failure.kind === 'later')\n            return failure.ms;\n        if (failure.kind === 'unknown')",
        to: "if (failure.kind === 'later')\n            return 0;\n        if (failure.kind === 'unknown')\n            return 0;\n        if (false)",
      },
    ],
    kinds: ['slack'],
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
  },
];

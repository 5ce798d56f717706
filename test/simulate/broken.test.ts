import { afterEach, describe, expect, test, vi } from 'vitest';
import type * as Check from '../../agents/host/check.ts';
import type * as Doubts from '../../agents/host/doubts.ts';
import type * as Journal from '../../agents/host/journal.ts';
import type { JournalFile } from '../../agents/host/journal-file.ts';
import type * as Outbox from '../../agents/host/outbox.ts';
import type * as Verify from '../../agents/host/verify.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import type * as Objection from '../../src/domain/objection.ts';
import type * as Part from '../../src/domain/part.ts';
import type { HostPart, Run } from '../../src/domain/run.ts';
import type * as ReportFlow from '../../src/flows/report.ts';
import type * as PostOnce from '../../src/slack/post-once.ts';
import type * as Cards from '../../src/store/cards.ts';
import type * as Lua from './_lua.ts';
import type { Fault } from './_schedule.ts';
import type * as Seeds from './_seeds.ts';

/** So many schedules at most until a guard that is missing is found. */
const BY_HAND = process.env.DIMG_BROKEN;
const MOST = Number(BY_HAND ?? 1_000);
const SEED = Number(process.env.DIMG_SEED ?? 1);

/** The first promise that breaks with some of production's modules replaced. */
async function whatIsFound(
  replace: Record<string, (real: never) => object>,
  faults?: readonly Fault['kind'][],
): Promise<string> {
  vi.resetModules();
  for (const [path, change] of Object.entries(replace))
    vi.doMock(path, async (original) => {
      const real = (await original()) as object;
      return { ...real, ...change(real as never) };
    });
  const { liveSeeds } = (await import('./_seeds.ts')) as typeof Seeds;
  for (const path of Object.keys(replace)) vi.doUnmock(path);
  const kinds = { forgetful: false, ...(faults && { faults }) };
  const { found, schedules } = await liveSeeds(SEED, MOST, { first: true, kinds });
  if (BY_HAND !== undefined) console.log(`${schedules} schedules: ${found[0]?.violation}`);
  return found[0]?.violation ?? 'nothing';
}

const OBJECTION = '../../src/domain/objection.ts';
/** `objection` that is asked about another run than there is. */
const objecting = (change: (run: Run, event: RunEvent) => Run) => ({
  [OBJECTION]: ({ objection }: typeof Objection) => ({
    objection: (run: Run, event: RunEvent) => objection(change(run, event), event),
  }),
});
const VERIFY = '../../agents/host/verify.ts';
const scripts = (change: (source: string) => string) => ({
  './_lua.ts': ({ script }: typeof Lua) => ({ script: (source: string) => script(change(source)) }),
});

const GUARDS: [
  what: string,
  replace: Record<string, (real: never) => object>,
  found: RegExp,
  /** Where one kind of fault alone leads to it. */
  faults?: readonly Fault['kind'][],
][] = [
  [
    'a requester may approve',
    objecting((run, event) => (event.type === 'approve' ? { ...run, requester: 'U0NOBODY' as never } : run)),
    /approve/,
  ],
  ['one approver counts twice', objecting((run) => ({ ...run, approvals: [] })), /fewer approvals/],
  [
    'anybody confirms',
    objecting((run, event) => (event.type === 'confirm' ? { ...run, requester: event.by } : run)),
    /confirmed/,
  ],
  [
    'the expiry is not looked at',
    {
      ...objecting(({ expiresAt: _, ...run }) => run as Run),
      '../../src/flows/sweep.ts': (real: { sweep(deps: unknown): Promise<void> }) => ({
        // A sweep that comes late, as that of a bot which was started again.
        sweep: async (deps: unknown) => {
          await new Promise((resolve) => setTimeout(resolve, 5_000));
          await real.sweep(deps);
        },
      }),
    },
    /after its expiry/,
  ],
  [
    'who may approve is not asked',
    { '../../src/flows/rights.ts': (real: object) => ({ ...real, whyNotApprover: async () => null }) },
    /without the right/,
  ],
  [
    'the store takes what was made of an old run',
    scripts((source) =>
      source.replace(
        "if (redis.call('HGET', KEYS[k + 1], 'rev') or '') ~= ARGV[a + 1] then return 0 end",
        '',
      ),
    ),
    /went lost|went from|circles|rest|became/,
  ],
  [
    'a card is taken for written that is not',
    scripts((source) =>
      source.replace(
        "if not rev or rev == ARGV[1] then redis.call('ZREM', KEYS[2], ARGV[2])",
        "if true then redis.call('ZREM', KEYS[2], ARGV[2])",
      ),
    ),
    /the card of|for ever|rest/,
  ],
  [
    'nobody takes down that something may be under way to Slack',
    {
      '../../src/store/cards.ts': ({ openCards }: typeof Cards) => ({
        openCards: (redis: never) => ({
          ...openCards(redis),
          marked: async () => null,
          mark: async () => true,
        }),
      }),
    },
    /cards|twice|lines/,
    ['slack', 'crash'],
  ],
  [
    'a note is posted without a look whether it is there',
    {
      '../../src/slack/post-once.ts': (real: typeof PostOnce) => ({
        ...real,
        postOnce: (posting: never, once: Parameters<typeof PostOnce.postOnce>[1]) =>
          real.postOnce(posting, { ...once, find: async () => null }),
        postBelow: (posting: never, once: Parameters<typeof PostOnce.postOnce>[1]) =>
          real.postBelow(posting, { ...once, find: async () => null }),
      }),
    },
    /cards|twice|lines in the audit/,
    ['slack', 'crash'],
  ],
  [
    'a report is acknowledged before its effect is stored',
    {
      '../../src/flows/report.ts': ({ report }: typeof ReportFlow) => ({
        report: async (...args: Parameters<typeof report>) => void report(...args).catch(() => undefined),
      }),
    },
    /rest|circles|for ever|says that|entry/,
  ],
  [
    'an item gets a second outcome',
    {
      '../../src/domain/part.ts': (real: typeof Part) => ({
        ...real,
        addOutcomes: (part: HostPart, outcomes: HostPart['outcomes']) =>
          part.stage === 'waiting'
            ? part
            : real.close({ ...part, stage: 'executing', outcomes: [...part.outcomes, ...outcomes] }),
      }),
    },
    /two outcomes/,
  ],
  [
    'an agent does not keep what it does in its journal',
    {
      '../../agents/host/journal.ts': ({ openJournal }: typeof Journal) => ({
        openJournal: (file: JournalFile, now: () => number) =>
          openJournal({ ...file, payloads: [], append: async () => {}, rewrite: async () => {} }, now),
      }),
    },
    /unknown|rest|circles|deleted it/,
    ['crash'],
  ],
  [
    'what was in doubt is never looked up',
    {
      '../../agents/host/doubts.ts': ({ openDoubts }: typeof Doubts) => ({
        openDoubts: (parts: never) => ({
          ...openDoubts(parts),
          look: async () => {},
          tellKnown: async () => {},
          run: async () => {},
        }),
      }),
    },
    /unknown|rest|circles/,
    ['crash'],
  ],
  [
    'a report counts as heard before it is',
    {
      '../../agents/host/outbox.ts': ({ openOutbox }: typeof Outbox) => ({
        openOutbox: (parts: Parameters<typeof openOutbox>[0]) =>
          openOutbox({
            ...parts,
            queue: {
              ...parts.queue,
              async send(report) {
                void parts.queue.send(report).catch(() => undefined);
                return '1-1';
              },
              waiting: async (ids) => new Set(ids),
            },
          }),
      }),
    },
    /unknown|rest|circles|says that/,
    ['cut', 'redis'],
  ],
  [
    'nobody looks at what is due',
    { '../../src/flows/sweep.ts': () => ({ sweep: async () => undefined }) },
    /rest|circles/,
  ],
  [
    'what was handed out is told to have been left',
    { '../../src/domain/run.ts': (real: object) => ({ ...real, isHandedOut: () => false }) },
    /deleted it|without having|begun though|beside|for ever|rest/,
  ],
  [
    'a job for another start of the agent is taken',
    {
      [VERIFY]: (real: typeof Verify) => ({
        objectionTo: (job: never, { host }: { host: never }, now: number) =>
          real.objectionTo(job, { host, epoch: (job as { epoch: string }).epoch }, now),
      }),
    },
    /another start/,
  ],
  [
    'a late job is taken',
    {
      [VERIFY]: (real: typeof Verify) => ({
        objectionTo: (job: never, self: never) => real.objectionTo(job, self, 0),
      }),
    },
    /after its expiry/,
    ['cut', 'hang'],
  ],
  [
    'an agent does not look whether a run is cancelled',
    { '../../agents/host/execution.ts': (real: object) => ({ ...real, leftOut: async () => null }) },
    /whether it is cancelled/,
  ],
  [
    'what became of a deletion is not looked up',
    { '../../agents/host/look-up.ts': (real: object) => ({ ...real, lookUp: async () => 'gone' }) },
    /never went|says that/,
    ['die', 'hang'],
  ],
  [
    'an image is deleted whatever has changed',
    {
      '../../agents/host/check.ts': (real: typeof Check) => ({
        ...real,
        nextStep: (...args: Parameters<typeof Check.nextStep>) => {
          const step = real.nextStep(...args);
          return step.kind === 'skip' ? { kind: 'remove', name: args[0].image, force: args[0].force } : step;
        },
      }),
      '../../agents/host/drift.ts': (real: object) => ({ ...real, isStale: () => false }),
    },
    /other names|another name/,
  ],
];

/** These take long: by hand, `DIMG_BROKEN=4000 npx vitest run test/simulate/broken.test.ts`. */
const LONG: ReadonlySet<string> = new Set([
  'a requester may approve',
  'one approver counts twice',
  'anybody confirms',
  'the expiry is not looked at',
  'the store takes what was made of an old run',
  'a note is posted without a look whether it is there',
  'a report counts as heard before it is',
  'a late job is taken',
  'what became of a deletion is not looked up',
  'an image is deleted whatever has changed',
]);
const tested = BY_HAND === undefined ? GUARDS.filter(([what]) => !LONG.has(what)) : GUARDS;

describe('it is found when', () => {
  afterEach(() => void vi.resetModules());
  test.each(tested)(
    '%s',
    async (_, replace, found, faults) => {
      expect(await whatIsFound(replace, faults)).toMatch(found);
    },
    600_000,
  );
});

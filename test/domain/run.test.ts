import { describe, expect, test } from 'vitest';
import { HostName, ImageId, shortId, UserId } from '../../src/domain/ids.ts';
import { jobId, parseJobId } from '../../src/domain/job-id.ts';
import { summarise, workOf } from '../../src/domain/plan-summary.ts';
import { Job, Report } from '../../src/domain/protocol.ts';
import { totals } from '../../src/domain/totals.ts';
import {
  aKept,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aRun,
  aSummary,
  HOST,
  host,
  id,
  NOW,
  pruning,
  runId,
} from './_build.ts';

describe('names', () => {
  test.each(['a', 'host-3', 'db.example.com', '1', 'a'.repeat(63), 'a--b', 'constructor'])(
    'a host may be called %s',
    (name) => {
      expect(HostName.safeParse(name).success).toBe(true);
    },
  );
  test.each([
    '',
    '-a',
    'a-',
    '.a',
    'a.',
    'A',
    'a_b',
    'a b',
    'a/b',
    'a:b',
    'a*',
    '@a',
    'a\n',
    '<a>',
    'a'.repeat(64),
  ])('a host may not be called %j', (name) => {
    expect(HostName.safeParse(name).success).toBe(false);
  });
  test.each(['U0ANA', 'W012A'])('%s is a person', (name) => {
    expect(UserId.safeParse(name).success).toBe(true);
  });
  test.each(['u0ana', 'S0SRE', 'U0ANA>', 'B01', 'U', ''])('%j is no person', (name) => {
    expect(UserId.safeParse(name).success).toBe(false);
  });
  test('an image ID is whole; its first 12 digits are shown', () => {
    expect(ImageId.safeParse(id('a').slice(0, 70)).success).toBe(false);
    expect(ImageId.safeParse(id('a').toUpperCase()).success).toBe(false);
    expect(shortId(id('a'))).toBe(id('a').slice(7, 19));
  });
});

describe('the id of a job', () => {
  test.each(['host-3', 'plan-1', 'execute-2-x', '1'])('names its kind, run and host, also for %s', (name) => {
    for (const kind of ['plan', 'execute', 'restore'] as const)
      expect(parseJobId(jobId(kind, runId(1042), host(name)))).toEqual({ kind, run: 1042, host: name });
  });

  test('of a survey names no run', () => {
    expect(parseJobId('survey-3f2a')).toBeNull();
  });
});

describe('a plan in short', () => {
  test('counts what goes, what is only untagged and what can not be pulled again', () => {
    const plan = aPlan(
      [
        anItem('a', { references: ['app:1'] }),
        anItem('b', { references: ['app:2'], recoverable: 'app@sha256:1' }),
        anItem('c'),
        anItem('d', { references: ['x@sha256:1'] }),
        anItem('e', { references: ['e:1', 'e:2'], action: 'untag', remove: ['e:1'], reclaim: 0 }),
      ],
      { kept: [aKept('k')], problems: [{ kind: 'not-found', name: 'z' }] },
    );
    expect(summarise(plan)).toMatchObject({
      digest: plan.digest,
      items: 5,
      untag: 1,
      kept: 1,
      reclaim: 400,
      irrecoverable: 3,
      irrecoverableTagged: 1,
      problems: [{ kind: 'not-found', name: 'z' }],
    });
  });

  test('counts references that are untagged, each container once, and the build cache', () => {
    const stopped = (name: string) => ({ id: id(name).slice(7), name, stoppedAt: 1 });
    const plan = aPlan(
      [
        anItem('a', { containers: [stopped('web-1'), stopped('web-2')] }),
        anItem('b', { containers: [stopped('web-2')] }),
        anItem('c', { references: ['c:1', 'c:2', 'c:3'], action: 'untag', remove: ['c:1', 'c:2'] }),
        anItem('d', { references: ['d:1', 'd:2'], action: 'untag', remove: ['d:1'] }),
      ],
      { cache: [{ id: 'r1', about: 'RUN', usedAt: 1, reclaim: 2 }] },
    );
    const sum = summarise(plan);
    expect(sum).toMatchObject({ containers: 2, cache: 1, untag: 2, untagReferences: 3 });
    expect(workOf(sum)).toBe(5);
    expect(workOf(undefined)).toBe(0);
  });

  test('says of an undo that nothing is lost by it', () => {
    const sum = summarise(aPlan([anItem('a', { references: ['a:1'], action: 'restore', reclaim: 0 })]));
    expect(sum).toMatchObject({ items: 1, untag: 0, irrecoverable: 0, irrecoverableTagged: 0 });
  });
});

test('totals are over all hosts, each outcome counted as what it is', () => {
  const kinds = ['deleted', 'untagged', 'absent', 'skipped', 'failed', 'unknown'] as const;
  const run = aRun({
    hosts: {
      [HOST]: aPart({ plan: aSummary({ items: 6 }), outcomes: kinds.map((kind) => anOutcome(kind, kind)) }),
      [host('host-4')]: aPart({ plan: aSummary({ items: 1 }), outcomes: [anOutcome('a')] }),
      [host('host-5')]: aPart(),
    },
  });
  expect(totals(run)).toMatchObject({
    items: 7,
    reclaim: 400,
    deleted: 3,
    absent: 1,
    skipped: 1,
    failed: 1,
    unknown: 1,
    settled: 7,
    freed: 200,
  });
});

test('totals count the build cache with the images, and what came back as done', () => {
  const cache = { deleted: 3, skipped: 2, failed: 1, freed: 50 };
  const plan = aSummary({ items: 1, cache: 6, containers: 2, untag: 1, untagReferences: 4, kept: 5 });
  const run = aRun({
    hosts: {
      [HOST]: aPart({ plan, outcomes: [anOutcome('a')], cache }),
      [host('host-4')]: aPart({ plan, outcomes: [anOutcome('a', 'restored')], cache }),
    },
  });
  expect(totals(run)).toMatchObject({
    ...{ items: 14, cache: 12, containers: 4, untag: 2, untagReferences: 8, kept: 10 },
    ...{ deleted: 8, skipped: 4, failed: 2, unknown: 0, settled: 14, freed: 200 },
  });
});

describe('the wire', () => {
  const job = {
    v: 1,
    id: 'plan-1042-host-3',
    host: HOST,
    epoch: 'e',
    notAfter: NOW,
    kind: 'plan',
    run: 1042,
    selection: pruning(),
  };
  test('takes a job as it is made', () => {
    expect(Job.parse(job)).toEqual(job);
  });
  test.each([
    ['another version', { v: 2 }],
    ['an unknown field', { force: true }],
    ['no expiry', { notAfter: undefined }],
    ['a host that is none', { host: '../x' }],
    ['an unknown kind', { kind: 'exec' }],
    ['an unknown option of the selection', { selection: { ...pruning(), force: true } }],
  ])('refuses a job with %s', (_, change) => {
    expect(Job.safeParse({ ...job, ...change }).success).toBe(false);
  });
  test('refuses to execute nothing', () => {
    const { selection: _, ...rest } = job;
    const execute = { ...rest, kind: 'execute', planDigest: 'x', items: [], cache: [] };
    expect(Job.safeParse(execute).success).toBe(false);
    expect(Job.safeParse({ ...execute, items: [anItem('a')] }).success).toBe(true);
    expect(
      Job.safeParse({ ...execute, cache: [{ id: 'r1', about: 'RUN', usedAt: 1, reclaim: 2 }] }).success,
    ).toBe(true);
  });
  test('refuses to restore nothing, or build cache', () => {
    const { selection: _, ...rest } = job;
    const restore = {
      ...rest,
      kind: 'restore',
      planDigest: 'x',
      items: [anItem('a', { action: 'restore' })],
    };
    expect(Job.safeParse(restore).success).toBe(true);
    expect(Job.safeParse({ ...restore, items: [] }).success).toBe(false);
    expect(Job.safeParse({ ...restore, cache: [] }).success).toBe(false);
  });
  test('refuses a plan of an undo, which no host is asked for', () => {
    expect(Job.safeParse({ ...job, selection: { kind: 'undo', run: 7 } }).success).toBe(false);
  });
  test('refuses a report whose outcome is no outcome, or frees less than nothing', () => {
    const report = (outcome: object) => ({
      v: 1,
      host: HOST,
      epoch: 'e',
      job: 'execute-1042-host-3',
      seq: 1,
      body: { kind: 'outcomes', outcomes: [{ ...anOutcome('a'), ...outcome }] },
    });
    expect(Report.safeParse(report({})).success).toBe(true);
    expect(Report.safeParse(report({ outcome: 'gone' })).success).toBe(false);
    expect(Report.safeParse(report({ freed: -1 })).success).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { Fact } from '../../src/domain/audit.ts';
import { factsOf, requested } from '../../src/domain/facts.ts';
import { planOf } from '../../src/domain/plan-of.ts';
import type { Run } from '../../src/domain/run.ts';
import { ANA, anOutcome, aPart, aRun, aSummary, BEN, HOST, host, id, MINUTE, NOW, runId } from './_build.ts';

const AT = NOW + MINUTE;
const OTHER = host('host-4');
const head = { at: AT, run: runId(1042) };
const facts = (before: Run, after: Run) => {
  const made = factsOf(before, after, AT, (name, image) => (image === id('a') ? [`${name}/app:1`] : []));
  for (const fact of made) expect(Fact.parse(fact)).toEqual(fact);
  return made;
};

const part = aPart({ stage: 'planned', plan: aSummary() });
const proposed = aRun({ state: 'proposed', hosts: { [HOST]: part } });
const executing: Run = { ...proposed, state: 'executing', executingSince: NOW };
const withPart = (run: Run, given: Partial<typeof part>): Run => ({
  ...run,
  hosts: { ...run.hosts, [HOST]: { ...part, ...given } },
});

test('a run is born with who asked for what, where', () => {
  expect(requested(aRun())).toEqual([
    { at: NOW, run: 1042, kind: 'requested', by: ANA, channel: 'C0OPS', command: 'prune host-3' },
  ]);
});

test('nothing happened where nothing changed', () => {
  expect(facts(executing, executing)).toEqual([]);
});

test('a plan is noted once, with all that is carried out by it', () => {
  const before = aRun({ hosts: { [HOST]: aPart(), [OTHER]: part } });
  const after = withPart(before, { plan: aSummary({ items: 2, cache: 5, reclaim: 77 }) });
  expect(facts(before, after)).toEqual([
    { ...head, kind: 'planned', host: HOST, plan: id('plan'), items: 7, bytes: 77 },
  ]);
});

describe('decisions are noted with the plan that was decided on', () => {
  const by = { by: BEN, at: AT };
  test('where there is one', () => {
    expect(facts(proposed, { ...proposed, confirmed: { by: ANA, at: AT } })).toEqual([
      { ...head, kind: 'confirmed', by: ANA, plan: id('plan') },
    ]);
    const once: Run = { ...proposed, approvalFor: ['force'], approvals: [{ by: ANA, at: NOW }] };
    expect(facts(once, { ...once, approvals: [...once.approvals, by] })).toEqual([
      { ...head, kind: 'approved', by: BEN, rules: ['force'], plan: id('plan') },
    ]);
  });

  test('also where it is of build cache alone', () => {
    const cache = withPart(proposed, { plan: aSummary({ items: 0, cache: 1 }) });
    expect(facts(cache, { ...cache, confirmed: by })).toMatchObject([{ plan: id('plan') }]);
  });

  test('by one digest where there are several, and by none where it does nothing', () => {
    const two: Run = { ...proposed, hosts: { [HOST]: part, [OTHER]: part } };
    const none = withPart(proposed, { plan: aSummary({ items: 0 }) });
    const plan = planOf(two)?.digest;
    expect(plan).not.toBe(id('plan'));
    expect(facts(two, { ...two, confirmed: by })).toEqual([{ ...head, kind: 'confirmed', by: BEN, plan }]);
    expect(facts(none, { ...none, confirmed: by })).toEqual([{ ...head, kind: 'confirmed', by: BEN }]);
    const idle: Run = { ...two, hosts: { ...two.hosts, [OTHER]: { ...part, plan: aSummary({ items: 0 }) } } };
    expect(facts(idle, { ...idle, confirmed: by })).toMatchObject([{ plan: id('plan') }]);
  });

  test.each<[Partial<Run>, object[]]>([
    [{ cancel: { by: ANA, at: AT } }, [{ kind: 'cancelled', by: ANA }]],
    [{ continued: [by] }, [{ kind: 'continued', by: BEN }]],
    [{ undone: [{ ...by, run: runId(1043) }] }, [{ kind: 'undone', by: BEN, undo: 1043 }]],
    [{ again: { ...by, run: runId(1043) } }, [{ kind: 'again', by: BEN, again: 1043 }]],
  ])('%j', (given, expected) => {
    const after = { ...executing, ...given };
    expect(facts(executing, after)).toEqual(expected.map((one) => ({ ...head, ...one })));
    expect(facts(after, { ...after })).toEqual([]);
  });

  test('a second one beside the first', () => {
    const first = { by: ANA, at: NOW };
    const run: Run = { ...executing, continued: [first], undone: [{ ...first, run: runId(7) }] };
    const after: Run = {
      ...run,
      continued: [first, by],
      undone: [
        { ...first, run: runId(7) },
        { ...by, run: runId(8) },
      ],
    };
    expect(facts(run, after)).toEqual([
      { ...head, kind: 'continued', by: BEN },
      { ...head, kind: 'undone', by: BEN, undo: 8 },
    ]);
  });

  test('a denial with its words and without', () => {
    const denied = (reason?: string): Run => ({
      ...proposed,
      state: 'denied',
      denied: { ...by, ...(reason !== undefined && { reason }) },
    });
    expect(facts(proposed, denied('no'))[0]).toEqual({ ...head, kind: 'denied', by: BEN, reason: 'no' });
    expect(facts(proposed, denied())[0]).toEqual({ ...head, kind: 'denied', by: BEN });
  });

  test("an expiry is nobody's", () => {
    expect(facts(proposed, { ...proposed, state: 'expired' })).toEqual([
      { ...head, kind: 'expired' },
      { ...head, kind: 'ended', state: 'expired', items: 0, bytes: 0 },
    ]);
  });
});

describe('every outcome is noted once', () => {
  test('with what was taken away, or what it is called', () => {
    const first = withPart(executing, { outcomes: [anOutcome('z')] });
    const after = withPart(executing, {
      outcomes: [
        anOutcome('z'),
        anOutcome('a', 'deleted', { removed: ['app:9'] }),
        anOutcome('a', 'failed', { why: { kind: 'engine', message: '*no* space' } }),
      ],
    });
    expect(facts(first, after)).toEqual([
      {
        ...head,
        kind: 'outcome',
        host: HOST,
        image: id('a'),
        references: ['app:9'],
        outcome: 'deleted',
        bytes: 100,
      },
      {
        ...{ ...head, kind: 'outcome', host: HOST, image: id('a'), references: [`${HOST}/app:1`] },
        ...{ outcome: 'failed', bytes: 0, reason: 'the engine said: *no* space' },
      },
    ]);
  });

  test('a deletion that was found afterwards says that its bytes were not counted', () => {
    const late = anOutcome('a', 'deleted', { freed: 0, why: { kind: 'restarted' } });
    expect(facts(executing, withPart(executing, { outcomes: [late] }))).toMatchObject([
      { outcome: 'deleted', bytes: 0, reason: 'found gone afterwards, so what that freed is not known' },
    ]);
  });

  test('a container once, also where what became of its image was not known at first', () => {
    const unknown = withPart(executing, {
      outcomes: [anOutcome('a', 'unknown', { containers: ['web-1'] })],
    });
    const known = withPart(executing, {
      outcomes: [anOutcome('a', 'failed', { containers: ['web-1', 'web-2'] })],
    });
    expect(facts(unknown, known)).toMatchObject([{ container: 'web-2' }, { outcome: 'failed' }]);
  });

  test('a container that was removed before its image', () => {
    const after = withPart(executing, {
      outcomes: [anOutcome('a', 'deleted', { containers: ['web-1', 'web-2'] })],
    });
    expect(facts(executing, after)).toMatchObject([
      { kind: 'outcome', host: HOST, container: 'web-1', image: id('a'), outcome: 'removed' },
      { kind: 'outcome', host: HOST, container: 'web-2', image: id('a'), outcome: 'removed' },
      { kind: 'outcome', host: HOST, image: id('a'), outcome: 'deleted' },
    ]);
  });

  test('the build cache, with why it did not go', () => {
    const cache = { deleted: 3, skipped: 0, failed: 1, freed: 9 };
    const after = withPart(executing, { cache });
    expect(facts(executing, after)).toEqual([
      { ...head, kind: 'outcome', host: HOST, outcome: 'deleted', cache: 3, bytes: 9 },
    ]);
    expect(facts(after, withPart(executing, { cache, stage: 'ended' }))).toEqual([]);
    const failed = withPart(executing, { cache: { ...cache, why: { kind: 'cache-off' } } });
    expect(facts(executing, failed)).toMatchObject([
      { reason: 'this host does not allow build cache to be deleted' },
    ]);
  });

  test('before the end, which says how much there was', () => {
    const outcomes = [anOutcome('a'), anOutcome('b', 'failed')];
    const cache = { deleted: 3, skipped: 0, failed: 1, freed: 9 };
    const after: Run = { ...withPart(executing, { outcomes, cache }), state: 'partial' };
    const made = facts(executing, after);
    expect(made.map(({ kind }) => kind)).toEqual(['outcome', 'outcome', 'outcome', 'ended']);
    expect(made.at(-1)).toEqual({
      ...head,
      kind: 'ended',
      state: 'partial',
      items: 4,
      deleted: 1,
      cache: 3,
      bytes: 109,
    });
    expect(facts(after, { ...after, undone: [{ by: ANA, at: AT, run: runId(7) }] })).toHaveLength(1);
  });
});

describe('the end says what its items were', () => {
  const endOf = (before: Run, after: Run) => facts(before, after).at(-1);
  const end = (given: object) => ({ ...head, kind: 'ended', ...given });

  test('images that were deleted, and nothing more', () => {
    const after: Run = { ...withPart(executing, { outcomes: [anOutcome('a')] }), state: 'done' };
    expect(endOf(executing, after)).toEqual(end({ state: 'done', items: 1, bytes: 100 }));
  });

  test('references, and images that came back', () => {
    const outcomes = [
      anOutcome('a'),
      anOutcome('b', 'untagged', { removed: ['app:1', 'app:2'], freed: 0 }),
      anOutcome('c', 'restored', { removed: ['app:3'], freed: 0 }),
    ];
    const after: Run = { ...withPart(executing, { outcomes }), state: 'done' };
    expect(endOf(executing, after)).toEqual(
      end({ state: 'done', items: 3, deleted: 1, untagged: 2, restored: 1, bytes: 100 }),
    );
  });

  test('none of a dry run', () => {
    const planning: Run = { ...proposed, state: 'planning', dryRun: true };
    expect(endOf(planning, { ...planning, state: 'done' })).toEqual(
      end({ state: 'done', items: 0, bytes: 0, dryRun: true }),
    );
  });

  test.each<[string, Partial<Run>]>([
    ['The card could not be posted.', { refusal: 'The card could not be posted.' }],
    ['not answering', { hosts: { [HOST]: aPart({ stage: 'ended', trouble: { kind: 'no-answer' } }) } }],
    [
      'host-3: No image app:9. Did you mean app:1?; host-4: not answering',
      {
        hosts: {
          [HOST]: aPart({
            stage: 'planned',
            plan: aSummary({ items: 0, problems: [{ kind: 'not-found', name: 'app:9', near: 'app:1' }] }),
          }),
          [OTHER]: aPart({ stage: 'ended', trouble: { kind: 'no-answer' } }),
        },
      },
    ],
  ])('or why it was refused: %s', (reason, given) => {
    const planning = aRun();
    expect(endOf(planning, { ...planning, ...given, state: 'refused' })).toMatchObject({ reason });
  });
});

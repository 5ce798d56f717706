import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chain, type Entry, Fact, firstBreak, GENESIS } from '../../src/domain/audit.ts';
import { factsOf, requested } from '../../src/domain/facts.ts';
import { sha256 } from '../../src/domain/hash.ts';
import type { Run } from '../../src/domain/run.ts';
import { ANA, anOutcome, aPart, aRun, aSummary, BEN, HOST, host, id, NOW, runId } from './_build.ts';

const facts: fc.Arbitrary<Fact> = fc
  .record(
    {
      at: fc.nat(),
      run: fc.integer({ min: 1, max: 99 }).map(runId),
      kind: fc.constantFrom('requested', 'planned', 'outcome', 'ended' as const),
      by: fc.constantFrom(ANA, BEN),
      reason: fc.string({ unit: 'grapheme' }),
      references: fc.array(fc.string()),
      bytes: fc.nat(),
      image: fc.constant(id('app')),
    },
    { requiredKeys: ['at', 'run', 'kind'] },
  )
  .map((fact) => Fact.parse(fact));
const chains = fc.array(facts, { minLength: 1, maxLength: 12 }).map((list) => chain(GENESIS, list));
/** As the store gives it back. */
const stored = (entries: readonly Entry[]): Entry[] => JSON.parse(JSON.stringify(entries)) as Entry[];

describe('the chain', () => {
  test('numbers entries from 1 and binds each to the one before', () => {
    const entries = chain(GENESIS, [
      { at: NOW, run: runId(1), kind: 'requested' },
      { at: NOW, run: runId(1), kind: 'ended' },
    ]);
    expect(entries.map(({ n }) => n)).toEqual([1, 2]);
    expect(entries[0]?.prev).toBe(GENESIS.hash);
    expect(entries[1]?.prev).toBe(entries[0]?.hash);
  });

  test('holds, also after a way through JSON, and in whatever pieces it was written', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 12 }), fc.nat(12), (list, cut) => {
        const whole = chain(GENESIS, list);
        const head = chain(GENESIS, list.slice(0, cut));
        const last = head.at(-1) ?? GENESIS;
        expect([...head, ...chain({ n: last.n, hash: last.hash }, list.slice(cut))]).toEqual(whole);
        expect(firstBreak(stored(whole))).toBeNull();
      }),
    );
  });

  test('can be checked from any entry on', () => {
    fc.assert(
      fc.property(chains, fc.nat(11), (entries, at) => {
        const head = entries[at % entries.length];
        if (head) expect(firstBreak(entries.slice(head.n), head)).toBeNull();
      }),
    );
  });
});

describe('a break is found at its place', () => {
  test('where any field of an entry is changed, added or taken away', () => {
    const fields = fc.oneof(
      fc.record({ at: fc.nat() }),
      fc.record({ run: fc.nat() }),
      fc.record({ kind: fc.constantFrom('confirmed', 'outcome') }),
      fc.record({ by: fc.constantFrom(ANA, BEN, undefined) }),
      fc.record({ bytes: fc.oneof(fc.nat(), fc.constant(undefined)) }),
      fc.record({ reason: fc.string() }),
      fc.record({ references: fc.array(fc.string()) }),
      fc.record({ n: fc.nat() }),
      fc.record({ prev: fc.string() }),
      fc.record({ hash: fc.string() }),
      fc.record({ extra: fc.string() }),
    );
    fc.assert(
      fc.property(chains, fc.nat(), fields, (entries, at, change) => {
        const i = at % entries.length;
        const forged = stored(entries);
        forged[i] = { ...forged[i], ...change } as Entry;
        fc.pre(JSON.stringify(stored(forged)) !== JSON.stringify(entries));
        expect(firstBreak(stored(forged))).toBe(i + 1);
      }),
      { numRuns: 500 },
    );
  });

  test('where an entry is changed and given a fitting hash, at the next one', () => {
    fc.assert(
      fc.property(chains, fc.nat(), facts, (entries, at, fact) => {
        fc.pre(entries.length > 1);
        const i = at % (entries.length - 1);
        const before = entries[i - 1] ?? GENESIS;
        const [forged] = chain({ n: before.n, hash: before.hash }, [fact]);
        fc.pre(forged !== undefined && forged.hash !== entries[i]?.hash);
        expect(firstBreak(entries.map((entry, j) => (j === i && forged ? forged : entry)))).toBe(i + 2);
      }),
    );
  });

  test('where an entry is taken out, doubled or put elsewhere', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.nat(), (entries, a, b) => {
        fc.pre(entries.length > 1);
        const i = a % (entries.length - 1);
        expect(firstBreak(entries.toSpliced(i, 1))).toBe(i + 1);
        expect(firstBreak(entries.toSpliced(i + 1, 0, ...entries.slice(i, i + 1)))).toBe(i + 2);
        const j = b % entries.length;
        fc.pre(i !== j);
        const moved = entries.toSpliced(i, 1).toSpliced(j, 0, ...entries.slice(i, i + 1));
        expect(firstBreak(moved)).toBe(Math.min(i, j) + 1);
      }),
    );
  });

  test('where an entry fits in all but its number', () => {
    const skipped = chain({ n: 4, hash: GENESIS.hash }, [{ at: NOW, run: runId(1), kind: 'requested' }]);
    expect(firstBreak(skipped)).toBe(1);
  });

  test('where the beginning is cut off', () => {
    const entries = chain(GENESIS, [
      { at: NOW, run: runId(1), kind: 'requested' },
      { at: NOW, run: runId(1), kind: 'ended' },
    ]);
    expect(firstBreak(entries.slice(1))).toBe(1);
  });
});

describe('the facts of a run', () => {
  const planned = aRun({
    state: 'proposed',
    hosts: { [HOST]: aPart({ stage: 'planned', plan: aSummary() }) },
  });
  const none = () => [];

  test('begin with who asked for what, and where', () => {
    expect(requested(aRun())).toEqual([
      {
        at: NOW,
        run: 1042,
        kind: 'requested',
        by: ANA,
        channel: 'C0OPS',
        command: 'prune host-3',
      },
    ]);
  });

  test('name the plan that a decision was made on', () => {
    const confirmed = { ...planned, state: 'executing' as const, confirmed: { by: ANA, at: NOW } };
    expect(factsOf(planned, confirmed, NOW, none)).toEqual([
      { at: NOW, run: 1042, kind: 'confirmed', by: ANA, plan: id('plan') },
    ]);
  });

  test('name the plans of several hosts by one digest, whatever their order', () => {
    const other = host('host-4');
    const part = (digest: string, items = 2) =>
      aPart({ stage: 'planned', plan: aSummary({ digest, items }) });
    const of = (hosts: Run['hosts']) => {
      const before = { ...planned, hosts };
      const after = { ...before, approvals: [{ by: BEN, at: NOW }] };
      return factsOf(before, after, NOW, none).map(({ plan }) => plan);
    };
    const both = { [HOST]: part(id('a')), [other]: part(id('b')) };
    const together = sha256(`{"host-3":"${id('a')}","host-4":"${id('b')}"}`);
    expect(of(both)).toEqual([together]);
    expect(of({ [other]: part(id('b')), [HOST]: part(id('a')) })).toEqual([together]);
    expect(of({ [HOST]: part(id('a')), [other]: part(id('c')) })).not.toEqual([together]);
    expect(of({ [HOST]: part(id('a')), [other]: part(id('b'), 0) })).toEqual([id('a')]);
    expect(of({ [HOST]: part(id('a'), 0) })).toEqual([undefined]);
  });

  test('name image, references, bytes and reason of every outcome', () => {
    const part = aPart({ stage: 'executing', plan: aSummary(), outcomes: [anOutcome('a')] });
    const after = {
      ...planned,
      hosts: {
        [HOST]: {
          ...part,
          outcomes: [
            ...part.outcomes,
            anOutcome('b', 'failed', { why: { kind: 'engine', message: 'no space' } }),
          ],
        },
      },
    };
    expect(
      factsOf({ ...planned, hosts: { [HOST]: part } }, after, NOW, (_, image) => [`name of ${image}`]),
    ).toEqual([
      {
        at: NOW,
        run: 1042,
        kind: 'outcome',
        host: HOST,
        image: id('b'),
        references: [`name of ${id('b')}`],
        outcome: 'failed',
        bytes: 0,
        reason: 'the engine said: no space',
      },
    ]);
  });

  test('are what the audit takes', () => {
    const after = { ...planned, state: 'denied' as const, denied: { by: BEN, at: NOW, reason: 'no' } };
    const list = factsOf(aRun(), after, NOW, none);
    expect(list.map(({ kind }) => kind)).toEqual(['planned', 'denied', 'ended']);
    expect(list.map((fact) => Fact.parse(fact))).toEqual(list);
  });

  test('are none where nothing happened', () => {
    expect(factsOf(planned, planned, NOW, none)).toEqual([]);
  });
});

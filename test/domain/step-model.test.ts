import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import { factsOf } from '../../src/domain/facts.ts';
import type { HostName, UserId } from '../../src/domain/ids.ts';
import { objection } from '../../src/domain/objection.ts';
import { isFinal, Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
  aDrift,
  anOutcome,
  aPart,
  aPolicy,
  aRun,
  aSummary,
  BEN,
  CLEO,
  HOST,
  host,
  MINUTE,
  NOW,
  pruning,
  removing,
  runId,
} from './_build.ts';

const hosts = [HOST, host('host-4'), host('host-5')];
const someHost = fc.constantFrom<HostName[]>(...hosts, host('stranger'));
const somebody = fc.constantFrom<UserId[]>(ANA, BEN, CLEO);
const someOutcomes = fc.array(
  fc
    .tuple(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom('deleted', 'untagged', 'absent', 'skipped', 'failed', 'unknown' as const),
    )
    .map(([name, outcome]) => anOutcome(name, outcome)),
  { minLength: 1, maxLength: 3 },
);
type Without<E> = E extends unknown ? Omit<E, 'at'> : never;
const at = <E extends Without<RunEvent>>(weight: number, arbitrary: fc.Arbitrary<E>) => ({
  weight,
  arbitrary: arbitrary as fc.Arbitrary<Without<RunEvent>>,
});
const plans = fc
  .record({
    items: fc.nat(3),
    cache: fc.constantFrom(0, 0, 2),
    containers: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1),
    irrecoverableTagged: fc.constantFrom(0, 0, 1),
    reclaim: fc.nat(200),
  })
  .map((given) => aSummary(given));
const aPlanned = fc.record({ type: fc.constant('planned' as const), host: someHost, plan: plans });
const report = fc
  .constantFrom({}, {}, { stale: true as const })
  .map((stale) => ({ tookMs: 1, before: null, after: null, raced: [] as string[], ...stale }));
/** All that an agent says of a host, in any order: that it has changed too much, or that all went. */
const allOf = (name: HostName, changed: boolean) => {
  const [outcome, why] = changed
    ? (['skipped', { why: { kind: 'stale' } }] as const)
    : ['deleted' as const, {}];
  const [deleted, skipped] = changed ? [0, 2] : [2, 0];
  const said = [
    ...(changed ? [{ type: 'stale', drift: aDrift() }] : []),
    { type: 'outcomes', outcomes: ['a', 'b', 'c'].map((one) => anOutcome(one, outcome, why)) },
    { type: 'cache', cache: { deleted, skipped, failed: 0, freed: 0 } },
    {
      type: 'finished',
      report: { tookMs: 1, before: null, after: null, raced: [], ...(changed && { stale: true }) },
    },
  ].map((event) => ({ ...event, host: name }) as Without<RunEvent>);
  return fc.shuffledSubarray(said, { minLength: said.length });
};
/** Said in a host's place. */
const lostOf = (name: HostName) =>
  fc.constant<Without<RunEvent>[]>([
    {
      ...{ type: 'broken', host: name, why: { kind: 'lost' } },
      outcomes: ['a', 'b', 'c'].map((one) => anOutcome(one, 'unknown')),
      cache: { deleted: 0, skipped: 0, failed: 0, unknown: 2, freed: 0 },
    },
  ]);
const allSaid = fc.tuple(
  ...hosts.map((name) =>
    fc.oneof({ weight: 3, arbitrary: allOf(name, true) }, allOf(name, false), lostOf(name)),
  ),
);
/** What hosts say after all, some of them all of it. */
const saidLater = fc.tuple(
  ...hosts.map((name) => fc.oneof(allOf(name, false), allOf(name, false), fc.constant([]))),
);
const someCache = fc.oneof(
  fc.record({ deleted: fc.nat(2), skipped: fc.nat(1), failed: fc.nat(1), freed: fc.nat(9) }),
  fc.constant({ deleted: 0, skipped: 0, failed: 0, unknown: 2, freed: 0 }),
);
const events: fc.Arbitrary<Without<RunEvent>> = fc.oneof(
  at(6, aPlanned),
  at(
    1,
    fc.record({
      type: fc.constant('unplanned' as const),
      host: someHost,
      why: fc.constant({ kind: 'no-answer' as const }),
    }),
  ),
  at(6, fc.record({ type: fc.constant('confirm' as const), by: somebody })),
  at(6, fc.record({ type: fc.constant('approve' as const), by: somebody })),
  at(1, fc.record({ type: fc.constant('deny' as const), by: somebody })),
  at(1, fc.record({ type: fc.constant('cancel' as const), by: somebody })),
  at(1, fc.record({ type: fc.constant('expire' as const) })),
  at(1, fc.record({ type: fc.constant('remind' as const) })),
  at(1, fc.record({ type: fc.constant('refuse' as const), why: fc.constant('x') })),
  at(
    2,
    fc.record({
      type: fc.constant('sent' as const),
      hosts: fc.subarray(hosts),
      job: fc.constantFrom('plan', 'execute' as const),
    }),
  ),
  at(2, fc.record({ type: fc.constant('started' as const), host: someHost })),
  at(6, fc.record({ type: fc.constant('outcomes' as const), host: someHost, outcomes: someOutcomes })),
  at(
    3,
    fc.record({
      type: fc.constant('finished' as const),
      host: someHost,
      report,
    }),
  ),
  at(
    1,
    fc.record({
      type: fc.constant('broken' as const),
      host: someHost,
      why: fc.constant({ kind: 'lost' as const }),
      outcomes: someOutcomes,
      cache: someCache,
    }),
  ),
  at(
    1,
    fc.record({
      type: fc.constant('disowned' as const),
      host: someHost,
      why: fc.constant({ kind: 'restarted' as const }),
      outcomes: someOutcomes,
      cache: someCache,
    }),
  ),
  at(3, fc.record({ type: fc.constant('cache' as const), host: someHost, cache: someCache })),
  at(2, fc.record({ type: fc.constant('stale' as const), host: someHost, drift: fc.constant(aDrift()) })),
  at(4, fc.record({ type: fc.constant('continue' as const), by: somebody, wave: fc.constantFrom(0, 0, 1) })),
  at(
    4,
    fc.record({
      type: fc.constant('again' as const),
      by: somebody,
      run: fc.constantFrom(runId(9), runId(10)),
    }),
  ),
  at(
    1,
    fc.record({
      type: fc.constant('undo' as const),
      by: somebody,
      run: fc.constantFrom(runId(7), runId(8)),
      after: fc.constantFrom(null, runId(7), runId(8)),
    }),
  ),
);
const rollouts = fc.oneof(
  fc.record({ canary: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ batch: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ canary: fc.constant(1), batch: fc.constant(1) }),
);
const runOver = (names: readonly HostName[]) =>
  aRun({ hosts: Object.fromEntries(names.map((name) => [name, aPart()])) as Run['hosts'] });
const runs = fc
  .record({
    rmi: fc.boolean(),
    force: fc.boolean(),
    skipConfirmation: fc.boolean(),
    dryRun: fc.boolean(),
    count: fc.integer({ min: 1, max: 2 }),
    irrecoverable: fc.boolean(),
    reclaimOver: fc.option(fc.nat(600), { nil: undefined, freq: 2 }),
    rollout: fc.option(rollouts, { nil: undefined }),
  })
  .map(({ rmi, force, skipConfirmation, dryRun, count, irrecoverable, reclaimOver, rollout }) =>
    aRun({
      ...(rollout && { rollout }),
      selection: rmi ? removing(['app:1'], force) : pruning(),
      skipConfirmation: skipConfirmation && !rmi,
      dryRun,
      policy: aPolicy(
        { irrecoverable, ...(reclaimOver !== undefined && { reclaimOver }) },
        { count, expires: 5 * MINUTE },
      ),
      hosts: runOver(hosts).hosts,
    }),
  );
/** Most begin with the hosts' plans, so that many get far enough to be decided. */
const story = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(events, fc.nat(MINUTE / 2)), { maxLength: 40, size: 'max' }),
    fc.tuple(plans, plans, plans),
    fc.option(allSaid, { nil: [], freq: 2 }),
    saidLater,
  )
  .map(([soon, lines, each, said, after]) => {
    const planned = hosts.map((name, i): (typeof lines)[number] => [
      { type: 'planned', host: name, plan: each[i] ?? aSummary() } as Without<RunEvent>,
      0,
    ]);
    const first = [...planned, ...lines.slice(0, 4)];
    // Some come to hosts that have changed too much, so that runs end by it.
    const reported = said.flat().map((line): (typeof lines)[number] => [line, 0]);
    const twice = [7, 8].map((run) => ({ type: 'again', by: BEN, run: runId(run) }) as Without<RunEvent>);
    const again = twice.map((line): (typeof lines)[number] => [line, 0]);
    const later = after.flat().map((line): (typeof lines)[number] => [line, 0]);
    return soon ? [...first, ...reported, ...lines.slice(4), ...later, ...again] : lines;
  });

/** Plays a story; `each` sees every step that was made. */
function tell(
  first: Run,
  lines: readonly (readonly [Without<RunEvent>, number])[],
  each: (before: Run, event: RunEvent, after: Run) => void,
): void {
  let run = first;
  let at = NOW;
  for (const [line, pause] of lines) {
    at += pause;
    const event = { ...line, at } as RunEvent;
    const after = step(run, event);
    each(run, event, after);
    run = after;
  }
}

/** Written from the contract, not from the code: whether this run may be carried out now. */
function mayStart(run: Run, at: number): boolean {
  if (run.dryRun) return false;
  const plans = Object.values(run.hosts).flatMap(({ plan }) => (plan ? [plan] : []));
  const reclaim = plans.reduce((n, plan) => n + plan.reclaim, 0);
  const needsApproval =
    (run.selection.kind === 'rmi' && run.selection.force) ||
    plans.some((plan) => plan.containers > 0) ||
    (run.policy.neededFor.irrecoverable && plans.some((plan) => plan.irrecoverableTagged > 0)) ||
    reclaim > (run.policy.neededFor.reclaimOver ?? Infinity);
  const inTime = run.expiresAt === undefined || at < run.expiresAt;
  if (!needsApproval) return run.skipConfirmation || (inTime && run.confirmed?.by === run.requester);
  const people = new Set(run.approvals.map(({ by }) => by));
  return inTime && people.size >= run.policy.count && !people.has(run.requester);
}

const NEXT: Partial<Record<Run['state'], Run['state'][]>> = {
  planning: ['empty', 'refused', 'proposed', 'executing', 'done'],
  proposed: ['executing', 'denied', 'cancelled', 'expired', 'stale'],
  executing: ['done', 'partial', 'failed', 'cancelled', 'stale', 'unknown'],
  unknown: ['done', 'partial', 'failed', 'cancelled', 'stale'],
};

describe('a run, over random stories', () => {
  const playing = (each: Parameters<typeof tell>[2]) =>
    fc.assert(
      fc.property(runs, story, (run, lines) => tell(run, lines, each)),
      { numRuns: 2000 },
    );

  test('moves only as the contract draws it, and never from a final state', () => {
    playing((before, _, after) => {
      // A run that is over only learns that another one brings back what it deleted, or asks for it again; and what its
      // hosts say later of what is unknown, and how long it took them.
      if (isFinal(before.state) && after !== before) {
        const { undone, again, hosts: parts } = before;
        const state = before.state === 'unknown' ? after.state : before.state;
        expect({ ...after, undone, again, hosts: parts }).toEqual({ ...before, undone, again, state });
      }
      if (before.state !== after.state) expect(NEXT[before.state]).toContain(after.state);
    });
  });

  test('is unknown for just as long as anything in it is, and then what it would have been', () => {
    const seen = { unknown: 0, settled: 0, late: 0 };
    playing((before, _, after) => {
      if (after === before || after.executingSince === undefined || !isFinal(after.state)) return;
      const parts = Object.values(after.hosts);
      const open = parts.some(
        ({ outcomes, cache }) => outcomes.some(({ outcome }) => outcome === 'unknown') || cache?.unknown,
      );
      expect(after.state === 'unknown').toBe(open);
      if (open) seen.unknown++;
      if (before.state === 'unknown') seen[open ? 'late' : 'settled']++;
    });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });

  test('is carried out only with the confirmation or the approvals that it needs', () => {
    const starts = { confirmed: 0, approved: 0, neither: 0 };
    playing((before, event, after) => {
      if (before.state === after.state || after.state !== 'executing') return;
      starts[after.confirmed ? 'confirmed' : after.approvals.length > 0 ? 'approved' : 'neither']++;
      expect(mayStart(after, event.at)).toBe(true);
    });
    // Otherwise the stories would show nothing.
    expect(Math.min(...Object.values(starts))).toBeGreaterThan(3);
  });

  test('has outcomes only once it is carried out, and at most one of each image on each host', () => {
    playing((before, _, after) => {
      if (after === before) return;
      for (const { outcomes, cache } of Object.values(after.hosts)) {
        expect(cache === undefined || after.executingSince !== undefined).toBe(true);
        expect(new Set(outcomes.map(({ image }) => image)).size).toBe(outcomes.length);
        expect(outcomes.length === 0 || after.executingSince !== undefined).toBe(true);
      }
    });
  });

  test('never loses an outcome, an approval or a word of its end', () => {
    playing((before, event, after) => {
      if (after === before) return;
      expect(after.approvals.slice(0, before.approvals.length)).toEqual(before.approvals);
      for (const [name, part] of Object.entries(before.hosts)) {
        const { stage, cache, trouble, outcomes, finished, drift } = after.hosts[name as HostName] ?? aPart();
        if (part.stage === 'ended') expect(stage).toBe('ended');
        if (part.cache && !part.cache.unknown) expect(cache).toBe(part.cache);
        if (part.finished) expect(finished).toBe(part.finished);
        if (part.drift) expect(drift).toBe(part.drift);
        // What nobody knew may be known later; what was known stays.
        const kept = part.outcomes.map((one, i) => (one.outcome === 'unknown' ? outcomes[i] : one));
        expect(outcomes.slice(0, part.outcomes.length)).toEqual(kept);
        expect(kept.map((one) => one?.image)).toEqual(part.outcomes.map(({ image }) => image));
        const corrected = kept.some((one, i) => one !== part.outcomes[i]) || cache !== part.cache;
        // That it never began says more than that it fell silent.
        const known = corrected || event.type === 'disowned';
        if (part.trouble && !known) expect(trouble).toBe(part.trouble);
      }
      expect(after.endedAt !== undefined).toBe(isFinal(after.state));
    });
  });

  test('is stale only where every host with something to do said so and nothing was deleted, and is asked for again once', () => {
    const seen = { stale: 0, mixed: 0, again: 0, told: 0 };
    playing((before, event, after) => {
      if (before.again) expect(after.again).toBe(before.again);
      else if (after.again) {
        seen.again++;
        expect([event.type, ['stale', 'expired']]).toEqual(['again', expect.arrayContaining([after.state])]);
      }
      for (const [name, { drift }] of Object.entries(before.hosts))
        if (drift) expect(after.hosts[name as HostName]?.drift).toBe(drift);
      if (!isFinal(after.state) || isFinal(before.state) || after.executingSince === undefined) return;
      const parts = Object.values(after.hosts);
      const worked = parts.filter(({ plan }) => (plan?.items ?? 0) + (plan?.cache ?? 0) > 0);
      // One that was given up and then corrected may have said so without its difference.
      for (const { drift, finished, trouble } of worked)
        if (finished?.stale && !trouble && drift) seen.told++;
      const ends = parts.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome));
      const touched =
        ends.includes('deleted') || ends.includes('untagged') || parts.some(({ cache }) => cache?.deleted);
      const open = ends.includes('unknown') || parts.some(({ cache }) => cache?.unknown);
      const stale = worked.every(({ drift }) => drift) && !touched && !open;
      expect(after.state === 'stale').toBe(stale);
      if (stale) seen.stale++;
      else if (worked.some(({ drift }) => drift)) seen.mixed++;
    });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });

  test('is the same run when an event changes nothing or is objected to', () => {
    playing((before, event, after) => {
      if (objection(before, event)) expect(after).toBe(before);
      if (step(after, event) !== after) return;
      expect(step(after, event)).toBe(after);
    });
  });

  test('stays what the store takes', () => {
    playing((before, _, after) => {
      if (after !== before) expect(Run.safeParse(after).success).toBe(true);
    });
  });

  test('writes one audit entry for each outcome, each decision and its end, and one more where it knows better', () => {
    const seen = { corrected: 0, settled: 0 };
    fc.assert(
      fc.property(runs, story, (first, lines) => {
        const kinds: string[] = [];
        let last = first;
        let corrected = 0;
        let settled = 0;
        tell(first, lines, (before, event, after) => {
          kinds.push(...factsOf(before, after, event.at, () => []).map(({ kind }) => kind));
          for (const [name, { outcomes, cache }] of Object.entries(before.hosts)) {
            const now = after.hosts[name as HostName];
            corrected += outcomes.filter((one, i) => now?.outcomes[i] !== one).length;
            if (cache && now?.cache !== cache) corrected++;
          }
          if (before.state === 'unknown' && after.state !== 'unknown') settled++;
          last = after;
        });
        seen.corrected += corrected;
        seen.settled += settled;
        const count = (kind: string) => kinds.filter((one) => one === kind).length;
        const parts = Object.values(last.hosts);
        const ends = parts.flatMap(({ outcomes, cache }) => [...outcomes, ...(cache ? [cache] : [])]);
        expect(count('outcome')).toBe(ends.length + corrected);
        expect(count('continued')).toBe(last.continued?.length ?? 0);
        expect(count('undone')).toBe(last.undone?.length ?? 0);
        expect(count('again')).toBe(last.again ? 1 : 0);
        expect(count('planned')).toBe(parts.filter(({ plan }) => plan).length);
        expect(count('approved')).toBe(last.approvals.length);
        expect(count('confirmed')).toBe(last.confirmed ? 1 : 0);
        expect(count('denied')).toBe(last.denied ? 1 : 0);
        expect(count('cancelled')).toBe(last.cancel ? 1 : 0);
        expect(count('expired')).toBe(last.state === 'expired' ? 1 : 0);
        expect(count('ended')).toBe(isFinal(last.state) ? 1 + settled : 0);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
  });
});

describe('a rollout, over random stories', () => {
  const working = fc.tuple(
    fc.oneof(
      at(6, fc.record({ type: fc.constant('outcomes' as const), host: someHost, outcomes: someOutcomes })),
      at(6, fc.record({ type: fc.constant('finished' as const), host: someHost, report })),
      at(1, events),
      at(
        3,
        fc.record({ type: fc.constant('continue' as const), by: somebody, wave: fc.constantFrom(0, 0, 1) }),
      ),
    ),
    fc.nat(MINUTE / 2),
  );
  const begun = hosts.map((name): readonly [Without<RunEvent>, number] => [
    { type: 'planned', host: name, plan: aSummary({ items: 1 }) } as Without<RunEvent>,
    0,
  ]);
  const rolling = (each: Parameters<typeof tell>[2]) =>
    fc.assert(
      fc.property(rollouts, fc.array(working, { maxLength: 30, size: 'max' }), (rollout, lines) =>
        tell({ ...runOver(hosts), rollout, skipConfirmation: true }, [...begun, ...lines], each),
      ),
      { numRuns: 1000 },
    );

  test('takes its hosts in turn: the next wave starts once the last one has ended, and after a pause by a person', () => {
    const seen = { waves: 0, pauses: 0, continued: 0 };
    rolling((before, event, after) => {
      const { waves } = after;
      if (!waves) return expect(after.paused).toBeUndefined();
      if (!before.waves) {
        seen.waves++;
        const due = Object.entries(after.hosts).filter(
          ([, { plan }]) => (plan?.items ?? 0) + (plan?.cache ?? 0) > 0,
        );
        return expect([waves.now, waves.hosts.flat()]).toEqual([0, due.map(([name]) => name).sort()]);
      }
      expect(waves.hosts).toEqual(before.waves.hosts);
      const over = before.waves.hosts[before.waves.now]?.every(
        (name) => after.hosts[name]?.stage === 'ended',
      );
      if (after.paused && !before.paused) {
        seen.pauses++;
        expect([over, waves.now]).toEqual([true, before.waves.now]);
      }
      if (waves.now === before.waves.now) return;
      expect([waves.now, over, after.paused]).toEqual([before.waves.now + 1, true, undefined]);
      expect(event.type === 'continue').toBe(before.paused !== undefined);
      if (event.type === 'continue') expect(event.wave).toBe(before.waves.now);
      if (before.paused) seen.continued++;
      expect(after.cancel).toBeUndefined();
    });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });
});

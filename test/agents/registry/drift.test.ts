import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import type { RegistrySelection } from '../../../src/domain/registry-selection.ts';
import { jobOf, prune, startThere, startWork } from './_there.ts';

describe.skipIf(skipWithout('a registry that changed since the plan', 'registry'))(
  'a plan that no longer fits its registry',
  () => {
    let scope: Scope;
    beforeAll(() => {
      scope = createScope('drift-there');
    });
    afterAll(() => scope.close());
    const image = (name: string, tags: string[]) => ({ layers: [{ name, bytes: 50 }], tags });
    const old = prune('app', { tags: ['old-*'], until: { ago: 0 } });

    /** Three images whose tags begin with `old`, of which so many are pushed anew after the plan. */
    async function moved(count: number, staleOver: number, selection: RegistrySelection = old) {
      const there = await startThere(scope);
      for (const name of ['old-1', 'old-2', 'old-3']) await there.pusher.image('app', image(name, [name]));
      const plan = await there.plan(selection);
      expect(plan.items).toHaveLength(3);
      for (let i = 1; i <= count; i++) await there.pusher.image('app', image(`anew ${i}`, [`old-${i}`]));
      const from = there.front.requests.length;
      const work = await startWork(there);
      const outcomes = await work.execute({ ...jobOf(plan), staleOver }, selection);
      const drift = work.said.find(
        (body): body is Extract<ReportBody, { kind: 'stale' }> => body.kind === 'stale',
      );
      // A new plan asks whether deletion is on, by deleting what cannot exist.
      const deleted = there
        .deletions(from)
        .filter((path) => plan.items.some(({ image }) => path.endsWith(image)));
      return { there, outcomes, drift: drift?.drift, deleted, said: work.said };
    }

    test('is left alone where too much of it changed, and says what a new one would do', async () => {
      const { there, outcomes, drift, deleted, said } = await moved(2, 0.5);
      expect(deleted).toEqual([]);
      expect(await there.tags('app')).toEqual(['old-1', 'old-2', 'old-3']);
      expect(outcomes.map(({ outcome, why }) => `${outcome} ${why?.kind}`).sort()).toEqual([
        'skipped references',
        'skipped references',
        'skipped stale',
      ]);
      expect(drift).toMatchObject({ of: 3, unmatched: 2, plan: { items: 3, added: 2 } });
      expect(said.at(-1)).toMatchObject({ kind: 'finished', stale: true });
    });

    test('goes on with the others where little of it did', async () => {
      const { there, outcomes, drift } = await moved(1, 0.5);
      expect(drift).toBeUndefined();
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['deleted', 'deleted', 'skipped']);
      expect(await there.tags('app')).toEqual(['old-1']);
    });

    test('is not one of which only nobody can say who uses it', async () => {
      const there = await startThere(scope);
      await there.pusher.image('app', image('one', ['old-1']));
      const plan = await there.plan(old);
      const redis = there.planner.queue.holders;
      there.planner.queue.holders = async () => {
        there.planner.queue.holders = redis;
        throw new Error('Stream isn’t writeable');
      };
      const work = await startWork(there);
      const outcomes = await work.execute({ ...jobOf(plan), staleOver: 0 }, old);
      expect(work.said.map(({ kind }) => kind)).not.toContain('stale');
      // It is asked again for each, and answers by then.
      expect(outcomes).toMatchObject([{ outcome: 'deleted' }]);
    });

    test('is not one whose parts wait for their index, nor one of which all is gone', async () => {
      const there = await startThere(scope);
      const parts = [
        await there.pusher.image('app', image('a', [])),
        await there.pusher.image('app', image('b', [])),
      ];
      const index = await there.pusher.index('app', parts, { tags: ['old-1'] });
      await there.pusher.signature('app', index.digest);
      const plan = await there.plan(old);
      const first = await startWork(there);
      const job = { ...jobOf(plan), staleOver: 0 };
      expect(plan.items).toHaveLength(4);
      const ends = await first.execute(job, old);
      expect(ends.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted', 'deleted', 'deleted']);
      const again = await (await startWork(there)).execute({ ...jobOf(plan), staleOver: 0 }, old);
      expect(again.map(({ outcome }) => outcome)).toEqual(['absent', 'absent', 'absent', 'absent']);
    });
  },
);

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carryOutThere } from '../../../agents/registry/carry-out.ts';
import { openCheck } from '../../../agents/registry/check.ts';
import type { Registry } from '../../../agents/registry/ports.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { HostName, type ImageId } from '../../../src/domain/ids.ts';
import type { Item } from '../../../src/domain/plan.ts';
import type { RegistrySelection } from '../../../src/domain/registry-selection.ts';
import { all, carryOut, prune, rmi, startThere, type There } from './_there.ts';

const HOST_1 = HostName.parse('host-1');

describe.skipIf(skipWithout('what comes just before a deletion', 'registry'))(
  'what has come since a registry was read, however large it is',
  () => {
    let scope: Scope;
    beforeAll(() => {
      scope = createScope('late-there');
    });
    afterAll(() => scope.close());
    const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });

    /** Carries out the item of this digest, with what happens once all has been read and before the request. */
    async function raced(
      there: There,
      selection: RegistrySelection,
      digest: string,
      between: () => Promise<unknown>,
      registry: Partial<Registry> = {},
    ) {
      const { items } = await there.plan(selection);
      const item = items.find(({ image }) => image === digest) as Item;
      const check = openCheck(there.planner, selection.kind === 'registry rmi', there.planner.now);
      await check.check(item, 'app');
      // What it belongs to has gone by then.
      for (const one of item.after ?? []) {
        await there.registry.removeManifest('app', one);
        check.gone('app', one);
      }
      const outcome = await carryOutThere(item, {
        ...check,
        registry: { ...there.registry, ...registry },
        notes: {
          async tried() {
            await between();
            return null;
          },
        },
        settle: async () => {},
        rest: async () => true,
        trust: { tags: true },
      });
      const deletions = there.deletions().filter((path) => path.includes(digest)).length;
      return { outcome, deletions, has: await there.has('app', digest) };
    }

    test('a tag on a manifest keeps it', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const tag = () => there.pusher.manifest('app', one.mediaType, one.text, ['release']);
      expect(await raced(there, all('app'), one.digest, tag)).toMatchObject({
        outcome: { outcome: 'skipped', why: { kind: 'references', now: ['app:1', 'app:release'] } },
        deletions: 0,
        has: true,
      });
    });

    test('a tag on a part without one keeps it', async () => {
      const there = await startThere(scope);
      const part = await there.pusher.image('app', layers('part'));
      await there.pusher.index('app', [part], { tags: ['1'] });
      const tag = () => there.pusher.manifest('app', part.mediaType, part.text, ['part']);
      expect(await raced(there, all('app'), part.digest, tag)).toMatchObject({
        outcome: { outcome: 'skipped', why: { kind: 'references', now: ['app:part'] } },
        ...{ deletions: 0, has: true },
      });
    });

    test.each([1, 2])('an index %i above it keeps it', async (levels) => {
      const there = await startThere(scope);
      const part = await there.pusher.image('app', layers('part'));
      await there.pusher.index('app', [part], { tags: ['1'] });
      const other = await there.pusher.image('app', layers('other'));
      const push = async () => {
        let top = await there.pusher.index('app', [part, other], { tags: levels === 1 ? ['new'] : [] });
        if (levels === 2) top = await there.pusher.index('app', [top], { tags: ['new'] });
        return top;
      };
      expect(await raced(there, all('app'), part.digest, push)).toMatchObject({
        outcome: { outcome: 'skipped', why: { kind: 'part-of', of: ['app:new'] } },
        ...{ deletions: 0, has: true },
      });
    });

    test('an index that had gone and is pushed again keeps its parts, under its old tag or a new one', async () => {
      for (const tag of ['1', 'again']) {
        const there = await startThere(scope);
        const part = await there.pusher.image('app', layers('part'));
        const index = await there.pusher.index('app', [part], { tags: ['1'] });
        const push = () => there.pusher.manifest('app', index.mediaType, index.text, [tag]);
        expect(await raced(there, all('app'), part.digest, push)).toMatchObject({
          outcome: { outcome: 'skipped', why: { kind: 'part-of', of: [`app:${tag}`] } },
          ...{ deletions: 0, has: true },
        });
      }
    });

    test('what another look has seen meanwhile is not taken for what was there before', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const [item] = (await there.plan(all('app'))).items as [Item];
      const clock = { now: 1_000 };
      const check = openCheck(there.planner, false, () => clock.now);
      expect(await check.check(item, 'app')).toMatchObject({ there: true, why: null });
      await there.pusher.manifest('app', one.mediaType, one.text, ['release']);
      clock.now += 60_000;
      await check.check({ ...item, image: `sha256:${'0'.repeat(64)}` as ImageId }, 'app');
      expect(await check.late(item, 'app')).toMatchObject({ kind: 'references' });
      // Nor is what could not be read taken for nothing.
      there.front.fault({
        method: 'GET',
        path: /manifests\//,
        times: 99,
        change: { body: '{"schemaVersion":2}' },
      });
      await there.pusher.image('app', { ...layers('odd'), tags: ['odd'] });
      clock.now += 60_000;
      await check.check({ ...item, image: `sha256:${'0'.repeat(64)}` as ImageId }, 'app');
      expect(await check.late(item, 'app')).toMatchObject({ kind: 'registry', what: 'wrong' });
    });

    test('the use of a host keeps it, but for what was named', async () => {
      for (const [selection, outcome] of [
        [all('app'), { outcome: 'skipped', why: { kind: 'on-hosts', names: ['host-1'] } }],
        [rmi('app:1'), { outcome: 'deleted' }],
      ] as const) {
        const there = await startThere(scope);
        const part = await there.pusher.image('app', layers('part'));
        const index = await there.pusher.index('app', [part], { tags: ['1'] });
        const use = async () => {
          const holders = new Map([[part.digest as ImageId, [{ host: HOST_1, used: true }]]]);
          there.state.fleet = { holders, unheard: [] };
        };
        expect((await raced(there, selection, index.digest, use)).outcome).toMatchObject(outcome);
      }
    });

    test('is looked at again before what came too soon is asked again', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const again = { status: 429, headers: { 'retry-after': '0' } };
      there.front.fault({ method: 'DELETE', path: new RegExp(one.digest), times: 2, answer: again });
      let asked = 0;
      const removeManifest: Registry['removeManifest'] = async (...what) => {
        const result = await there.registry.removeManifest(...what);
        if (++asked === 2) await there.pusher.manifest('app', one.mediaType, one.text, ['release']);
        return result;
      };
      there.state.now += 1;
      const { outcome, deletions, has } = await raced(
        there,
        rmi('app:1'),
        one.digest,
        async () => {
          there.state.now += 1_000;
        },
        {
          removeManifest: (...what) => {
            there.state.now += 1_000;
            return removeManifest(...what);
          },
        },
      );
      expect(outcome).toMatchObject({ outcome: 'skipped', why: { kind: 'references' } });
      expect([deletions, has]).toEqual([2, true]);
    });

    test('a registry that takes the others along with one tag is not asked for another', async () => {
      const there = await startThere(scope);
      there.front.tagDeletion(true);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1', '2', 'stays'] });
      const removeTag: Registry['removeTag'] = (name) =>
        there.registry.removeManifest(name, one.digest as ImageId);
      const { outcome } = await raced(there, rmi('app:1', 'app:2'), one.digest, async () => {}, {
        removeTag,
      });
      expect(outcome).toMatchObject({
        ...{ outcome: 'failed', removed: ['app:1'] },
        why: {
          ...{ kind: 'registry', what: 'wrong' },
          message: 'it was asked for one tag alone, and app:stays is gone as well',
        },
      });
    });

    test('a host of which nothing is known keeps all but what was named', async () => {
      for (const [selection, outcome] of [
        [
          prune('app', { tags: ['*'] }),
          { outcome: 'skipped', why: { kind: 'refused', message: 'which images host-1 uses is not known' } },
        ],
        [rmi('app:1'), { outcome: 'deleted' }],
      ] as const) {
        const there = await startThere(scope);
        await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
        const { outcomes } = await carryOut(there, selection, async () => {
          there.state.fleet = { holders: new Map(), unheard: [HOST_1] };
        });
        expect(outcomes).toMatchObject([outcome]);
      }
    });

    test('a Redis that does not answer keeps all but what was named', async () => {
      for (const [selection, outcome] of [
        [
          prune('app', { tags: ['*'] }),
          { outcome: 'skipped', why: { message: 'Redis does not say which images hosts use' } },
        ],
        [rmi('app:1'), { outcome: 'deleted' }],
      ] as const) {
        const there = await startThere(scope);
        await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
        const { outcomes } = await carryOut(there, selection, async () => {
          there.planner.queue.holders = async () => {
            throw new Error('Stream isn’t writeable');
          };
        });
        expect(outcomes).toMatchObject([outcome]);
      }
    });
  },
);

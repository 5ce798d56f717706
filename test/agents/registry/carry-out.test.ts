import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheck } from '../../../agents/registry/check.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { HostName, type ImageId } from '../../../src/domain/ids.ts';
import type { Item } from '../../../src/domain/plan.ts';
import { all, carryOut, jobOf, prune, rmi, startThere, startWork } from './_there.ts';

describe.skipIf(skipWithout('deleting what a plan says', 'registry'))(
  'a plan for a registry is carried out',
  () => {
    let scope: Scope;
    beforeAll(() => {
      scope = createScope('carry-out-there');
    });
    afterAll(() => scope.close());
    const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });
    const used = (digest: string) =>
      new Map([[digest as ImageId, [{ host: HostName.parse('host-1'), used: true }]]]);

    test('by digest, an index before its parts and its signature, and nothing else', async () => {
      const there = await startThere(scope);
      const amd = await there.pusher.image('app', layers('amd'));
      const index = await there.pusher.index('app', [amd], { tags: ['1', 'same'] });
      const signature = await there.pusher.signature('app', index.digest);
      await there.pusher.image('app', { ...layers('keep'), tags: ['keep'] });
      const plan = await there.plan(rmi('app:1', 'app:same'));
      const from = there.front.requests.length;
      const work = await startWork(there);
      const outcomes = await work.execute(jobOf(plan), rmi('app:1'));
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted', 'deleted']);
      expect(outcomes[0]?.removed).toEqual(['app:1', 'app:same']);
      const paths = there.deletions(from);
      expect(paths[0]).toBe(`/v2/app/manifests/${index.digest}`);
      expect(paths.slice(1).sort()).toEqual(
        [amd.digest, signature.digest].map((digest) => `/v2/app/manifests/${digest}`).sort(),
      );
      expect(await there.tags('app')).toEqual(['keep']);
      expect(work.said.map(({ kind }) => kind).filter((kind) => kind !== 'outcomes')).toEqual([
        'started',
        'finished',
      ]);
    });

    test('by tag, and nothing else goes', async () => {
      const there = await startThere(scope);
      there.front.tagDeletion(true);
      const { digest } = await there.pusher.image('app', { tags: ['1', '2', '3'] });
      const { outcomes } = await carryOut(there, rmi('app:1', 'app:2'));
      expect(outcomes).toMatchObject([{ outcome: 'untagged', removed: ['app:1', 'app:2'] }]);
      expect(await there.tags('app')).toEqual(['3']);
      expect(await there.has('app', digest)).toBe(true);
    });

    test('in each repository that the plan names, and in no other', async () => {
      const there = await startThere(scope);
      for (const name of ['a', 'b', 'c']) await there.pusher.image(name, { ...layers('same'), tags: ['1'] });
      const { outcomes } = await carryOut(there, rmi('a:1', 'b:1'));
      expect(outcomes).toMatchObject([{ outcome: 'deleted', removed: ['a:1', 'b:1'] }]);
      expect([await there.tags('a'), await there.tags('b'), await there.tags('c')]).toEqual([[], [], ['1']]);
    });

    test('as far as it goes: what went from one repository and failed in the next is told', async () => {
      const there = await startThere(scope);
      for (const name of ['a', 'b']) await there.pusher.image(name, { ...layers('same'), tags: ['1'] });
      const { outcomes } = await carryOut(there, rmi('a:1', 'b:1'), async () => {
        there.front.fault({ method: 'DELETE', path: /\/b\//, answer: { status: 403 } });
      });
      expect(outcomes).toMatchObject([{ outcome: 'failed', removed: ['a:1'], why: { what: 'forbidden' } }]);
      expect(await there.tags('b')).toEqual(['1']);
    });

    test.each([
      ['another image is on its tag', '1', 'other', { kind: 'references', now: [] }],
      ['it has got one tag more', '2', 'one', { kind: 'references', now: ['app:1', 'app:2'] }],
    ] as const)('not where %s by now', async (_, tag, content, why) => {
      const there = await startThere(scope);
      const { digest } = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const { of } = await carryOut(there, all('app'), () =>
        there.pusher.image('app', { ...layers(content), tags: [tag] }),
      );
      expect(of(digest)).toMatchObject({ outcome: 'skipped', removed: [], why });
      expect(await there.has('app', digest)).toBe(true);
      expect(await there.tags('app')).toEqual([...new Set(['1', tag])]);
    });

    test('not where a tag has moved in the moment before', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const plan = await there.plan(all('app'));
      const work = await startWork(there);
      const job = jobOf(plan);
      // As while it is written down that the deletion is tried.
      const note = work.journal.note.bind(work.journal);
      work.journal.note = async (record) => {
        if (record.t === 'tried') await there.pusher.image('app', { ...layers('other'), tags: ['1'] });
        return note(record);
      };
      expect(await work.execute(job, all('app'))).toMatchObject([
        { outcome: 'skipped', why: { kind: 'references' } },
      ]);
      expect(there.deletions().some((path) => path.includes(one.digest))).toBe(false);
    });

    test('not where a new index needs it', async () => {
      const there = await startThere(scope);
      const amd = await there.pusher.image('app', { ...layers('amd'), tags: ['1'] });
      const { of } = await carryOut(there, all('app'), () =>
        there.pusher.index('app', [amd], { tags: ['multi'] }),
      );
      expect(of(amd.digest)).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'part-of', of: ['app:multi'] },
      });
      expect(await there.has('app', amd.digest)).toBe(true);
    });

    test('not where a container uses it by now, unless somebody named it', async () => {
      const there = await startThere(scope);
      const { digest } = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const use = async () => {
        there.state.fleet = { holders: used(digest), unheard: [] };
      };
      const pruned = await carryOut(there, all('app'), use);
      expect(pruned.outcomes).toMatchObject([
        { outcome: 'skipped', why: { kind: 'on-hosts', names: ['host-1'] } },
      ]);
      const named = await carryOut(there, rmi('app:1'));
      expect(named.outcomes).toMatchObject([{ outcome: 'deleted' }]);
    });

    test('as a prune, where it is not remembered what was asked', async () => {
      const there = await startThere(scope);
      const { digest } = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const plan = await there.plan(rmi('app:1'));
      there.state.fleet = { holders: used(digest), unheard: [] };
      const work = await startWork(there);
      expect(await work.execute(jobOf(plan), undefined)).toMatchObject([{ outcome: 'skipped' }]);
    });

    test('with parts that stay where their index could not go', async () => {
      const there = await startThere(scope);
      const amd = await there.pusher.image('app', layers('amd'));
      const index = await there.pusher.index('app', [amd], { tags: ['1'] });
      const { of } = await carryOut(there, rmi('app:1'), async () => {
        there.front.fault({ method: 'DELETE', path: new RegExp(index.digest), answer: { status: 403 } });
      });
      expect(of(index.digest)).toMatchObject({ outcome: 'failed' });
      expect(of(amd.digest)).toMatchObject({ outcome: 'skipped', why: { kind: 'part-of', of: ['app:1'] } });
      expect(await there.has('app', amd.digest)).toBe(true);
    });

    test('with parts that stay where their index has been pushed again meanwhile', async () => {
      const there = await startThere(scope);
      const amd = await there.pusher.image('app', layers('amd'));
      const index = await there.pusher.index('app', [amd], { tags: ['1'] });
      const { items } = await there.plan(rmi('app:1'));
      const [first, second] = items as [Item, Item];
      const check = openCheck(there.planner, true, there.planner.now);
      expect(await check.check(first, 'app')).toMatchObject({ there: true, why: null });
      await there.registry.removeManifest('app', first.image);
      check.gone('app', first.image);
      // By the look from before it is gone, which is why its part may go.
      expect(await check.check(second, 'app')).toMatchObject({ there: true, why: null });
      await there.pusher.manifest('app', index.mediaType, index.text, ['1']);
      there.state.now += 60_000;
      expect(await check.check(second, 'app')).toMatchObject({ why: { kind: 'part-of', of: ['app:1'] } });
    });

    test('with a signature that stays where its image has been pushed again meanwhile', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const signature = await there.pusher.signature('app', one.digest);
      // It is known to have been here.
      await there.plan(all('app'));
      await there.registry.removeManifest('app', one.digest as ImageId);
      const { of } = await carryOut(there, prune('app', { untagged: true }), () =>
        there.pusher.manifest('app', one.mediaType, one.text, ['1']),
      );
      expect(of(signature.digest)).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'part-of', of: ['app:1'] },
      });
      expect(await there.has('app', signature.digest)).toBe(true);
    });

    test('a signature that was named goes alone', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      await there.pusher.signature('app', one.digest);
      const tag = `${one.digest.replace(':', '-')}.sig`;
      expect((await carryOut(there, rmi(`app:${tag}`))).outcomes).toMatchObject([{ outcome: 'deleted' }]);
      expect(await there.tags('app')).toEqual(['1']);
    });

    test('and what was gone already is told as that', async () => {
      const there = await startThere(scope);
      const { digest } = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const { outcomes } = await carryOut(there, all('app'), () =>
        there.registry.removeManifest('app', digest as ImageId),
      );
      expect(outcomes).toMatchObject([{ outcome: 'absent', removed: [] }]);
    });

    test.each([
      ['cut off, and done', { cut: 'before', after: true }, 'deleted'],
      ['cut off, and not done', { cut: 'before', after: false }, 'unknown'],
      ['never answered, and done', { hang: 'before', after: true }, 'deleted'],
      ['never answered, and not done', { hang: 'before', after: false }, 'unknown'],
      ['broken inside, and done', { answer: { status: 500 }, after: true }, 'deleted'],
      ['broken inside, and not done', { answer: { status: 500 }, after: false }, 'unknown'],
      ['not allowed', { answer: { status: 403 } }, 'failed'],
      ['switched off', { answer: { status: 405 } }, 'failed'],
      ['asked too often', { answer: { status: 429, headers: { 'retry-after': '600' } } }, 'failed'],
      [
        'there no more',
        { answer: { status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' } },
        'absent',
      ],
      ['not found by a proxy before it', { answer: { status: 404, body: '<html>' } }, 'failed'],
    ] as const)('and asked once where it was %s', async (_, fault, outcome) => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const two = await there.pusher.image('app', { ...layers('two'), tags: ['2'] });
      const { of } = await carryOut(there, all('app'), async () => {
        there.front.fault({ method: 'DELETE', path: new RegExp(one.digest), times: 9, ...fault });
      });
      expect(of(one.digest)).toMatchObject({ outcome, removed: outcome === 'deleted' ? ['app:1'] : [] });
      expect(there.deletions().filter((path) => path.includes(one.digest))).toHaveLength(1);
      // The others go on.
      expect(of(two.digest)).toMatchObject({ outcome: 'deleted' });
      expect(await there.has('app', two.digest)).toBe(false);
      expect(await there.has('app', one.digest)).toBe(outcome !== 'deleted');
    });

    test('after a password is not taken any more, each with that reason', async () => {
      const there = await startThere(scope);
      const one = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
      const { outcomes } = await carryOut(there, all('app'), async () => {
        there.front.fault({ path: /\/app\//, times: 999, answer: { status: 401 } });
      });
      expect(outcomes).toMatchObject([
        { outcome: 'failed', why: { kind: 'registry', what: 'unauthorised' } },
      ]);
      expect(await there.has('app', one.digest)).toBe(true);
    });

    test('until it is cancelled: what is not begun is skipped', async () => {
      const there = await startThere(scope);
      for (let i = 0; i < 12; i++)
        await there.pusher.image('app', { ...layers(String(i)), tags: [String(i)] });
      const plan = await there.plan(all('app'));
      const work = await startWork(there, { cancelled: () => there.deletions().length > 3 });
      const outcomes = await work.execute(jobOf(plan), all('app'));
      const gone = outcomes.filter(({ outcome }) => outcome === 'deleted').length;
      expect(outcomes).toHaveLength(12);
      expect(outcomes.filter(({ why }) => why?.kind === 'cancelled')).toHaveLength(12 - gone);
      expect(await there.tags('app')).toHaveLength(12 - gone);
      expect(gone).toBeLessThan(12);
    });

    test('to its end, however deep and wide what hangs together is', async () => {
      const there = await startThere(scope);
      let top = await there.pusher.image('app', layers('leaf'));
      for (let depth = 0; depth < 6; depth++) {
        const leaf = await there.pusher.image('app', layers(`leaf ${depth}`));
        top = await there.pusher.index('app', [top, leaf], { ...(depth === 5 && { tags: ['1'] }) });
      }
      const { outcomes } = await carryOut(there, rmi('app:1'));
      expect(outcomes).toHaveLength(13);
      expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['deleted']));
    });
  },
);

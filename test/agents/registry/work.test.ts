import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostWork } from '../../../agents/host/host-work.ts';
import { openNotes } from '../../../agents/host/notes.ts';
import { objectionTo } from '../../../agents/host/verify.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { type Item, type Plan, planDigest } from '../../../src/domain/plan.ts';
import { Job } from '../../../src/domain/protocol.ts';
import type { RegistrySelection } from '../../../src/domain/registry-selection.ts';
import { anItem } from '../../domain/_build.ts';
import { prune as pruneOfHost } from '../host/_setup.ts';
import { all, jobOf, MAIN, rmi, silent, startThere, startWork } from './_there.ts';

describe.skipIf(skipWithout('jobs for a registry', 'registry'))('an agent of a registry', () => {
  let scope: Scope;
  beforeAll(() => {
    scope = createScope('work-there');
  });
  afterAll(() => scope.close());
  const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });

  const planned = async (selection: RegistrySelection = rmi('app:1'), names = ['app']) => {
    const there = await startThere(scope);
    for (const name of names) await there.pusher.image(name, { ...layers('one'), tags: ['1', '2'] });
    const plan = await there.plan(selection);
    return { there, plan, job: jobOf(plan), item: plan.items[0] as Item };
  };
  const both = rmi('app:1', 'app:2');

  /** What the next start of the agent finds of a job whose first item was begun so, and does about it. */
  async function broken(
    given: Awaited<ReturnType<typeof planned>>,
    tried: readonly string[],
    before = async () => {},
  ) {
    const first = await startWork(given.there);
    await first.accept(given.job);
    const notes = openNotes(first.journal, given.job, Date.now, silent);
    for (const name of tried) await notes.tried(given.item, name, null);
    await before();
    const from = given.there.front.requests.length;
    return { ...first, deleted: () => given.there.deletions(from) };
  }
  const look = async (work: Awaited<ReturnType<typeof broken>>, ms = 0) => {
    work.passed.ms += ms;
    await work.doubts.look();
  };
  const gone = (there: Awaited<ReturnType<typeof startThere>>, item: Item, repository = 'app') =>
    there.registry.removeManifest(repository, item.image);

  test('that was killed before it tried anything did nothing, and says so', async () => {
    const given = await planned(both);
    const work = await broken(given, []);
    await look(work);
    expect(work.said).toMatchObject([{ kind: 'refused', why: { kind: 'restarted' } }]);
    expect(work.deleted()).toEqual([]);
    expect(await given.there.tags('app')).toEqual(['1', '2']);
  });

  test('that was killed after the deletion finds it gone, and tells it with all its tags', async () => {
    const given = await planned(both);
    const work = await broken(
      given,
      [`app@${given.item.image}`],
      async () => void (await gone(given.there, given.item)),
    );
    await look(work);
    expect(work.outcomes()).toMatchObject([{ outcome: 'deleted', removed: ['app:1', 'app:2'] }]);
    expect(work.said.at(-1)).toMatchObject({ kind: 'finished' });
    expect(work.deleted()).toEqual([]);
  });

  test('that was killed while it asked waits as long as a deletion may take, and never asks again', async () => {
    const given = await planned(both);
    const work = await broken(given, [`app@${given.item.image}`]);
    await look(work);
    expect(work.outcomes()).toMatchObject([{ outcome: 'unknown', removed: [], why: { kind: 'restarted' } }]);
    // For a new job it is not to be touched meanwhile.
    expect(work.doubts.about(given.item.image)).toEqual({
      kind: 'refused',
      message: 'the registry may still be deleting it for an earlier run; ask again later',
    });
    for (let ms = 0; ms < 200_000; ms += 20_000) await look(work, 20_000);
    expect(work.outcomes().at(-1)).toMatchObject({ outcome: 'failed', removed: [] });
    expect(work.doubts.about(given.item.image)).toBeNull();
    expect(work.deleted()).toEqual([]);
    expect(await given.there.tags('app')).toEqual(['1', '2']);
  });

  test('that was told unknown and gone in the end says deleted', async () => {
    const given = await planned(both);
    const work = await broken(given, [`app@${given.item.image}`]);
    await look(work);
    await gone(given.there, given.item);
    await look(work);
    expect(work.outcomes().map(({ outcome }) => outcome)).toEqual(['unknown', 'deleted']);
  });

  test('that was killed between two repositories says what went and what did not', async () => {
    const given = await planned(rmi('a:1', 'a:2', 'b:1', 'b:2'), ['a', 'b']);
    const work = await broken(
      given,
      [`a@${given.item.image}`],
      async () => void (await gone(given.there, given.item, 'a')),
    );
    await look(work);
    expect(work.outcomes()).toMatchObject([
      { outcome: 'failed', removed: ['a:1', 'a:2'], why: { kind: 'restarted' } },
    ]);
    expect(await given.there.tags('b')).toEqual(['1', '2']);
  });

  test('that was killed between two tags says which one went', async () => {
    const given = await planned();
    given.there.front.tagDeletion(true);
    const { there } = given;
    await there.pusher.image('app', { ...layers('one'), tags: ['3'] });
    const plan = await there.plan(both);
    const other = { ...given, plan, job: jobOf(plan), item: plan.items[0] as Item };
    expect(other.item).toMatchObject({ action: 'untag', remove: ['app:1', 'app:2'] });
    const work = await broken(
      other,
      ['app:1'],
      async () => void (await there.registry.removeTag('app', '1')),
    );
    await look(work);
    expect(work.outcomes()).toMatchObject([{ outcome: 'failed', removed: ['app:1'] }]);
    const again = { ...other, job: jobOf(plan) };
    const whole = await broken(
      again,
      ['app:1', 'app:2'],
      async () => void (await there.registry.removeTag('app', '2')),
    );
    await look(whole);
    expect(whole.outcomes()).toMatchObject([{ outcome: 'untagged', removed: ['app:1', 'app:2'] }]);
  });

  test('that somebody else forestalled did not delete it', async () => {
    const given = await planned(both);
    const work = await broken(given, [], async () => void (await gone(given.there, given.item)));
    await openNotes(work.journal, given.job, Date.now, silent).begin(given.item);
    await look(work);
    expect(work.outcomes()).toMatchObject([{ outcome: 'absent', removed: [] }]);
  });

  test('whose registry does not answer waits for it', async () => {
    const given = await planned(both);
    const work = await broken(
      given,
      [`app@${given.item.image}`],
      async () => void (await gone(given.there, given.item)),
    );
    const end = given.there.front.fault({ path: /manifests/, times: 99, cut: 'before' });
    await expect(work.doubts.look()).rejects.toMatchObject({ problem: { what: 'no-answer' } });
    end();
    await look(work);
    expect(work.outcomes()).toMatchObject([{ outcome: 'deleted' }]);
  });

  describe('objects to', () => {
    const header = { v: 1, id: 'job', host: MAIN, epoch: 'e1', notAfter: Number.MAX_SAFE_INTEGER } as const;
    const image = `sha256:${'a'.repeat(64)}` as ImageId;
    const none = { names: [], count: 0 };
    const item = (given: Partial<Item> = {}): Item => ({
      ...anItem('a', { references: ['app:1', 'app:2'], remove: ['app:1', 'app:2'], after: [] }),
      ...{ image, manifest: { kind: 'image', platforms: [], on: none, usedOn: none }, ...given },
    });
    const execute = (items: readonly Item[], more: object = {}) =>
      Job.parse({
        ...{ ...header, kind: 'execute', run: 1, planDigest: planDigest(MAIN, items, []), items, cache: [] },
        ...more,
      });
    let work: Awaited<ReturnType<typeof startWork>>['work'];
    beforeAll(async () => {
      work = (await startWork(await startThere(scope, { allowed: ['app', 'team/*'] }))).work;
    });

    test.each<[string, Partial<Item>]>([
      ['delete a tag that the plan did not show', { remove: ['app:1', 'app:2', 'app:3'] }],
      ['delete a manifest with a tag that is not to go', { remove: ['app:1'] }],
      ['hide one behind another that is named twice', { remove: ['app:1', 'app:1'] }],
      ['take a tag away that it did not show', { action: 'untag', remove: ['app:3'] }],
      ['take nothing away', { action: 'untag', remove: [] }],
      ['delete nothing', { references: [], remove: [] }],
      ['show one digest and delete another', { references: [], remove: [`app@sha256:${'b'.repeat(64)}`] }],
      ['untag by digest', { action: 'untag', remove: [`app@${image}`] }],
      ['force', { force: true }],
      ['remove containers', { containers: [{ id: 'a'.repeat(64), name: 'web', stoppedAt: 1 }] }],
      ['delete an image of a host', { manifest: undefined as never }],
      ['delete from a repository that is not allowed', { references: ['secret:1'], remove: ['secret:1'] }],
      ['delete from one more that is not allowed', { remove: ['app:1', 'app:2', 'secret/x:1'] }],
    ])('a job that would %s', (_, given) => {
      const { manifest, ...others } = item(given);
      const one = { ...others, ...(manifest && { manifest }) } as Item;
      expect(work.objectionTo(execute([one]))).not.toBeNull();
      expect(
        work.objectionTo(execute([item(), { ...one, image: `sha256:${'c'.repeat(64)}` as ImageId }])),
      ).not.toBeNull();
    });

    test('none that the plan is', () => {
      expect(work.objectionTo(execute([item()]))).toBeNull();
      expect(work.objectionTo(execute([item({ action: 'untag', remove: ['app:2'] })]))).toBeNull();
      expect(
        work.objectionTo(execute([item({ references: [`team/x@${image}`], remove: [`team/x@${image}`] })])),
      ).toBeNull();
    });

    test('jobs of hosts, and a host to those of registries', async () => {
      const cache = [{ id: 'a', about: 'RUN x', usedAt: 0, reclaim: 0 }];
      const restored = [item({ action: 'restore' })];
      const jobs = [
        { ...header, kind: 'disk' },
        { ...header, kind: 'survey', selection: pruneOfHost() },
        { ...header, kind: 'plan', run: 1, selection: pruneOfHost() },
        { ...header, kind: 'execute', run: 1, planDigest: 'x', items: [], cache },
        { ...header, kind: 'restore', run: 1, planDigest: 'x', items: restored },
      ].map((job) => Job.parse(job));
      for (const job of jobs)
        expect(work.objectionTo(job)).toEqual({
          kind: 'refused',
          message: 'this is a registry, and no host',
        });
      await expect(work.disk()).rejects.toThrow();
      await expect(work.plan(pruneOfHost())).rejects.toThrow();

      const host = hostWork({} as never, {} as never);
      const there = [
        { ...header, kind: 'survey', selection: all('app') },
        { ...header, kind: 'plan', run: 1, selection: rmi('app:1') },
      ].map((job) => Job.parse(job));
      for (const job of there)
        expect(host.objectionTo(job)).toEqual({
          kind: 'refused',
          message: 'this is a host, and no registry',
        });
      for (const job of there) expect(work.objectionTo(job)).toBeNull();
      expect(host.objectionTo(execute([item()]))).toMatchObject({ kind: 'refused' });
      const { manifest: _, ...after } = item({ after: [image] });
      expect(host.objectionTo(execute([after]))).toMatchObject({ kind: 'refused' });
    });

    test('items that were not decided on', () => {
      const self = { host: MAIN, epoch: 'e1' };
      const job = execute([item()]);
      expect(objectionTo(job, self, 0)).toBeNull();
      for (const other of [
        item({ remove: ['app:1'] }),
        item({ after: [image] }),
        item({ manifest: undefined as never }),
      ])
        expect(
          objectionTo(execute([other], { planDigest: (job as { planDigest: string }).planDigest }), self, 0),
        ).toMatchObject({
          message: 'its items are not those of the plan that was decided on',
        });
    });
  });

  test('lets no item wait for one that is later in the list, whatever the list is', async () => {
    const there = await startThere(scope);
    const amd = await there.pusher.image('app', layers('amd'));
    const index = await there.pusher.index('app', [amd], { tags: ['1'] });
    const plan = await there.plan(rmi('app:1'));
    const turned: Plan = { ...plan, items: [...plan.items].reverse() };
    const work = await startWork(there);
    const outcomes = await work.execute(jobOf(turned), rmi('app:1'));
    const of = (digest: string) => outcomes.find(({ image }) => image === digest);
    // Still nothing goes that is needed at that moment.
    expect(of(amd.digest)).toMatchObject({ outcome: 'skipped', why: { kind: 'part-of' } });
    expect(of(index.digest)).toMatchObject({ outcome: 'deleted' });
  });
});

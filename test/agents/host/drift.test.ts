import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { buildChild, busyboxImage, type ImageSpec } from '../../../playground/parts/images.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { useHost } from './_host.ts';
import { load, nextRun, prune, rmi } from './_setup.ts';

describe.skipIf(skipWithout('drift on a real engine', 'engines', 'redis', 'busybox'))(
  'between plan and execution',
  () => {
    const host = useHost('drift');
    const app = (...tags: string[]) =>
      load(host.engine, {
        app: { tags, layers: [{ name: 'app', bytes: 4000 }] },
        other: { tags: ['other:1'], layers: [{ name: 'other', bytes: 2000 }] },
      });
    type Planned = Awaited<ReturnType<typeof host.bot.plan>>;
    /**
     * Plans, lets something happen, executes: as a whole that may be stale, and then image by image; what became of the
     * one item and of the engine.
     */
    const drift = async (plan: Planned, happen: () => Promise<unknown>) => {
      expect(plan.items).toHaveLength(1);
      await happen();
      const before = await host.witness.snapshot();
      const whole = await host.bot.execute(plan, { staleOver: 0.5 });
      expect(whole.finished.stale).toBe(true);
      expect(whole.drift).toMatchObject({ of: 1, unmatched: 1 });
      const { outcomes, drift: none } = await host.bot.execute({ ...plan, run: nextRun() });
      expect(none).toBeUndefined();
      expect(outcomes).toHaveLength(1);
      // Judged by the inventory and by the last look alike.
      expect(whole.outcomes).toEqual(outcomes);
      expect(whole.drift?.changed.map(({ image, why }) => ({ image, why }))).toEqual([
        { image: outcomes[0]?.image, why: outcomes[0]?.why },
      ]);
      return { outcome: outcomes[0], change: diff(before, await host.witness.snapshot()) };
    };
    const nothing = { imagesGone: [], tagsGone: [], tagsNew: [], digestsGone: [], containersGone: [] };

    test('a tag that means another image now is left alone, and so are both images', async () => {
      const { app: id, other } = await app('app:1');
      const { outcome, change } = await drift(await host.bot.plan(rmi(['app:1'])), () =>
        host.engine.docker.getImage(other).tag({ repo: 'app', tag: '1' }),
      );
      expect(outcome).toMatchObject({ image: id, outcome: 'skipped', why: { kind: 'references', now: [] } });
      expect(change).toMatchObject(nothing);
    });

    test('an image that got a further tag is left alone', async () => {
      const { app: id } = await app('app:1');
      const { outcome, change } = await drift(await host.bot.plan(rmi([id])), () =>
        host.engine.docker.getImage(id).tag({ repo: 'precious', tag: '1' }),
      );
      expect(outcome).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'references', now: ['app:1', 'precious:1'] },
      });
      expect(change).toMatchObject(nothing);
    });

    test('a dangling image that got a tag is left alone', async () => {
      const { app: id } = await app();
      const { outcome, change } = await drift(await host.bot.plan(prune()), () =>
        host.engine.docker.getImage(id).tag({ repo: 'precious', tag: '1' }),
      );
      expect(outcome).toMatchObject({ outcome: 'skipped', why: { kind: 'references', now: ['precious:1'] } });
      expect(change).toMatchObject(nothing);
    });

    test('an image that a container uses by now is left alone', async () => {
      await app('app:1');
      const { outcome, change } = await drift(await host.bot.plan(rmi(['app:1'])), () =>
        runContainer(host.engine.docker, { image: 'app:1', name: 'new', state: 'created' }),
      );
      expect(outcome).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'in-use', by: [{ container: 'new', running: false }] },
      });
      expect(change).toMatchObject(nothing);
    });

    test('an image that is gone is absent', async () => {
      const { app: id } = await app('app:1');
      const plan = await host.bot.plan(rmi(['app:1']));
      await host.engine.docker.getImage(id).remove();
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 0 });
      expect(outcomes).toEqual([{ image: id, outcome: 'absent', removed: [], freed: 0 }]);
      expect(none).toBeUndefined();
    });

    test('an image that something is built on by now is left alone', async () => {
      await app('app:1');
      const { outcome, change } = await drift(await host.bot.plan(rmi(['app:1'])), () =>
        buildChild(host.engine.docker, 'app:1', { label: 'child', tag: 'child:1' }),
      );
      expect(outcome).toMatchObject({ outcome: 'skipped', why: { kind: 'children', of: ['child:1'] } });
      expect(change).toMatchObject(nothing);
    });

    test('force was given for the stopped container that was shown, not for another one', async () => {
      const { app: id } = await app('app:1');
      await runContainer(host.engine.docker, { image: 'app:1', name: 'old', state: 'created' });
      const { outcome, change } = await drift(await host.bot.plan(rmi([id], true)), () =>
        runContainer(host.engine.docker, { image: 'app:1', name: 'new', state: 'created' }),
      );
      expect(outcome).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'in-use', by: [{ container: 'new' }] },
      });
      expect(change).toMatchObject(nothing);
    });

    test('a forced deletion is left out when its container runs by now', async () => {
      const { docker } = host.engine;
      const { web } = await load(host.engine, { web: busyboxImage(['web:1']) });
      const container = await runContainer(docker, { image: 'web:1', name: 'web-1', state: 'created' });
      const { outcome, change } = await drift(await host.bot.plan(rmi([web], true)), () => container.start());
      expect(outcome).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'in-use', by: [{ container: 'web-1', running: true }] },
      });
      expect(change).toMatchObject({ ...nothing, containersChanged: [] });
    });

    test('a forced untag is left out when its container has stopped, since it would delete the image', async () => {
      const { docker } = host.engine;
      const { web } = await load(host.engine, { web: busyboxImage(['web:1']) });
      const container = await runContainer(docker, { image: 'web:1', name: 'web-1' });
      const { outcome, change } = await drift(await host.bot.plan(rmi([web], true)), () => container.stop());
      expect(outcome).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'in-use', by: [{ container: 'web-1', running: false }] },
      });
      expect(change).toMatchObject(nothing);
    });

    const five = () =>
      load(
        host.engine,
        Object.fromEntries(
          ['a', 'b', 'c', 'd', 'e'].map((name): [string, ImageSpec] => [
            name,
            { tags: [`${name}:1`], layers: [{ name, bytes: 4000 }] },
          ]),
        ),
      );
    const use = (...names: string[]) =>
      Promise.all(
        names.map((name) =>
          runContainer(host.engine.docker, { image: `${name}:1`, name: `on-${name}`, state: 'created' }),
        ),
      );

    test('where more than the share has changed nothing goes, and the new plan is told with the difference', async () => {
      const ids = await five();
      const plan = await host.bot.plan(prune({ all: true }));
      await use('a', 'b', 'c');
      const { fresh } = await load(host.engine, {
        fresh: { tags: ['fresh:1'], layers: [{ name: 'fresh', bytes: 9000 }] },
      });
      const before = await host.witness.snapshot();
      const job = await host.bot.executeJob(plan, { staleOver: 0.5 });
      await host.bot.send(job);
      const { outcomes, drift: told, finished } = await host.bot.finish(job);
      expect(diff(before, await host.witness.snapshot())).toMatchObject(nothing);
      expect((await host.bot.reports(job.id)).map(({ body }) => body.kind)).toEqual([
        'started',
        'stale',
        'outcomes',
        'finished',
      ]);
      expect(finished).toMatchObject({ stale: true, raced: [] });
      const named = new Map(Object.entries(ids).map(([key, id]) => [id, key]));
      expect(
        outcomes.map(({ image, outcome, why }) => `${named.get(image)} ${outcome} ${why?.kind}`).sort(),
      ).toEqual([
        'a skipped in-use',
        'b skipped in-use',
        'c skipped in-use',
        'd skipped stale',
        'e skipped stale',
      ]);
      const next = await host.bot.plan(prune({ all: true }));
      expect(told).toMatchObject({
        of: 5,
        unmatched: 3,
        plan: { digest: next.digest, items: 3, reclaim: next.reclaim, added: 1 },
      });
      expect(told?.plan?.fresh).toMatchObject([
        {
          image: fresh,
          references: ['fresh:1'],
          size: next.items.find(({ image }) => image === fresh)?.size,
        },
      ]);
      // And that one goes.
      expect((await host.bot.execute(next, { staleOver: 0 })).outcomes.map(({ outcome }) => outcome)).toEqual(
        ['deleted', 'deleted', 'deleted'],
      );
    });

    test('where no more than the share has changed the rest goes', async () => {
      const ids = await five();
      const plan = await host.bot.plan(prune({ all: true }));
      await use('a', 'b');
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 0.5 });
      expect(none).toBeUndefined();
      expect(
        outcomes
          .filter(({ outcome }) => outcome === 'skipped')
          .map(({ image }) => image)
          .sort(),
      ).toEqual([ids.a, ids.b].sort());
      expect(outcomes.filter(({ outcome }) => outcome === 'deleted')).toHaveLength(3);
    });

    test('where all may change each is looked at for itself', async () => {
      await five();
      const plan = await host.bot.plan(prune({ all: true }));
      await use('a', 'b', 'c', 'd');
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 1 });
      expect(none).toBeUndefined();
      expect(outcomes.filter(({ outcome }) => outcome === 'deleted')).toHaveLength(1);
    });

    test('what somebody else has deleted meanwhile does not make a plan stale', async () => {
      await five();
      const plan = await host.bot.plan(prune({ all: true }));
      for (const name of ['a:1', 'b:1', 'c:1', 'd:1']) await host.engine.docker.getImage(name).remove();
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 0 });
      expect(none).toBeUndefined();
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
        ...Array.from({ length: 4 }, () => 'absent'),
        'deleted',
      ]);
    });

    test('parents whose children go with them match', async () => {
      await app('app:1');
      await buildChild(host.engine.docker, 'app:1', { label: 'child', tag: 'child:1' });
      const plan = await host.bot.plan(rmi(['app:1', 'child:1', 'other:1']));
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 0 });
      expect(none).toBeUndefined();
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(plan.items.map(() => 'deleted'));
      expect(plan.items.length).toBeGreaterThanOrEqual(3);
    });

    test('a cancelled run is cancelled, and not stale', async () => {
      await app('app:1');
      const plan = await host.bot.plan(rmi(['app:1']));
      await host.engine.docker.getImage('app:1').tag({ repo: 'app', tag: '2' });
      await host.bot.cancel(plan.run);
      const { outcomes, drift: none } = await host.bot.execute(plan, { staleOver: 0 });
      expect(none).toBeUndefined();
      expect(outcomes).toMatchObject([{ outcome: 'skipped', why: { kind: 'cancelled' } }]);
    });

    test('without its selection there is no new plan, and nothing goes either', async () => {
      await app('app:1');
      const plan = await host.bot.plan(rmi(['app:1']));
      await host.engine.docker.getImage('app:1').tag({ repo: 'app', tag: '2' });
      const before = await host.witness.snapshot();
      const { drift: told, outcomes } = await host.bot.execute({ ...plan, run: nextRun() }, { staleOver: 0 });
      expect(told).toMatchObject({ of: 1, unmatched: 1 });
      expect(told).not.toHaveProperty('plan');
      expect(outcomes).toMatchObject([{ outcome: 'skipped', why: { kind: 'references' } }]);
      expect(diff(before, await host.witness.snapshot())).toMatchObject(nothing);
    });
  },
);

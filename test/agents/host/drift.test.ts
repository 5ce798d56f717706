import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { buildChild, busyboxImage } from '../../../playground/parts/images.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { useHost } from './_host.ts';
import { load, prune, rmi } from './_setup.ts';

describe.skipIf(skipWithout('drift on a real engine', 'engines', 'redis', 'busybox'))(
  'between plan and execution',
  () => {
    const host = useHost('drift');
    const app = (...tags: string[]) =>
      load(host.engine, {
        app: { tags, layers: [{ name: 'app', bytes: 4000 }] },
        other: { tags: ['other:1'], layers: [{ name: 'other', bytes: 2000 }] },
      });
    /** Plans, lets something happen, executes; what became of the one item and of the engine. */
    const drift = async (plan: Awaited<ReturnType<typeof host.bot.plan>>, happen: () => Promise<unknown>) => {
      expect(plan.items).toHaveLength(1);
      await happen();
      const before = await host.witness.snapshot();
      const { outcomes, finished } = await host.bot.execute(plan);
      expect(outcomes).toHaveLength(1);
      return { outcome: outcomes[0], finished, change: diff(before, await host.witness.snapshot()) };
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
      const { outcome } = await drift(await host.bot.plan(rmi(['app:1'])), () =>
        host.engine.docker.getImage(id).remove(),
      );
      expect(outcome).toEqual({ image: id, outcome: 'absent', removed: [], freed: 0 });
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
  },
);

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { buildChild, busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { pullImage, pushImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { type Card, expectAsPlanned } from './_card.ts';
import { deletions, openStage, type Stage } from './_world.ts';

const base = { name: 'base', bytes: 1_000_000 };
const image = (tags: string[], bytes: number, more: Partial<ImageSpec> = {}): ImageSpec => ({
  ...more,
  tags,
  layers: [base, { name: tags.join(), bytes }],
});
const short = (id: string | undefined): string => (id ?? '').slice(7, 19);

describe.skipIf(skipWithout('rmi from Slack on real engines', 'redis', 'engines', 'busybox', 'registry'))(
  'rmi',
  () => {
    let stage: Stage;
    let registry: Registry;

    beforeAll(async () => {
      stage = await openStage('rmi', {
        async load(world) {
          await loadImages(world.engine('host-1').docker, {
            keep: { tags: ['keep:1'], layers: [base] },
            other: image(['other:1', 'other:2'], 999),
          });
          await loadImages(world.engine('host-2').docker, { keep: { tags: ['keep:1'], layers: [base] } });
        },
      });
      registry = await startRegistry(stage.scope);
    });
    afterAll(() => stage?.close());

    const docker = () => stage.docker();
    const load = <Key extends string>(images: Record<Key, ImageSpec>) => loadImages(docker(), images);
    const snapshot = () => stage.witness().snapshot();

    /** Through the press of whom the card waits for, to the end; the engine is compared with the plan. */
    async function carriedOut(card: Card) {
      const before = await snapshot();
      const shown = card.now();
      expect(shown.state).toBe('proposed');
      const forced = shown.buttons.includes('Approve');
      if (forced) expect(shown.buttons).toEqual(['Approve', 'Deny', 'Cancel']);
      await (forced ? stage.bo.presses(card, 'Approve') : stage.ana.presses(card, 'Delete'));
      const end = await card.ends();
      const after = await snapshot();
      expectAsPlanned(shown.host().goes, before, after);
      expect(end.state).toBe('done');
      const comesBack = shown.host().goes.some(({ rest }) => !rest.includes("can't be pulled again"));
      expect(end.buttons).toEqual(comesBack ? ['Undo'] : []);
      expect(end.lines.join('\n')).toContain(forced ? 'approved by @bo' : 'confirmed by @ana');
      return { shown: shown.host(), plan: shown, end, before, after };
    }
    const rmi = async (what: string) => carriedOut(await stage.ana.asks(`/dimg rmi host-1 ${what}`));
    /** A card that ends without any deletion. */
    async function nothing(what: string) {
      const before = await snapshot();
      const card = await stage.ana.asks(`/dimg rmi host-1 ${what}`);
      const end = await card.ends();
      expect(end.buttons).toEqual([]);
      expect(await snapshot()).toEqual(before);
      return end;
    }

    test('by tag', async () => {
      const { one } = await load({ one: image(['app:1'], 200_000) });
      const { shown, end } = await rmi('app:1');
      expect(shown.goes).toEqual([
        {
          mark: '•',
          names: ['app:1'],
          id: short(one),
          rest: "frees 200 kB of 1.2 MB, can't be pulled again",
        },
      ]);
      expect(end.text).toContain('deleted 1 of 1, 200 kB');
    });

    test('by whole ID, and by prefix with and without sha256:', async () => {
      const ids = await load({
        whole: image(['app:whole'], 210_000),
        bare: image(['app:bare'], 220_000),
        prefix: image(['app:prefix'], 230_000),
        long: image(['app:long'], 240_000),
      });
      for (const [name, id] of [
        [ids.whole, ids.whole],
        [ids.bare, ids.bare.slice(7)],
        [ids.prefix, ids.prefix.slice(0, 7 + 12)],
        [ids.long, ids.long.slice(7, 7 + 20)],
      ] as const) {
        const { shown } = await rmi(id);
        expect(shown.goes.map((row) => row.id)).toEqual([short(name)]);
      }
    });

    test('several at once, over the repositories, and with one that is not there', async () => {
      const ids = await load({
        one: image(['app:1'], 100_000),
        two: image(['team/web:2'], 200_000),
        three: image(['db:3'], 300_000),
      });
      const { shown, plan, end } = await rmi(`app:1 team/web:2 ${ids.three} dbb:3`);
      expect(shown.goes.map(({ id }) => id).sort()).toEqual(Object.values(ids).map(short).sort());
      expect(plan.lines.join('\n')).toContain('No image `dbb:3`. Did you mean `db:3`?');
      expect(plan.buttons[0]).toBe('Delete 3 images, 600 kB');
      expect(end.text).toContain('deleted 3 of 3, 600 kB');
    });

    test('by digest, and by tag, of an image that a registry still has', async () => {
      const { pushed } = await load({ pushed: image([`${registry.host}/team/app:1`], 250_000) });
      const digest = await pushImage(docker(), `${registry.host}/team/app:1`);
      const reference = `${registry.host}/team/app@${digest}`;
      await docker().getImage(`${registry.host}/team/app:1`).remove();
      expect(await pullImage(docker(), reference)).toBe(pushed);

      const byDigest = await rmi(reference);
      expect(byDigest.shown.goes).toEqual([
        { mark: '•', names: [reference], id: short(pushed), rest: 'frees 250 kB of 1.25 MB' },
      ]);
      expect(byDigest.end.text).toContain('deleted 1 of 1, 250 kB');

      await pullImage(docker(), `${registry.host}/team/app:1`);
      const byTag = await rmi(`${registry.host}/team/app:1`);
      expect(byTag.shown.goes.map(({ rest }) => rest)).toEqual(['frees 250 kB of 1.25 MB']);
      // A registry is never touched by it: what was deleted comes again.
      expect(await pullImage(docker(), reference)).toBe(pushed);
      await rmi(digest);
    });

    test('not found: the nearest name, and nothing to press', async () => {
      const end = await nothing('keep:2');
      expect(end.state).toBe('refused');
      expect(end.lines.join('\n')).toContain('No image `keep:2`. Did you mean `keep:1`?');
      const unknown = await nothing('0123456789ab');
      expect(unknown.state).toBe('refused');
      expect(unknown.lines.join('\n')).toContain('No image `0123456789ab`.');
    });

    test('of one tag of several: only untags', async () => {
      const { multi } = await load({ multi: image(['app:1', 'app:2', 'team/app:1'], 260_000) });
      const { shown, plan, end, after } = await rmi('app:2');
      expect(shown.goes).toEqual([
        {
          mark: '•',
          names: ['app:2'],
          id: undefined,
          rest: 'untag only, frees 0 B, the image stays as `app:1`, `team/app:1`',
        },
      ]);
      expect(plan.buttons[0]).toMatch(/^Delete 1 reference/);
      expect(after.images.find(({ id }) => id === multi)?.tags).toEqual(['app:1', 'team/app:1']);
      expect(end.host().rows.map(({ mark, rest }) => `${mark} ${rest}`)).toEqual(['✓ untagged, 0 B']);
      expect(end.lines[1]).toBe('Untagged 1 of 1, freed 0 B');
      expect(end.host().line).toContain('untagged 1 of 1');
      const told = (await stage.ana.history('host-1')).find((line) => line.includes(' untagged '));
      expect(told).toMatch(/ untagged `app:2` \(`[0-9a-f]{12}`\)$/);
    });

    test('of an ID with tags in two repositories: all of its references, without force', async () => {
      const { multi } = await load({ multi: image(['app:1', 'app:2', 'team/app:1'], 270_000) });
      const { shown, end } = await rmi(short(multi));
      expect(shown.goes.map(({ names, id }) => [names, id])).toEqual([
        [['app:1', 'app:2', 'team/app:1'], short(multi)],
      ]);
      expect(end.text).toContain('deleted 1 of 1, 270 kB');
    });

    test('of all tags of an image, one by one in one command', async () => {
      await load({ multi: image(['app:1', 'other/app:2'], 280_000) });
      const { shown } = await rmi('app:1 other/app:2');
      expect(shown.goes).toHaveLength(1);
      expect(shown.goes[0]?.rest).toContain('frees 280 kB');
    });

    describe('under containers', () => {
      beforeAll(async () => {
        await load({
          web: busyboxImage(['web:1', 'web:latest'], { layers: [{ name: 'web', bytes: 10_000 }] }),
          job: busyboxImage(['job:1'], { layers: [{ name: 'job', bytes: 20_000 }] }),
        });
        await runContainer(docker(), { image: 'web:1', name: 'web-1' });
        await runContainer(docker(), { image: 'job:1', name: 'job-1', state: 'stopped' });
      });

      test('without -f they stay, and the card says why', async () => {
        const end = await nothing('web:1 web:latest job:1');
        expect(end.state).toBe('empty');
        const why = end
          .host()
          .stays.map(({ names, rest }) => `${names.join()} ${rest}`)
          .join('\n');
        expect(why).toMatch(/^web:1,web:latest stays: in use by `web-1`/m);
        expect(why).toMatch(/^job:1 stays: in use by `job-1` \(stopped\)/m);
      });

      test('-f deletes the image of a stopped container, which stays', async () => {
        const { shown, end, after } = await rmi('job:1 -f');
        expect(shown.goes[0]?.rest).toContain('forced under `job-1` (stopped)');
        expect(end.text).toContain('deleted 1 of 1, ');
        expect(after.images.flatMap(({ tags }) => tags)).not.toContain('job:1');
        expect(after.containers.find(({ name }) => name === 'job-1')?.state).toBe('exited');
      });

      test('-f under a running container only untags, and it keeps running', async () => {
        const { shown, end, after } = await rmi('web:1 web:latest -f');
        expect(shown.goes).toHaveLength(1);
        expect(shown.goes[0]?.names).toEqual(['web:1', 'web:latest']);
        expect(shown.goes[0]?.rest).toContain('untag only, frees 0 B, `web-1` keeps running');
        expect(end.host().rows[0]?.rest).toBe('untagged, 0 B, `web-1` keeps running');
        const web = after.containers.find(({ name }) => name === 'web-1');
        expect(web?.state).toBe('running');
        expect(after.images.find(({ id }) => id === web?.imageId)?.tags).toEqual([]);
      });

      test('-f needs approval also where force turns out to be unnecessary', async () => {
        await load({ free: image(['free:1'], 30_000) });
        const { end } = await rmi('free:1 -f');
        expect(end.text).toContain('deleted 1 of 1, 30 kB');
      });
    });

    describe('of images built on each other', () => {
      test('a parent whose child stays is kept', async () => {
        await load({ parent: image(['parent:1'], 310_000) });
        await buildChild(docker(), 'parent:1', { tag: 'child:1', label: 'kept' });
        const end = await nothing('parent:1');
        expect(end.state).toBe('empty');
        expect(end.host().stays.map(({ names, rest }) => `${names.join()} ${rest}`)).toEqual([
          'parent:1 stays: `child:1` is built on it, frees 0 B',
        ]);
      });

      test('parent and child go together, the child first', async () => {
        const { images } = await snapshot();
        const idOf = (tag: string) => images.find(({ tags }) => tags.includes(tag))?.id ?? '';
        const seen = deletions(stage.witness()).length;
        const { end } = await rmi('parent:1 child:1');
        expect(end.text).toContain('deleted 2 of 2, 310 kB');
        expect(deletions(stage.witness()).slice(seen)).toEqual([idOf('child:1'), idOf('parent:1')]);
      });

      test('untagged parents go with the last child, after it', async () => {
        await load({ parent: image(['parent:2'], 320_000) });
        const middle = await buildChild(docker(), 'parent:2', { label: 'middle' });
        const leaf = await buildChild(docker(), middle, { tag: 'leaf:1', label: 'leaf' });
        const seen = deletions(stage.witness()).length;
        const { shown, after } = await rmi('leaf:1');
        expect(shown.goes.map(({ id }) => id)).toEqual([short(leaf), short(middle)]);
        expect(deletions(stage.witness()).slice(seen)).toEqual([leaf, middle]);
        expect(after.images.flatMap(({ tags }) => tags)).toContain('parent:2');
      });
    });
  },
);

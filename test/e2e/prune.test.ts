import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { type Card, expectAsPlanned } from './_card.ts';
import { deletions, openStage, type Stage } from './_world.ts';

const DAY = 86_400_000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY);
const base = { name: 'base', bytes: 1_000_000 };
const dangling = (name: string, bytes: number, more: Partial<ImageSpec> = {}): ImageSpec => ({
  tags: [],
  ...more,
  layers: [base, { name, bytes }],
});
const tagged = (tags: string[], bytes: number, more: Partial<ImageSpec> = {}): ImageSpec => ({
  ...dangling(tags.join(), bytes, more),
  tags,
});

describe.skipIf(skipWithout('prune from Slack on real engines', 'redis', 'engines', 'busybox'))(
  'prune',
  () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await openStage('prune', {
        async load(world) {
          for (const host of ['host-1', 'host-2']) {
            const { docker } = world.engine(host);
            const images = await loadImages(docker, {
              base: { tags: ['base:1'], layers: [base], labels: { keep: 'yes' } },
              web: busyboxImage(['web:1'], { labels: { keep: 'yes' } }),
              job: busyboxImage(['job:1'], { layers: [{ name: 'job', bytes: 1000 }] }),
              made: tagged(['made:1'], 1500),
              held: dangling('held', 2000),
            });
            await runContainer(docker, { image: 'web:1', name: 'web-1' });
            await runContainer(docker, { image: 'job:1', name: 'job-1', state: 'stopped' });
            await runContainer(docker, { image: 'made:1', name: 'made-1', state: 'created' });
            await runContainer(docker, { image: images.held, name: 'held-1', state: 'created' });
          }
        },
      });
    });
    afterAll(() => stage?.close());

    const snapshot = (host = 'host-1') => stage.witness(host).snapshot();
    const load = (images: Record<string, ImageSpec>, host = 'host-1') =>
      loadImages(stage.docker(host), images);

    /** Takes a proposed card through ana's press to its end, and compares the engine with the card's plan. */
    async function carriedOut(card: Card, hosts = ['host-1']) {
      const before = await Promise.all(hosts.map(snapshot));
      const shown = card.now();
      expect(shown.state).toBe('proposed');
      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();
      const after = await Promise.all(hosts.map(snapshot));
      hosts.forEach((host, i) => {
        const [was, is] = [before[i], after[i]];
        if (was && is) expectAsPlanned(shown.host(host).goes, was, is);
      });
      expect(end.buttons).toEqual([]);
      expect(end.lines.join('\n')).toContain('confirmed by @ana');
      return { shown, end };
    }

    test('deletes dangling images, to the byte, and nothing that a container uses', async () => {
      const ids = await load({ one: dangling('one', 500_000), two: dangling('two', 250_000) });
      const card = await stage.ana.asks('/dimg prune host-1');
      const { shown, end } = await carriedOut(card);

      const plan = shown.host();
      expect(plan.goes.map(({ id }) => id).sort()).toEqual(
        [ids.one, ids.two].map((id) => id?.slice(7, 19)).sort(),
      );
      expect(plan.line).toContain('2 to go, frees 750 kB');
      expect(plan.line).toContain("2 can't be pulled again");
      expect(shown.buttons).toEqual(['Delete 2 images, 750 kB', 'Cancel']);
      const why = plan.stays.map(({ names, rest }) => `${names.join()} ${rest}`).join('\n');
      expect(why).toMatch(/^web:1 stays: in use by `web-1`$/m);
      expect(why).toMatch(/^job:1 stays: in use by `job-1` \(stopped\)/m);
      expect(why).toMatch(/^made:1 stays: in use by `made-1` \(stopped\)/m);
      expect(why).toMatch(/^ stays: in use by `held-1` \(stopped\)/m);
      expect(why).toMatch(/^base:1 stays: tagged/m);

      expect(end.text).toBe(`#${card.number} done · prune host-1 · deleted 2 of 2, 750 kB`);
      expect(end.lines[1]).toMatch(/^Deleted 2 of 2( images)?, freed 750 kB$/);
      expect(end.lines.join('\n')).toMatch(/Freed 750 kB by the engine's account, planned 750 kB/);
      expect(
        end
          .host()
          .rows.map(({ rest }) => rest)
          .sort(),
      ).toEqual(["deleted, 250 kB, can't be pulled again", "deleted, 500 kB, can't be pulled again"]);
      expect(deletions(stage.witness())).toHaveLength(2);
    });

    test('has an audit number on the card, and the same in the history', async () => {
      await load({ one: dangling('one', 30_000) });
      const card = await stage.ana.asks('/dimg prune host-1');
      const { end } = await carriedOut(card);
      const lines = await stage.ana.history('host-1');
      const mine = lines.filter((line) => line.includes(` #${card.number} `));
      expect(mine[0]).toMatch(new RegExp(`^${end.audit} .*ended done: 1 image, 30 kB freed`));
      expect(mine.map((line) => line.replace(/^.* #\d+ /, ''))).toEqual([
        'ended done: 1 image, 30 kB freed',
        expect.stringMatching(/^host-1 deleted `[0-9a-f]{12}`, freed 30 kB$/),
        expect.stringMatching(/^@ana confirmed plan `[0-9a-f]{12}`$/),
        expect.stringMatching(/^host-1 planned: 1 to go, 30 kB, plan `[0-9a-f]{12}`$/),
        '@ana asked for `prune host-1`',
      ]);
    });

    test('says so where there is nothing to do', async () => {
      const before = await snapshot('host-2');
      const card = await stage.ana.asks('/dimg prune host-2');
      const end = await card.ends();
      expect(end.state).toBe('empty');
      expect(end.lines[1]).toBe('Nothing to delete.');
      expect(end.text).toContain('deleted 0 of 0');
      expect(end.buttons).toEqual([]);
      expect(await snapshot('host-2')).toEqual(before);
    });

    test('--dry-run shows the plan and touches nothing', async () => {
      await load({ one: dangling('dry', 40_000) });
      const before = await snapshot();
      const seen = deletions(stage.witness()).length;
      const card = await stage.ana.asks('/dimg prune host-1 --dry-run');
      const end = await card.ends();
      expect(end.state).toBe('done');
      expect(end.lines[1]).toContain('Dry run: would delete 1 image and free 40 kB. Nothing was deleted.');
      expect(end.text).toContain('dry run');
      expect(end.host().goes).toHaveLength(1);
      expect(card.versions().flatMap(({ buttons }) => buttons)).toEqual([]);
      expect(await snapshot()).toEqual(before);
      expect(deletions(stage.witness())).toHaveLength(seen);
    });

    test('-f does not ask, and no version of its card ever offers a button to confirm', async () => {
      const before = await snapshot();
      const card = await stage.ana.asks('/dimg prune host-1 -f');
      const end = await card.ends();
      expect(end.text).toContain('done · prune host-1 · deleted 1 of 1, 40 kB');
      expect(card.versions().flatMap(({ buttons }) => buttons.filter((one) => one !== 'Cancel'))).toEqual([]);
      expect(end.buttons).toEqual([]);
      expect(end.lines.join('\n')).toContain('not asked for, as `-f` says');
      const [row] = end.host().rows;
      expectAsPlanned([{ mark: '•', names: [], id: row?.id, rest: '' }], before, await snapshot());
    });

    test('--until takes what was created before then', async () => {
      const ids = await load({
        old: dangling('old', 60_000, { created: ago(90) }),
        young: dangling('young', 70_000, { created: ago(2) }),
      });
      const card = await stage.ana.asks('/dimg prune host-1 --until 3d');
      const { shown, end } = await carriedOut(card);
      expect(shown.host().goes.map(({ id }) => id)).toEqual([ids.old?.slice(7, 19)]);
      expect(shown.host().stays.find(({ id }) => ids.young?.startsWith(`sha256:${id}`))?.rest).toMatch(
        /created 2 days ago, younger than asked/,
      );
      expect(end.text).toContain('deleted 1 of 1, 60 kB');
      await carriedOut(await stage.ana.asks('/dimg prune host-1 --filter until=24h'));
    });

    test('--label and --label!= choose by label', async () => {
      const ids = await load({
        build: dangling('build', 80_000, { labels: { stage: 'build' } }),
        test: dangling('test', 90_000, { labels: { stage: 'test' } }),
        none: dangling('none', 100_000),
      });
      const by = async (options: string) => {
        const card = await stage.ana.asks(`/dimg prune host-1 ${options}`);
        const { shown, end } = await carriedOut(card);
        return { going: shown.host().goes.map(({ id }) => id), text: end.text };
      };
      const not = await stage.ana.asks('/dimg prune host-1 --label!=stage --dry-run');
      const spared = not.now().host();
      expect(spared.goes.map(({ id }) => id)).toEqual([ids.none?.slice(7, 19)]);
      const build = await by('--label stage=build');
      expect(build.going).toEqual([ids.build?.slice(7, 19)]);
      expect(build.text).toContain('deleted 1 of 1, 80 kB');
      expect((await by('—label!=stage')).going).toEqual([ids.none?.slice(7, 19)]);
      expect((await by('--filter label=stage')).going).toEqual([ids.test?.slice(7, 19)]);
    });

    test('-a takes all that nothing uses, tags and all', async () => {
      await load({
        app: tagged(['app:1', 'app:latest', 'team/app:1.0'], 300_000),
        old: tagged(['old:1'], 200_000),
        loose: dangling('loose', 100_000),
      });
      const card = await stage.ana.asks('/dimg prune host-1 -a --label!=keep');
      const { shown, end } = await carriedOut(card);
      expect(shown.host().line).toContain('3 to go, frees 600 kB');
      expect(end.text).toContain('deleted 3 of 3, 600 kB');
      const left = (await snapshot()).images.flatMap(({ tags }) => tags).sort();
      expect(left).toEqual(['base:1', 'job:1', 'made:1', 'web:1']);
    });

    test('goes over a list of hosts, and over all of them, each by its own plan', async () => {
      await load({ one: dangling('one', 110_000) });
      await load({ two: dangling('two', 120_000), three: dangling('three', 130_000) }, 'host-2');
      const card = await stage.ana.asks('/dimg prune host-1,host-2');
      const { shown, end } = await carriedOut(card, ['host-1', 'host-2']);
      expect(shown.host('host-1').goes).toHaveLength(1);
      expect(shown.host('host-2').goes).toHaveLength(2);
      expect(shown.buttons[0]).toBe('Delete 3 images, 360 kB');
      expect(end.text).toBe(`#${card.number} done · prune 2 hosts · deleted 3 of 3, 360 kB`);

      await load({ four: dangling('four', 140_000) }, 'host-2');
      const all = await stage.ana.asks('/dimg prune all');
      const ended = await carriedOut(all, ['host-1', 'host-2']);
      expect(ended.shown.host('host-1').line).toContain('nothing to go');
      expect(ended.end.text).toContain('prune 2 hosts · deleted 1 of 1, 140 kB');
    });
  },
);

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { buildWithCache, cacheRecords } from '../../playground/parts/buildkit.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { busyboxImage, loadImages } from '../../playground/parts/images.ts';
import { openStage, type Stage, wait } from './_world.ts';

describe.skipIf(skipWithout('every way to choose, from Slack', 'redis', 'engines', 'busybox'))(
  'choosing',
  () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage('choose', { hosts: ['host-1'] });
      const at = (days: number) => new Date(Date.now() - days * 86_400_000);
      const image = (tag: string, days: number) => ({
        tags: [tag],
        created: at(days),
        layers: [{ name: tag, bytes: 100_000 }],
      });
      await loadImages(stage.docker(), {
        a1: image('team/a:1', 50),
        a2: image('team/a:2', 40),
        a3: image('team/a:3', 30),
        b1: image('team/b:1', 20),
        base: image('base/os:1', 90),
        job: busyboxImage(['job:1'], { created: at(10), layers: [{ name: 'job', bytes: 60_000 }] }),
      });
      await runContainer(stage.docker(), { image: 'job:1', name: 'job-1', state: 'stopped' });
    });
    afterAll(() => stage?.close());

    const tags = async () => (await stage.witness().snapshot()).images.flatMap((image) => image.tags).sort();
    /** What a dry run of these options would delete. */
    const would = async (options: string) => {
      const card = await stage.ana.asks(`/dimg prune host-1 -a ${options} --dry-run`);
      return (await card.ends())
        .host()
        .goes.flatMap(({ names }) => names)
        .sort();
    };

    test('by repository, number and age, in any combination', async () => {
      expect(await would('--repo team/*')).toEqual(['team/a:1', 'team/a:2', 'team/a:3', 'team/b:1']);
      expect(await would('--repo team/* --not-repo b')).toEqual(['team/a:1', 'team/a:2', 'team/a:3']);
      expect(await would('--keep 1')).toEqual(['team/a:1', 'team/a:2']);
      expect(await would('--keep 2 --until 45d')).toEqual(['team/a:1']);
      expect(await would('--unused-for 1h')).toEqual([]);
      // As a phone types it.
      expect(await would('—repo “team/*” —keep 2')).toEqual(['team/a:1']);
    });

    test('by a goal: the least recently used first, and no more than it takes', async () => {
      await runContainer(stage.docker(), { image: 'team/a:1', name: 'look', state: 'created' });
      await stage.docker().getContainer('look').remove();
      await wait(300);
      const goes = await would('--repo team/a --free 150kB');
      expect(goes).toHaveLength(2);
      expect(goes).not.toContain('team/a:1');
      expect(await would('--repo team/a --free-to 100%')).toEqual([]);
      const missed = await stage.ana.asks('/dimg prune host-1 -a --repo team/a --free 5GB --dry-run');
      expect((await missed.ends()).lines.join('\n')).toContain('The goal of 5 GB is not reached');
      expect(await stage.ana.told('/dimg images host-1 -a --keep 1 --repo team/a')).toContain(
        'stays: the newest of `team/a`',
      );
    });

    test('with stopped containers, which are named and need somebody else’s approval', async () => {
      const before = await tags();
      const card = await stage.ana.asks('/dimg prune host-1 -a --repo job --stopped-containers');
      const shown = card.now();
      expect(shown.buttons).toEqual(['Approve', 'Deny', 'Cancel']);
      expect(shown.lines[1]).toContain('stopped containers are removed first');
      expect(shown.host().goes[0]?.rest).toContain('first removes the container `job-1`, stopped');
      await stage.bo.presses(card, 'Approve');
      const end = await card.ends();
      expect(end.text).toContain('done · prune host-1 · deleted 1 of 1');
      expect(end.lines.join('\n')).toContain('with the container `job-1`');
      expect(await tags()).toEqual(before.filter((tag) => tag !== 'job:1'));
      expect((await stage.witness().snapshot()).containers).toEqual([]);
      const history = await stage.ana.history();
      expect(history.some((line) => line.includes('removed container `job-1`'))).toBe(true);
    });

    test('with the build cache, by exact records', async () => {
      await buildWithCache(stage.world.engine('host-1') as never, {
        tag: 'built:1',
        files: [{ name: 'f1', bytes: 200_000 }],
      });
      const records = (await cacheRecords(stage.world.engine('host-1'))).length;
      const card = await stage.ana.asks('/dimg prune host-1 -a --repo built --build-cache');
      expect(card.now().buttons[0]).toMatch(
        new RegExp(`^Delete 1 image and ${records} build cache records, `),
      );
      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();
      expect(end.text).toContain(`deleted ${records + 1} of ${records + 1}`);
      expect(await cacheRecords(stage.world.engine('host-1'))).toEqual([]);
      expect(await tags()).not.toContain('built:1');
    });

    test('mistakes are answered with what to write instead', async () => {
      const told = (options: string) => stage.ana.told(`/dimg prune host-1 ${options}`);
      expect(await told('--free 20%')).toContain('"20%" is no size: write 500MB or 20GB');
      expect(await told('--free-to 20GB')).toContain('is no share of the disk: write 70%');
      expect(await told('--free 1GB --free-to 70%')).toContain('not both');
      expect(await told('--repo app:1')).toContain('has a tag');
      expect(await told('--keep 0')).toContain('from 1 up');
      expect(await told('--stopped-containers 24h')).toContain('one word too many');
      expect(await told('--stopped-containers=soon')).toContain('is no duration');
    });
  },
);

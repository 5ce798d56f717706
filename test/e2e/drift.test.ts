import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { diff } from '../../playground/parts/witness-diff.ts';
import { deletions, openStage, type Stage } from './_world.ts';

const image = (tags: string[], bytes: number): ImageSpec => ({
  tags,
  layers: [{ name: tags.join(), bytes }],
});

describe.skipIf(skipWithout('what changes between a plan and its execution', 'redis', 'engines', 'busybox'))(
  'drift',
  () => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await openStage('drift', {
        load: (world) =>
          loadImages(world.engine('host-1').docker, {
            other: image(['other:1'], 1000),
            newer: image(['newer:1'], 2000),
          }).then(() =>
            runContainer(world.engine('host-1').docker, {
              image: 'other:1',
              name: 'other',
              state: 'created',
            }),
          ),
      });
    });
    afterAll(() => stage?.close());

    test('only what still is as it was shown goes; the card says why the rest was left alone', async () => {
      const docker = stage.docker();
      const ids = await loadImages(docker, {
        same: image(['same:1'], 10_000),
        used: busyboxImage(['used:1'], { layers: [{ name: 'used', bytes: 20_000 }] }),
        made: image(['made:1'], 25_000),
        moved: image(['moved:1'], 30_000),
        more: image(['more:1'], 40_000),
        less: image(['less:1', 'less:2'], 45_000),
        gone: image(['gone:1'], 50_000),
        loose: { tags: [], layers: [{ name: 'loose', bytes: 55_000 }] },
      });
      const card = await stage.ana.asks('/dimg prune host-1 -a');
      expect(card.now().host().goes).toHaveLength(9);
      // Another client of the engine is busy meanwhile.
      await runContainer(docker, { image: 'used:1', name: 'late-1' });
      await runContainer(docker, { image: 'made:1', name: 'late-2', state: 'created' });
      await docker.getImage('newer:1').tag({ repo: 'moved', tag: '1' });
      await docker.getImage('more:1').tag({ repo: 'more', tag: '2' });
      await docker.getImage('less:2').remove();
      await docker.getImage('gone:1').remove();
      await docker.getImage(ids.loose).tag({ repo: 'found', tag: '1' });
      await loadImages(docker, { unplanned: image(['unplanned:1'], 60_000) });
      const before = await stage.witness().snapshot();
      const seen = deletions(stage.witness()).length;

      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();

      expect(diff(before, await stage.witness().snapshot())).toMatchObject({
        imagesGone: [ids.same],
        tagsGone: [`same:1=${ids.same}`],
        imagesNew: [],
        tagsNew: [],
        containersGone: [],
        containersChanged: [],
      });
      expect(deletions(stage.witness()).slice(seen)).toEqual([ids.same]);
      expect(end.state).toBe('partial');
      expect(end.text).toMatch(/deleted 1 of 9, 10 kB$/);
      expect(end.lines[1]).toMatch(/^Deleted 1 of 9.*; 7 skipped/);
      const why = (key: keyof typeof ids | 'newer') =>
        end
          .host()
          .rows.filter(({ id, names }) =>
            key === 'newer' ? names.includes('newer:1') : ids[key].startsWith(`sha256:${id}`),
          )
          .map(({ mark, rest }) => `${mark} ${rest}`)
          .join('\n');
      expect(why('same')).toBe("✓ deleted, 10 kB, can't be pulled again");
      expect(why('used')).toBe('– skipped: in use by `late-1`');
      expect(why('made')).toBe('– skipped: in use by `late-2` (stopped)');
      expect(why('moved')).toBe('– skipped: its references were removed since the plan');
      expect(why('newer')).toBe('– skipped: its references changed since the plan: `moved:1`, `newer:1`');
      expect(why('more')).toBe('– skipped: its references changed since the plan: `more:1`, `more:2`');
      expect(why('less')).toBe('– skipped: its references changed since the plan: `less:1`');
      expect(why('gone')).toBe('✓ was gone already');
      expect(why('loose')).toBe('– skipped: its references changed since the plan: `found:1`');
    });

    test('a tag that means another image by now is not taken away', async () => {
      const docker = stage.docker();
      const ids = await loadImages(docker, { app: image(['app:1', 'app:2'], 70_000) });
      const card = await stage.ana.asks('/dimg rmi host-1 app:2');
      await docker.getImage('newer:1').tag({ repo: 'app', tag: '2' });
      const before = await stage.witness().snapshot();
      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();
      expect(await stage.witness().snapshot()).toEqual(before);
      expect(before.images.find(({ id }) => id === ids.app)?.tags).toEqual(['app:1']);
      expect(end.state).toBe('partial');
      expect(end.lines.join('\n')).toMatch(
        /– `app:2` skipped: its references changed since the plan: `app:1`/,
      );
    });

    test('force was granted under the containers that were shown, and no other', async () => {
      const docker = stage.docker();
      await loadImages(docker, {
        job: busyboxImage(['job:1'], { layers: [{ name: 'job', bytes: 80_000 }] }),
      });
      await runContainer(docker, { image: 'job:1', name: 'job-1', state: 'stopped' });
      const card = await stage.ana.asks('/dimg rmi host-1 job:1 -f');
      await runContainer(docker, { image: 'job:1', name: 'job-2', state: 'stopped' });
      const before = await stage.witness().snapshot();
      await stage.bo.presses(card, 'Approve');
      const end = await card.ends();
      expect(await stage.witness().snapshot()).toEqual(before);
      expect(end.lines.join('\n')).toContain('skipped: in use by `job-2` (stopped)');
    });

    test('cancelled while it executes: it stops at the next image, and the card counts truly', async () => {
      const engine = stage.world.engine('host-2');
      const many = 80;
      await loadImages(
        engine.docker,
        Object.fromEntries(Array.from({ length: many }, (_, i) => [`i${i}`, image([`many:${i}`], 2_000)])),
      );
      const card = await stage.ana.asks('/dimg prune host-2 -a');
      const before = await stage.witness('host-2').snapshot();
      expect(card.now().buttons[0]).toBe(`Delete ${many} images, 160 kB`);
      await stage.ana.presses(card, 'Delete');
      // The engine is held still, so that there is something left to be cancelled however fast it is.
      await stage.slack.waitFor(() => deletions(stage.witness('host-2')).length >= 3, 10_000);
      engine.pause();
      try {
        await card.waitFor(({ state, buttons }) => state === 'executing' && buttons.includes('Cancel'));
        await stage.ana.presses(card, 'Cancel');
        const stopping = await card.waitFor(({ lines }) => lines[1]?.startsWith('Stopping'));
        expect(stopping.buttons).toEqual([]);
        const again = await stage.ana.told(`/dimg cancel ${card.number}`);
        expect(again).toContain(`#${card.number} is already being cancelled`);
      } finally {
        engine.resume();
      }
      const end = await card.ends();
      const became = diff(before, await stage.witness('host-2').snapshot());
      const gone = became.imagesGone.length;
      expect(end.state).toBe('cancelled');
      expect(gone).toBeGreaterThanOrEqual(3);
      expect(gone).toBeLessThan(many);
      expect(end.lines[1]).toMatch(
        new RegExp(`^Cancelled: deleted ${gone} of ${many}.*, freed ${gone * 2} kB$`),
      );
      expect(end.text).toContain(`deleted ${gone} of ${many}, ${gone * 2} kB`);
      expect(end.lines.join('\n')).toContain('skipped: cancelled before its turn');
      expect(end.lines.at(-1)).toContain('cancelled by @ana');
      expect([...deletions(stage.witness('host-2'))].sort()).toEqual([...became.imagesGone].sort());
    });
  },
);

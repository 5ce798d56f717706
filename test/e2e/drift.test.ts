import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { diff } from '../../playground/parts/witness-diff.ts';
import { cardOf, expectAsPlanned, rendered } from './_card.ts';
import { deletions, OPS, openStage, type Stage } from './_world.ts';

const image = (tags: string[], bytes: number): ImageSpec => ({
  tags,
  layers: [{ name: tags.join(), bytes }],
});

/** Presses at once of Run again, by two people. */
const PRESSES = 20;

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
      // So many that the plan is not stale: then each is looked at for itself.
      const same = ['same:1', 'same:2', 'same:3', 'same:4', 'same:5', 'same:6'];
      const kept = await loadImages(
        docker,
        Object.fromEntries(same.map((name) => [name, image([name], 10_000)])),
      );
      const ids = await loadImages(docker, {
        used: busyboxImage(['used:1'], { layers: [{ name: 'used', bytes: 20_000 }] }),
        made: image(['made:1'], 25_000),
        moved: image(['moved:1'], 30_000),
        more: image(['more:1'], 40_000),
        less: image(['less:1', 'less:2'], 45_000),
        gone: image(['gone:1'], 50_000),
        loose: { tags: [], layers: [{ name: 'loose', bytes: 55_000 }] },
      });
      const card = await stage.ana.asks('/dimg prune host-1 -a');
      expect(card.now().host().goes).toHaveLength(14);
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
        imagesGone: Object.values(kept).sort(),
        tagsGone: same
          .map((name) => `${name}=${kept[name]}`)
          .sort((a, b) => (a.slice(7) < b.slice(7) ? -1 : 1)),
        imagesNew: [],
        tagsNew: [],
        containersGone: [],
        containersChanged: [],
      });
      expect(deletions(stage.witness()).slice(seen).sort()).toEqual(Object.values(kept).sort());
      expect(end.state).toBe('partial');
      expect(end.text).toMatch(/deleted 6 of 14, 60 kB$/);
      expect(end.lines[1]).toMatch(/^Deleted 6 of 14.*; 7 skipped/);
      const why = (key: keyof typeof ids | 'newer') =>
        end
          .host()
          .rows.filter(({ id, names }) =>
            key === 'newer' ? names.includes('newer:1') : ids[key].startsWith(`sha256:${id}`),
          )
          .map(({ mark, rest }) => `${mark} ${rest}`)
          .join('\n');
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
      expect(end.state).toBe('stale');
      const told = end.lines.join('\n');
      expect(told).toMatch(/– `app:2` `\w+` no longer goes: its references changed since the plan: `app:1`/);
      expect(told).toMatch(
        /\+ `app:2` `\w+` would be untagged now, 0 B\na new plan would delete 1 reference, 0 B/,
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
      expect(end.state).toBe('stale');
      expect(end.lines.join('\n')).toContain('no longer goes as it was shown: in use by `job-2` (stopped)');
    });

    test('one of four that changed is left, and the others go', async () => {
      const docker = stage.docker('host-2');
      const names = ['four:1', 'four:2', 'four:3', 'four:4'];
      const ids = await loadImages(
        docker,
        Object.fromEntries(names.map((name) => [name, image([name], 5000)])),
      );
      const card = await stage.ana.asks(`/dimg rmi host-2 ${names.join(' ')}`);
      await docker.getImage('four:2').tag({ repo: 'precious', tag: '1' });
      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();
      expect(end.text).toContain('partial · rmi host-2 · deleted 3 of 4, 15 kB');
      expect(end.host('host-2').rows[0]).toMatchObject({ mark: '–', names: ['four:2'] });
      expect((await stage.witness('host-2').snapshot()).images.map(({ id }) => id)).toEqual([ids['four:2']]);
      await docker.getImage('four:2').remove();
      await docker.getImage('precious:1').remove();
    });

    test('of two hosts only the one that changed is left, with its difference', async () => {
      for (const host of ['host-1', 'host-2'])
        await loadImages(stage.docker(host), { both: image(['both:1'], 6000) });
      const card = await stage.ana.asks('/dimg rmi all both:1');
      await stage.docker('host-1').getImage('both:1').tag({ repo: 'both', tag: '2' });
      const before = await stage.witness('host-1').snapshot();
      await stage.ana.presses(card, 'Delete');
      const end = await card.ends();
      expect(end.text).toContain('partial · rmi 2 hosts · deleted 1 of 2');
      expect(await stage.witness('host-1').snapshot()).toEqual(before);
      expect(end.host('host-1').line).toBe('host-1 1 of 1 no longer matches · nothing was deleted here');
      expect(end.host('host-2').line).toContain('1 of 1 gone');
      expect(end.buttons).toEqual([]);
    });

    test('what is approved and no longer true deletes nothing: the difference is shown, and run again by one of many presses', async () => {
      const docker = stage.docker();
      const ids = await loadImages(docker, {
        busy: busyboxImage(['busy:1'], { layers: [{ name: 'busy', bytes: 31_000 }] }),
        named: image(['named:1'], 32_000),
        plain: image(['plain:1'], 33_000),
      });
      const asked = [ids.busy, ids.named, ids.plain].map((id) => id.slice(7, 19)).join(' ');
      const card = await stage.ana.asks(`/dimg rmi host-1 ${asked} -f`);
      expect(card.now().host().goes).toHaveLength(3);
      await runContainer(docker, { image: 'busy:1', name: 'busy-1' });
      await docker.getImage(ids.named).tag({ repo: 'named', tag: '2' });
      const before = await stage.witness().snapshot();
      const seen = stage.witness().events.length;
      await stage.bo.presses(card, 'Approve');
      const end = await card.ends();

      expect(await stage.witness().snapshot()).toEqual(before);
      expect(stage.witness().events.slice(seen)).toEqual([]);
      expect(end.text).toBe(`#${card.number} stale · rmi host-1 · deleted 0 of 3, 0 B`);
      expect(end.lines.slice(1, -2)).toEqual([
        'The host has changed since the plan: 2 of 3 no longer match. Nothing was deleted.',
        'host-1 2 of 3 no longer match · nothing was deleted here',
        expect.stringMatching(/^– `busy:1` `\w+` no longer goes as it was shown: in use by `busy-1`$/),
        expect.stringMatching(/^– `named:1` `\w+` no longer goes as it was shown: .*: `named:1`, `named:2`$/),
        expect.stringMatching(/^a new plan would delete 2 images and 1 reference, 65 kB$/),
      ]);
      expect(end.buttons).toEqual(['Run again']);
      await stage.cy.types(`/dimg show ${card.number}`);
      const shown = await stage.slack.waitFor(() =>
        stage.slack
          .messages(OPS)
          .map(rendered)
          .find((lines) => lines[0]?.startsWith(`#${card.number} stale`) && lines.length > 5),
      );
      expect(shown.join('\n')).toContain('a new plan would delete 2 images and 1 reference, 65 kB');
      expect(shown.join('\n')).toMatch(/`plain:1` `\w+` skipped: left with the others/);

      const told = stage.slack.ephemerals().length;
      const { card: anew, result: presses } = await stage.anew(card, () =>
        Promise.all(
          Array.from({ length: PRESSES }, (_, i) =>
            stage.slack.press({
              ...{ user: stage[i % 2 ? 'ana' : 'cy'].id, channel: OPS, ts: card.ts },
              label: 'Run again',
            }),
          ),
        ),
      );
      expect(presses.filter(({ error }) => error !== undefined)).toEqual([]);
      const [who] = /@(ana|cy)$/.exec(anew.now().lines[0] ?? '') ?? [];
      const late = () => stage.slack.ephemerals().slice(told);
      await stage.slack.waitFor(() => late().length >= PRESSES - 1, 20_000, 'an answer to every other press');
      expect(new Set(late().flatMap(rendered))).toEqual(
        new Set([`#${card.number} was asked for again already: see #${anew.number}.`]),
      );
      expect(late()).toHaveLength(PRESSES - 1);
      await card.waitFor(({ buttons }) => buttons.length === 0);
      expect(card.now().lines.at(-1)).toMatch(new RegExp(`asked again by ${who} .* as #${anew.number}`));
      expect(anew.now().lines[0]).toContain(`\`rmi host-1 ${asked} -f\` asked by ${who}`);
      expect(anew.now().buttons).toEqual(['Approve', 'Deny', 'Cancel']);

      const goes = anew.now().host().goes;
      await stage.bo.presses(anew, 'Approve');
      const done = await anew.ends();
      expect(done.text).toContain('done · rmi host-1 · deleted 3 of 3, 65 kB');
      expectAsPlanned(goes, before, await stage.witness().snapshot());
      const cards = stage.slack.messages(OPS).flatMap((message) => cardOf(stage.slack, message) ?? []);
      expect(cards.filter(({ number }) => number >= anew.number)).toHaveLength(1);
      const history = (await stage.ana.history()).join('\n');
      expect(history).toContain(`#${card.number} ended stale: 0 images, 0 B freed`);
      expect(history).toContain(`#${card.number} ${who} asked for it again with #${anew.number}`);
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
      const seen = deletions(stage.witness('host-2')).length;
      expect(card.now().buttons[0]).toBe(`Delete ${many} images, 160 kB`);
      await stage.ana.presses(card, 'Delete');
      // The engine is held still, so that there is something left to be cancelled however fast it is.
      const begun = () => deletions(stage.witness('host-2')).slice(seen);
      await stage.slack.waitFor(() => begun().length >= 3, 10_000);
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
      // An engine that is held still may cut a deletion off: what that freed is then not known, and said so.
      const whole = end.lines.join('\n');
      const uncounted = whole.split('what that freed is not known').length - 1;
      const freed = `${uncounted > 0 ? 'at least ' : ''}${(gone - uncounted) * 2} kB`;
      expect(end.lines[1], whole).toBe(`Cancelled: deleted ${gone} of ${many}, freed ${freed}`);
      expect(end.text).toContain(`deleted ${gone} of ${many}, ${freed}`);
      expect(whole).toContain('skipped: cancelled before its turn');
      expect(end.lines.at(-1)).toContain('cancelled by @ana');
      expect(begun().sort()).toEqual([...became.imagesGone].sort());
    });
  },
);

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import { DAY, pruning, rules } from '../domain/_build.ts';
import { openLab } from './_lab.ts';
import { type Random, randomOf } from './_random.ts';
import { look, named, openTwins } from './_twins.ts';

/** More by hand: `DIMG_TWINS=100`; one again: `DIMG_SEED=17 DIMG_TWINS=1`; elsewhere: `DIMG_ENGINE=28.5`. */
const TWINS = Number(process.env.DIMG_TWINS ?? 4);
const SEED = Number(process.env.DIMG_SEED ?? 1);

describe.skipIf(skipWithout("Docker's own prune beside ours", 'engines', 'busybox', 'registry'))(
  'twins',
  () => {
    let twins: Awaited<ReturnType<typeof openTwins>>;
    beforeAll(async () => {
      twins = await openTwins();
    }, 60_000);
    afterAll(() => twins?.close(), 60_000);

    test.each(Array.from({ length: TWINS }, (_, i) => SEED + i))(
      'docker image prune deletes the same images, but for what it gets wrong: DIMG_SEED=%i',
      async (seed) => {
        const { ours, theirs } = twins;
        await twins.build(seed);
        const before = named(await look(ours));
        expect(named(await look(theirs))).toEqual(before);
        const { selection, filters } = draw(randomOf(seed + 1_000_000));
        const told = `seed ${seed}: ${JSON.stringify(filters)}`;

        const lab = openLab(ours, { rules: rules(), now: Date.now });
        await lab.execute(await lab.plan(selection), true);
        await theirs.docker.pruneImages({ filters: JSON.stringify(filters) });

        const [left, docker] = [named(await look(ours)), named(await look(theirs))];
        if (ours.store === 'containerd' && selection.until) {
          // There Docker goes by when an image came, whatever its date: all of these have just come.
          expect(docker, told).toEqual(before);
          return;
        }
        expect([...left.keys()].filter((key) => docker.has(key)).sort(), told).toEqual(
          [...docker.keys()].sort(),
        );
        // And there it takes an image on which another one is built that stays.
        for (const key of left.keys())
          if (!docker.has(key))
            expect([ours.store, left.get(key)?.hasChildren], `${told}: ${key}`).toEqual(['containerd', true]);
        for (const [key, image] of left) {
          // We never take a name away from an image that stays. Docker does, where another image is built on it, and
          // from one that a container uses all names but one.
          expect(image.tags, `${told}: ${key}`).toEqual(before.get(key)?.tags);
          const others = docker.get(key)?.tags ?? [];
          if (!docker.has(key) || String(others) === String(image.tags)) continue;
          expect(selection.all, `${told}: ${key}`).toBe(true);
          expect(image.used || image.hasChildren, `${told}: ${key}`).toBe(true);
          expect(
            others.every((tag) => image.tags.includes(tag)),
            `${told}: ${key}`,
          ).toBe(true);
        }
      },
      120_000,
    );
  },
);

/** A prune by Docker's own options, as it and as we spell them. */
function draw(random: Random) {
  const all = random.chance(0.6);
  const until = random.chance(0.35) ? { ago: (5 + random.below(50)) * DAY } : undefined;
  const label = random.chance(0.3) ? { key: 'team', value: random.pick(['web', 'api']) } : undefined;
  const not = random.chance(0.25) ? { key: 'keep' } : undefined;
  const selection: PruneSelection = pruning({
    all,
    labels: [...(label ? [{ ...label, not: false }] : []), ...(not ? [{ ...not, not: true }] : [])],
    ...(until && { until }),
  });
  const filters = {
    dangling: [String(!all)],
    ...(until && { until: [`${until.ago / 3_600_000}h`] }),
    ...(label && { label: [`${label.key}=${label.value}`] }),
    ...(not && { 'label!': [not.key] }),
  };
  return { selection, filters };
}

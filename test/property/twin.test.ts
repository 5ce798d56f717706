import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Engine, startEngine } from '../../playground/parts/engine.ts';
import { type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import { empty } from '../agents/host/_setup.ts';
import { DAY, pruning, rules } from '../domain/_build.ts';
import { openLab } from './_lab.ts';
import { type Random, randomOf } from './_random.ts';
import { buildWorld, keyOf } from './_world.ts';

/** More by hand: `DIMG_TWINS=100`; one again: `DIMG_SEED=17 DIMG_TWINS=1`; elsewhere: `DIMG_ENGINE=28.5`. */
const TWINS = Number(process.env.DIMG_TWINS ?? 8);
const SEED = Number(process.env.DIMG_SEED ?? 1);

describe.skipIf(skipWithout("Docker's own prune beside ours", 'engines', 'busybox', 'registry'))(
  'twins',
  () => {
    let scope: Scope;
    let ours: Engine;
    let theirs: Engine;
    let registry: Registry;
    beforeAll(async () => {
      scope = createScope('twins');
      [ours, theirs, registry] = await Promise.all([
        startEngine(scope, { name: 'ours' }),
        startEngine(scope, { name: 'theirs' }),
        startRegistry(scope),
      ]);
    }, 60_000);
    afterAll(() => scope?.close(), 60_000);

    test.each(Array.from({ length: TWINS }, (_, i) => SEED + i))(
      'docker image prune deletes the same images, but for what it gets wrong: DIMG_SEED=%i',
      async (seed) => {
        const at = Date.now();
        for (const engine of [ours, theirs]) {
          await empty(engine);
          await buildWorld(engine, registry, randomOf(seed), at);
        }
        expect(await look(ours)).toEqual(await look(theirs));
        const before = await look(ours);
        const { selection, filters } = draw(randomOf(seed + 1_000_000), ours.store);
        const told = `seed ${seed}: ${JSON.stringify(filters)}`;

        const lab = openLab(ours, { rules: rules(), now: Date.now });
        await lab.execute(await lab.plan(selection), true);
        await theirs.docker.pruneImages({ filters: JSON.stringify(filters) });

        const [left, docker] = [await look(ours), await look(theirs)];
        expect([...left.keys()].sort(), told).toEqual([...docker.keys()].sort());
        for (const [key, image] of left) {
          // We never take a name away from an image that stays. Docker does, where another image is built on it, and
          // from one that a container uses all names but one.
          expect(image.tags, `${told}: ${key}`).toEqual(before.get(key)?.tags);
          const others = docker.get(key)?.tags ?? [];
          if (String(others) === String(image.tags)) continue;
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

type Look = Map<string, { tags: string[]; used: boolean; hasChildren: boolean }>;

/** What an engine has, by names that are the same on both. */
async function look({ docker }: Engine): Promise<Look> {
  const images = await docker.listImages({ all: true });
  const containers = await docker.listContainers({ all: true });
  return new Map(
    images.map((image) => [
      // Steps of one build are told apart by how many come before.
      `${keyOf(image)} ${image.ParentId === '' ? 'lone' : 'child'}`,
      {
        tags: (image.RepoTags ?? []).filter((tag) => !tag.startsWith('<none>')).sort(),
        used: containers.some(({ ImageID }) => ImageID === image.Id),
        hasChildren: images.some(({ ParentId }) => ParentId === image.Id),
      },
    ]),
  );
}

/** A prune by Docker's own options, as it and as we spell them. */
function draw(random: Random, store: Engine['store']) {
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
  return { selection, filters, store };
}

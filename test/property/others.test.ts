import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { Engine } from '../../playground/parts/engine.ts';
import { settledStoreSize } from '../../playground/parts/store-size.ts';
import { DAY, HOUR, pruning, rules } from '../domain/_build.ts';
import { readFacts } from './_facts.ts';
import { openLab } from './_lab.ts';
import { type Memory, usedAt } from './_model.ts';
import { randomOf } from './_random.ts';
import { look, openTwins } from './_twins.ts';
import { LATER_MS } from './_world.ts';

const TWINS = Number(process.env.DIMG_TWINS ?? 2);
const SEED = Number(process.env.DIMG_SEED ?? 1);
const seeds = Array.from({ length: TWINS }, (_, i) => SEED + i);

// Neither tool is packaged here, so what their manuals say they do is done on the twin by the plain API.
describe.skipIf(skipWithout('what docker-gc and docuum would choose', 'engines', 'busybox', 'registry'))(
  'the same choice as',
  () => {
    let twins: Awaited<ReturnType<typeof openTwins>>;
    beforeAll(async () => {
      twins = await openTwins();
    }, 60_000);
    afterAll(() => twins?.close(), 60_000);

    test.each(seeds)(
      'docker-gc makes (grace of an hour, exclude file, stopped containers first): DIMG_SEED=%i',
      async (seed) => {
        const { ours, theirs } = twins;
        await twins.build(seed);
        const now = Date.now() + LATER_MS;
        const started = await look(ours);
        const plan = await openLab(ours, { rules: rules({ minAge: HOUR }), now: () => now }).plan(
          pruning({ all: true, until: { ago: HOUR }, notRepos: ['base/*'], stoppedContainers: HOUR }),
        );
        const going = new Set(plan.items.map(({ image }) => image as string));
        const ids = new Map([...started].map(([key, { id }]) => [key, id]));

        const gone = await dockerGc(theirs, now);
        for (const key of gone) expect(going.has(ids.get(key) ?? ''), `${key} stays`).toBe(true);
        // It asks the engine to delete by ID and takes no for an answer: what has several names is left to it.
        const left = await look(theirs);
        for (const [key, { id }] of started) {
          const other = left.get(key);
          if (!going.has(id) || !other) continue;
          expect(other.hasChildren || other.tags.length + other.digests > 1, key).toBe(true);
        }
      },
      120_000,
    );

    test.each(seeds)(
      'docuum makes (least recently used, until under the threshold, keep some): DIMG_SEED=%i',
      async (seed) => {
        const { ours, theirs } = twins;
        await twins.build(seed);
        const now = Date.now() + LATER_MS;
        const random = randomOf(seed + 7_000);
        const used = new Map(
          [...(await look(ours)).keys()].sort().map((key) => [key, now - random.below(40 * DAY)]),
        );
        const size = await settledStoreSize(ours);
        const wanted = 1 + random.below(Math.floor(size / 2));

        const lab = openLab(ours, { rules: rules(), now: () => now, memory: await memoryOf(ours, used) });
        const plan = await lab.plan(pruning({ all: true, notRepos: ['base/*'], goal: { bytes: wanted } }));
        await lab.execute(plan, true);
        await docuum(theirs, size - wanted, await memoryOf(theirs, used));
        expect([...(await look(ours)).keys()].sort()).toEqual([...(await look(theirs)).keys()].sort());
      },
      120_000,
    );
  },
);

/** By the names that are the same on both engines. */
async function memoryOf(engine: Engine, used: ReadonlyMap<string, number>): Promise<Memory> {
  const keys = new Map([...(await look(engine))].map(([key, { id }]) => [id, key]));
  return (id) => ({ arrivedAt: 0, usedAt: used.get(keys.get(id) ?? '') ?? 0 });
}

/** Removes containers that ended before the grace, then every image that none uses and that is older. Returns what went. */
async function dockerGc({ docker, socket }: Engine, now: number): Promise<string[]> {
  const before = await look({ docker });
  const facts = await readFacts(socket);
  for (const { id, running, ended } of facts.containers)
    if (!running && now - ended > HOUR) await docker.getContainer(id).remove();
  const kept = new Set((await readFacts(socket)).containers.map(({ image }) => image));
  for (const { id, tags, created } of facts.images)
    if (!kept.has(id) && now - created > HOUR && !tags.some((tag) => tag.startsWith('base/')))
      await docker
        .getImage(id)
        .remove()
        .catch(() => {});
  const after = await look({ docker });
  return [...before.keys()].filter((key) => !after.has(key));
}

/** Deletes the least recently used image that no container uses, again and again, until the rest is small enough. */
async function docuum(engine: Engine, threshold: number, memory: Memory): Promise<void> {
  const facts = await readFacts(engine.socket);
  const used = new Set(facts.containers.map(({ image }) => image));
  const oldest = facts.images
    .filter(({ id, tags }) => !used.has(id) && !tags.some((tag) => tag.startsWith('base/')))
    .map(({ id }) => ({ id, at: usedAt(facts, id, memory) }))
    .sort((a, b) => a.at - b.at || depth(facts, b.id) - depth(facts, a.id));
  for (const { id } of oldest) {
    if ((await settledStoreSize(engine)) <= threshold) return;
    await engine.docker
      .getImage(id)
      .remove({ force: true, noprune: true })
      .catch(() => {});
  }
}

function depth(facts: Awaited<ReturnType<typeof readFacts>>, id: string): number {
  const parent = facts.images.find((image) => image.id === id)?.parent;
  return parent ? 1 + depth(facts, parent) : 0;
}

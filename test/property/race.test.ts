import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Engine, startEngine } from '../../playground/parts/engine.ts';
import { busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { pushImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { startWitness, type Witness } from '../../playground/parts/witness.ts';
import { empty } from '../agents/host/_setup.ts';
import { pruning, rules } from '../domain/_build.ts';
import { readFacts } from './_facts.ts';
import { openLab } from './_lab.ts';
import { type Random, randomOf } from './_random.ts';
import { type Deed, openRival } from './_rival.ts';

/** Things that come in between; by hand: `DIMG_OVERLAPS=500`, `DIMG_SEED=7`, `DIMG_ENGINE=28.5-containerd`. */
const OVERLAPS = Number(process.env.DIMG_OVERLAPS ?? 40);
const SEED = Number(process.env.DIMG_SEED ?? 1);
const LIMIT_MS = 30_000 + OVERLAPS * 1_500;

describe.skipIf(skipWithout('what comes between plan and deletion', 'engines', 'busybox', 'registry'))(
  'while another client is at the same images',
  () => {
    let scope: Scope;
    let engine: Engine;
    let registry: Registry;
    let witness: Witness;
    beforeAll(async () => {
      scope = createScope('race');
      [engine, registry] = await Promise.all([startEngine(scope, { name: 'host-1' }), startRegistry(scope)]);
      witness = await startWitness(engine);
    }, 60_000);
    afterAll(async () => {
      witness?.stop();
      await scope?.close();
    }, 60_000);

    test(
      `nothing unplanned goes, and what slipped away is reported: ${OVERLAPS} overlaps, DIMG_SEED=${SEED}`,
      async () => {
        const sum = { overlaps: 0, deleted: 0, skipped: 0, absent: 0, failed: 0, raced: 0 };
        for (let round = 0; sum.overlaps < OVERLAPS; round++) {
          const random = randomOf(SEED * 10_000 + round);
          const { deeds, outcomes, raced } = await race(random, `seed ${SEED}, round ${round}`);
          sum.overlaps += deeds.length;
          sum.raced += raced.length;
          for (const { outcome } of outcomes) if (outcome in sum) sum[outcome as keyof typeof sum]++;
        }
        console.log(`Overlaps and outcomes: ${JSON.stringify(sum)}`);
        // Else nothing was raced for.
        expect(sum.deleted).toBeGreaterThan(0);
        expect(sum.skipped).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );

    async function race(random: Random, told: string) {
      await empty(engine);
      const pullable = await load(random);
      const before = await readFacts(engine.socket);
      const runnable = before.images.find(({ labels }) => 'dimg.busy' in labels)?.id ?? '';
      const rival = openRival(engine.docker, random, { runnable, pullable });
      const tagsOf = new Map(before.images.map(({ id, tags }) => [id, tags]));
      // Every request of ours has company now and then: just before, at once, or just after.
      const lab = openLab(engine, {
        rules: rules(),
        now: Date.now,
        tamper: (plain) => ({
          async remove(name, options) {
            const image = name.startsWith('sha256:') ? name : (await plain.inspect(name))?.id;
            const company = async () => {
              if (!image || !random.chance(0.6)) return;
              await sleep(random.below(8));
              await rival.act(image, tagsOf.get(image) ?? []);
            };
            const [removal] = await Promise.all([plain.remove(name, options), company()]);
            return removal;
          },
        }),
      });

      const plan = await lab.plan(pruning({ all: true }));
      const planned = new Map(plan.items.map((item) => [item.image as string, item]));
      // What comes while a person thinks.
      for (const { image, references } of random.some(plan.items, 0.2)) await rival.act(image, references);
      // By the engine's own time, on this machine: what was emptied before may be heard of later.
      const since = Date.now() * 1e6;
      const { outcomes, raced } = await lab.execute(plan, true);
      const after = await readFacts(engine.socket);
      await heardAll();
      const at = `${told}: ${JSON.stringify({ deeds: rival.deeds, outcomes }, null, 1)}`;

      expectNothingUnplanned(since, planned, rival.deeds, at);
      expect(outcomes.map(({ image }) => image as string).sort(), at).toEqual([...planned.keys()].sort());
      const left = new Map(after.images.map((image) => [image.id, image]));
      const deleted = new Set(
        witness.events
          .filter((event) => event.type === 'image' && event.action === 'delete' && event.timeNano > since)
          .map(({ id }) => id),
      );
      for (const { image, outcome, why } of outcomes) {
        const there = left.get(image);
        const by = rival.deeds.filter((deed) => deed.image === image || deed.to === image);
        // What it is said to be is what the engine says.
        if (outcome === 'deleted')
          expect(deleted.has(image) || !there, `${at}\n${image} was not deleted`).toBe(true);
        const pulled = by.some(({ what, to }) => what === 'pull' && to === image);
        if (outcome === 'deleted' && !pulled) expect(there, `${at}\n${image} is still there`).toBeUndefined();
        // Who takes the last name away deletes as well.
        if (outcome === 'absent')
          expect(
            by.some(({ what }) => what === 'delete' || what === 'untag'),
            `${at}\n${image}`,
          ).toBe(true);
        if (outcome === 'skipped' || outcome === 'failed') {
          expect(why, `${at}\n${image} has no reason`).toBeDefined();
          expect(by.length, `${at}\n${image} was left alone for nothing`).toBeGreaterThan(0);
          if (why?.kind === 'engine') expect(why.message, `${at}\n${image}`).toBe('a sentence of ours');
        }
      }
      expectContainersReported(before, after, outcomes, raced, at);
      expectNamesKept(before, after, outcomes, rival.deeds, at);
      return { deeds: rival.deeds, outcomes, raced };
    }

    let marks = 0;
    /** Until the witness has heard all that has happened by now. */
    async function heardAll(): Promise<void> {
      const name = `mark:${++marks}`;
      await loadImages(engine.docker, { mark: { tags: [name], layers: [{ name, bytes: 100 }] } });
      await engine.docker.getImage(name).tag({ repo: 'marked', tag: String(marks) });
      await witness.waitFor(({ attributes }) => attributes.name === `marked:${marks}`, 20_000);
    }

    /** The engine's events of deletions are all of planned images, or what the rival asked for. */
    function expectNothingUnplanned(
      since: number,
      planned: ReadonlyMap<string, unknown>,
      deeds: readonly Deed[],
      at: string,
    ): void {
      const asked = new Set(deeds.filter(({ what }) => what === 'delete').map(({ image }) => image));
      for (const { type, action, id, timeNano } of witness.events)
        if (type === 'image' && action === 'delete' && timeNano > since)
          expect(planned.has(id) || asked.has(id), `${at}\n${id} was in no plan`).toBe(true);
    }

    /** Some images with one name, several, or none; one that runs, and one that a registry has. */
    async function load(random: Random): Promise<{ name: string; image: string } | null> {
      const specs: Record<string, ImageSpec> = {};
      for (let i = 0; i < 10; i++) {
        const names = random.pick([1, 1, 1, 2, 3, 0]);
        specs[`i${i}`] = {
          layers: [{ name: 'shared', bytes: 2000 }],
          comment: `image ${i}`,
          tags: Array.from({ length: names }, (_, n) => `${random.pick(['app', 'team/web'])}:${i}-${n}`),
        };
      }
      specs.busy = busyboxImage(['busy:1'], { labels: { 'dimg.busy': '1' } });
      await loadImages(engine.docker, specs);
      if (!random.chance(0.5)) return null;
      const name = `${registry.host}/team/app:${random.below(1e9)}`;
      const tagged = Object.values(specs).flatMap(({ tags }) => tags)[0] ?? 'busy:1';
      await engine.docker
        .getImage(tagged)
        .tag({ repo: name.replace(/:[^:]*$/, ''), tag: name.replace(/^.*:/, '') });
      await pushImage(engine.docker, name);
      return { name, image: (await engine.docker.getImage(name).inspect()).Id };
    }
  },
);

type Facts = Awaited<ReturnType<typeof readFacts>>;
type Outcomes = readonly { image: string; outcome: string; removed: readonly string[] }[];

/** A container that was made in the instant of a deletion may have lost its image: then it is named. */
function expectContainersReported(
  before: Facts,
  after: Facts,
  outcomes: Outcomes,
  raced: readonly string[],
  at: string,
) {
  const ours = new Set(outcomes.filter(({ outcome }) => outcome === 'deleted').map(({ image }) => image));
  const there = new Set(after.images.map(({ id }) => id));
  const orphans = after.containers
    .filter(
      ({ image, name }) =>
        ours.has(image) && !there.has(image) && !before.containers.some((c) => c.name === name),
    )
    .map(({ name }) => name);
  expect([...raced].sort(), at).toEqual(orphans.sort());
}

/** An image that stays has the names it had, but for those that somebody else took or moved. */
function expectNamesKept(
  before: Facts,
  after: Facts,
  outcomes: Outcomes,
  deeds: readonly Deed[],
  at: string,
) {
  const names = new Map(after.images.flatMap(({ id, tags }) => tags.map((tag) => [tag, id])));
  const stays = new Set(outcomes.filter(({ outcome }) => outcome === 'skipped').map(({ image }) => image));
  for (const { id, tags } of before.images) {
    if (!stays.has(id) || !after.images.some((image) => image.id === id)) continue;
    for (const tag of tags) {
      const others = deeds.some(
        ({ what, name, image }) =>
          (['untag', 'move', 'pull'].includes(what) && name === tag) || (what === 'delete' && image === id),
      );
      if (!others) expect(names.get(tag), `${at}\n${tag} of ${id} is lost`).toBe(id);
    }
  }
}

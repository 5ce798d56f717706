import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose } from '../../src/domain/choose.ts';
import type { ContainerState, Image, Inventory } from '../../src/domain/inventory.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Selection } from '../../src/domain/selection.ts';
import {
  aContainer,
  anImage,
  anInventory,
  DAY,
  digest,
  HOST,
  HOUR,
  id,
  NOW,
  removing,
  rules,
} from './_build.ts';

// An independent model of what may go, in the words of the contract: sets, and no order.

interface World {
  inventory: Inventory;
  rules: Rules;
}

const names = Array.from({ length: 9 }, (_, i) => `i${i}`);
const repositories = ['app', 'prod/app', 'team/web'];

/** Up to nine images: who is built on whom, tags, ages, layers; containers of any state on some of them. */
const worlds: fc.Arbitrary<World> = fc
  .record({
    images: fc.array(
      fc.record({
        parent: fc.option(fc.nat(8)),
        tags: fc.subarray(repositories),
        digested: fc.boolean(),
        age: fc.constantFrom(HOUR / 2, 2 * HOUR, 2 * DAY, 30 * DAY),
        labels: fc.dictionary(fc.constantFrom('keep', 'team'), fc.constantFrom('1', '2')),
        own: fc.nat(3),
      }),
      { maxLength: 9 },
    ),
    containers: fc.array(
      fc.record({
        image: fc.option(fc.nat(8)),
        mounts: fc.array(fc.nat(8), { maxLength: 2 }),
        state: fc.constantFrom<ContainerState>('running', 'paused', 'exited', 'created'),
      }),
      { maxLength: 3 },
    ),
    self: fc.option(fc.nat(8), { freq: 8 }),
    protect: fc.subarray(['prod/*', 'web']),
    minAge: fc.constantFrom(0, HOUR),
    force: fc.boolean(),
  })
  .map(({ images: drawn, containers, self, protect, minAge, force }) => {
    const images: Image[] = [];
    drawn.forEach((one, i) => {
      // Only an earlier image can be a parent, so there are no circles.
      const parent = one.parent !== null && one.parent < i ? images[one.parent] : undefined;
      const chains = [...(parent?.chains ?? [])];
      for (let n = 0; n < one.own; n++) chains.push(`${chains.at(-1) ?? ''}/${i}.${n}`);
      images.push(
        anImage(`i${i}`, {
          tags: one.tags.map((repository) => `${repository}:${i}`),
          digests: one.digested ? [digest(one.tags[0] ?? 'app', `i${i}`)] : [],
          createdAt: NOW - one.age,
          arrivedAt: NOW - one.age,
          labels: one.labels,
          parent: parent?.id ?? null,
          chains,
        }),
      );
    });
    const there = (i: number) => i < images.length;
    const inventory = anInventory(
      images,
      containers.map(({ image, mounts, state }, i) =>
        aContainer(
          `c${i}`,
          image !== null && there(image) ? `i${image}` : null,
          state,
          mounts.filter(there).map((n) => `i${n}`),
        ),
      ),
      { self: self !== null && there(self) ? id(`i${self}`) : null },
    );
    return { inventory, rules: rules({ protect, minAge, force }) };
  });

const prunes: fc.Arbitrary<Selection> = fc.record({
  kind: fc.constant('prune' as const),
  all: fc.boolean(),
  until: fc.constantFrom({ ago: 0 }, { ago: DAY }, { at: NOW - 7 * DAY }),
  labels: fc.array(
    fc.record({
      key: fc.constantFrom('keep', 'team'),
      value: fc.constantFrom('1', '2'),
      not: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
});

const rmis: fc.Arbitrary<Selection> = fc
  .tuple(
    fc.uniqueArray(
      fc.oneof(
        fc.constantFrom(...names.map((name) => id(name))),
        fc.tuple(fc.constantFrom(...repositories), fc.nat(8)).map(([repository, i]) => `${repository}:${i}`),
      ),
      { minLength: 1, maxLength: 6 },
    ),
    fc.boolean(),
  )
  .map(([wanted, force]) => removing(wanted, force));

const refs = (image: Image) => (image.tags.length > 0 ? image.tags : image.digests);
const users = ({ containers }: Inventory, image: Image) =>
  containers.filter((one) => one.image === image.id || one.mounts.includes(image.id));
const children = ({ images }: Inventory, image: Image) => images.filter(({ parent }) => parent === image.id);
const intermediate = (inventory: Inventory, image: Image) =>
  refs(image).length === 0 && children(inventory, image).length > 0;
const guarded = ({ inventory, rules: { protect } }: World, image: Image) =>
  inventory.self === image.id ||
  [...image.tags, ...image.digests].some(
    (ref) =>
      (protect.includes('prod/*') && /^prod\/[^/]+[:@]/.test(ref)) ||
      (protect.includes('web') && /(^|\/)web[:@]/.test(ref)),
  );

/** What goes, for one who reads the contract: the largest set that the rules allow and that is closed over children. */
function modelPrune(world: World, selection: Extract<Selection, { kind: 'prune' }>): Set<string> {
  const { inventory } = world;
  const until = selection.until;
  const mayGo = (image: Image) => {
    if (users(inventory, image).length > 0 || guarded(world, image)) return false;
    if (NOW - image.createdAt < world.rules.minAge) return false;
    if (intermediate(inventory, image)) return true;
    if (!selection.all && image.tags.length > 0) return false;
    if (until && image.createdAt > ('at' in until ? until.at : NOW - until.ago)) return false;
    const hit = ({ key, value }: { key: string; value?: string | undefined }) => image.labels[key] === value;
    const [not, want] = [selection.labels.filter((l) => l.not), selection.labels.filter((l) => !l.not)];
    return want.every(hit) && (not.length === 0 || !not.every(hit));
  };
  const goes = (image: Image): boolean => mayGo(image) && children(inventory, image).every(goes);
  return new Set(inventory.images.filter(goes).map((image) => image.id));
}

function check({ inventory, rules: { allow } }: World, selection: Selection, plan: Plan): void {
  const byId = new Map(inventory.images.map((image) => [image.id, image]));
  const deleted = new Set(plan.items.filter(({ action }) => action === 'delete').map(({ image }) => image));
  const items = new Set(plan.items.map(({ image }) => image));
  expect(items.size).toBe(plan.items.length);
  expect(plan.kept.filter(({ image }) => items.has(image))).toEqual([]);
  const force = selection.kind === 'rmi' && selection.force && allow.force;
  plan.items.forEach((item, i) => {
    const image = byId.get(item.image);
    if (!image) throw new Error(`${item.image} is not on this engine`);
    const used = users(inventory, image);
    if (item.force) expect(force).toBe(true);
    if (used.length > 0 && item.remove.length === refs(image).length) expect(item.force).toBe(true);
    if (item.action === 'delete') {
      expect(item.remove).toEqual(refs(image));
      expect(used.filter(({ state }) => state === 'running' || state === 'paused')).toEqual([]);
      expect(children(inventory, image).filter((child) => !deleted.has(child.id))).toEqual([]);
    } else {
      expect(item.reclaim).toBe(0);
      expect(item.remove.length).toBeGreaterThan(0);
    }
    for (const later of plan.items.slice(i + 1)) expect(byId.get(later.image)?.parent).not.toBe(item.image);
  });
  // What the disk really gets back: layers of deleted images that no image that stays and no container has.
  const stays = inventory.images.filter((one) => !deleted.has(one.id) || users(inventory, one).length > 0);
  const held = new Set(stays.flatMap(({ chains }) => chains));
  const freed = new Set(
    [...deleted].flatMap((one) => byId.get(one)?.chains ?? []).filter((c) => !held.has(c)),
  );
  expect(plan.reclaim).toBe(100 * freed.size);
  expect(plan.items.reduce((sum, { reclaim }) => sum + reclaim, 0)).toBe(plan.reclaim);
}

describe('choose, over random worlds', () => {
  test('prune deletes exactly what the model says, and every other image that is shown stays with a reason', () => {
    fc.assert(
      fc.property(worlds, prunes, (world, selection) => {
        if (selection.kind !== 'prune') return;
        const { inventory } = world;
        const plan = choose(HOST, inventory, selection, world.rules, NOW);
        check(world, selection, plan);
        expect(new Set(plan.items.map(({ image }) => image))).toEqual(modelPrune(world, selection));
        expect(plan.items.every(({ action, force }) => action === 'delete' && !force)).toBe(true);
        for (const { image } of plan.items) {
          const one = inventory.images.find((other) => other.id === image);
          expect(one && guarded(world, one)).toBe(false);
        }
        const accounted = new Set([...plan.items, ...plan.kept].map(({ image }) => image));
        const shown = inventory.images.filter((one) => !intermediate(inventory, one));
        expect(shown.filter((one) => !accounted.has(one.id))).toEqual([]);
        expect(
          inventory.images.filter(
            (one) => intermediate(inventory, one) && plan.kept.some(({ image }) => image === one.id),
          ),
        ).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('rmi takes nothing but what was named and untagged parents of it, and never what the host guards', () => {
    fc.assert(
      fc.property(worlds, rmis, (world, selection) => {
        if (selection.kind !== 'rmi') return;
        const { inventory } = world;
        const plan = choose(HOST, inventory, selection, world.rules, NOW);
        check(world, selection, plan);
        const typed = new Set(selection.images.map(({ text }) => text));
        for (const item of plan.items) {
          const image = inventory.images.find((one) => one.id === item.image);
          if (!image) throw new Error('an image that is not on this engine');
          expect(guarded(world, image)).toBe(false);
          if (intermediate(inventory, image) || typed.has(image.id)) continue;
          expect(item.remove.filter((reference) => !typed.has(reference))).toEqual([]);
        }
        const met = new Set([...plan.items, ...plan.kept].map(({ image }) => image));
        const unplanned = new Set(
          plan.problems.map((problem) => ('name' in problem ? problem.name : problem.kind)),
        );
        for (const name of typed) {
          const image = inventory.images.find((one) => one.id === name || one.tags.includes(name));
          expect([name, unplanned.has(name)]).toEqual([name, image === undefined]);
          // An untagged parent that stays is not shown, as nowhere else.
          if (image && !intermediate(inventory, image)) expect(met.has(image.id)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose } from '../../src/domain/choose.ts';
import type { Image, Inventory } from '../../src/domain/inventory.ts';
import { Item, Plan, planDigest } from '../../src/domain/plan.ts';
import type { Selection } from '../../src/domain/selection.ts';
import {
  aContainer,
  anImage,
  anInventory,
  anItem,
  HOST,
  host,
  id,
  NOW,
  pruning,
  removing,
  rules,
} from './_build.ts';

const plan = (inventory: Inventory, selection: Selection = pruning({ all: true })) =>
  choose(HOST, inventory, selection, rules(), NOW);
const reclaims = (inventory: Inventory, selection?: Selection) =>
  new Map(plan(inventory, selection).items.map(({ image, reclaim }) => [image, reclaim]));

describe('the reclaim', () => {
  const layers = new Map([
    ['base', 1000],
    ['a', 10],
    ['b', 20],
    ['c', 40],
  ]);
  const on = (name: string, ...chains: string[]): Image => anImage(name, { tags: [`${name}:1`], chains });

  test('counts a layer that several images share once, at the last of them', () => {
    const inventory = anInventory([on('a', 'base', 'a'), on('b', 'base', 'b')], [], { layers });
    expect(plan(inventory).reclaim).toBe(1030);
    expect(reclaims(inventory)).toEqual(
      new Map([
        [id('a'), 10],
        [id('b'), 1020],
      ]),
    );
  });

  test('does not count what an image that stays has as well', () => {
    const inventory = anInventory([on('a', 'base', 'a'), on('b', 'base', 'b')], [], { layers });
    expect(plan(inventory, removing(['a:1'])).reclaim).toBe(10);
  });

  test('does not count what a container has, though its image goes by force', () => {
    const inventory = anInventory(
      [on('a', 'base', 'a'), on('b', 'base', 'b')],
      [aContainer('web-1', 'a', 'exited')],
      { layers },
    );
    expect(reclaims(inventory, removing(['a:1', 'b:1'], true))).toEqual(
      new Map([
        [id('a'), 0],
        [id('b'), 20],
      ]),
    );
  });

  test('is nothing for an image that is only untagged, and its layers count for nobody', () => {
    const inventory = anInventory([on('a', 'base', 'a'), on('b', 'base', 'b')], [aContainer('web-1', 'a')], {
      layers,
    });
    expect(plan(inventory, removing(['a:1', 'b:1'], true)).reclaim).toBe(20);
  });

  test('takes a layer of unknown size for nothing', () => {
    const inventory = anInventory([on('a', 'base', 'unheard-of')], [], { layers });
    expect(plan(inventory).reclaim).toBe(1000);
  });
});

describe('the plan', () => {
  const images = [
    anImage('base', { tags: ['base:1'] }),
    anImage('step', { parent: id('base') }),
    anImage('app', { tags: ['app:1', 'app:2'], parent: id('step') }),
    anImage('dangling'),
    anImage('used', { tags: ['used:1'] }),
    anImage('other', { tags: ['other:1'] }),
  ];
  const containers = [aContainer('web-1', 'used'), aContainer('web-2', 'used', 'exited')];

  test('is what the wire takes', () => {
    const made = plan(anInventory(images, containers));
    expect(Plan.parse(made)).toEqual(made);
  });

  test('is the same, digest and all, in whatever order the engine lists things', () => {
    const made = plan(anInventory(images, containers));
    expect(made.items.length).toBeGreaterThan(3);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(images, { minLength: images.length }),
        fc.shuffledSubarray(containers, { minLength: containers.length }),
        (shuffled, used) => {
          expect(plan(anInventory(shuffled, used))).toEqual(made);
        },
      ),
    );
  });

  test('puts every child before its parent', () => {
    const order = plan(anInventory(images, containers)).items.map(({ image }) => image);
    expect(order.indexOf(id('app'))).toBeLessThan(order.indexOf(id('step')));
    expect(order.indexOf(id('step'))).toBeLessThan(order.indexOf(id('base')));
  });
});

describe('the digest', () => {
  const item = anItem('app', {
    references: ['app:1', 'app:2'],
    remove: ['app:1'],
    usedBy: [{ container: 'web-1', running: false }],
    recoverable: 'app@sha256:1',
    project: 'shop',
  });
  const change: Record<keyof Item, Partial<Item>> = {
    image: { image: id('other') },
    references: { references: ['app:1'] },
    size: { size: 101 },
    createdAt: { createdAt: NOW },
    action: { action: 'untag' },
    remove: { remove: ['app:2'] },
    force: { force: true },
    reclaim: { reclaim: 99 },
    usedBy: { usedBy: [{ container: 'web-1', running: true }] },
    recoverable: { recoverable: 'app@sha256:2' },
    usedAt: { usedAt: NOW },
    containers: { containers: [{ id: 'c'.repeat(64), name: 'old', stoppedAt: 1 }] },
    project: { project: 'other' },
    manifest: {
      manifest: {
        ...{ kind: 'index', platforms: ['linux/amd64'] },
        ...{ on: { names: [], count: 0 }, usedOn: { names: [], count: 0 } },
      },
    },
    after: { after: [id('index')] },
  };

  test.each(Object.keys(Item.shape) as (keyof Item)[])('changes with the %s of an item', (field) => {
    expect(planDigest(HOST, [{ ...item, ...change[field] }], [])).not.toBe(planDigest(HOST, [item], []));
  });

  test('changes with the host, the number of items, their order, and the build cache', () => {
    const other = anItem('other');
    const digests = [
      planDigest(HOST, [item, other], []),
      planDigest(host('host-4'), [item, other], []),
      planDigest(HOST, [other, item], []),
      planDigest(HOST, [item], []),
      planDigest(HOST, [], []),
      planDigest(HOST, [], [{ id: 'r', about: 'RUN', usedAt: 1, reclaim: 2 }]),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  test('of a plan is that of its host and items', () => {
    const made = plan(anInventory([anImage('app', { tags: ['app:1'] })]));
    expect(made.digest).toBe(planDigest(HOST, made.items, []));
  });
});

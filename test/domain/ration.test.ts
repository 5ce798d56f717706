import { describe, expect, test } from 'vitest';
import type { Image, Inventory } from '../../src/domain/inventory.ts';
import { aContainer, anImage, anInventory, aRecord, DAY, id, NOW, removing } from './_build.ts';
import { every, going, ids, planOf, reasonOf } from './_plan.ts';

const AGAIN = NOW + 5 * 60_000;
const leaving = (images: number, bytes: number) => ({ allowance: { images, bytes, again: AGAIN } });
/** Images of so many bytes, the first one used longest ago. */
const sized = (sizes: Record<string, number>, given: Partial<Inventory> = {}): Inventory => {
  const images = Object.entries(sizes).map(([name], i) => anImage(name, { tags: [`${name}:1`], usedAt: i }));
  const layers = new Map(Object.entries(sizes).map(([name, bytes]) => [`chain ${name}`, bytes]));
  return anInventory(images, [], { layers, ...given });
};

describe("a host's hourly limits", () => {
  const sizes = { a: 10, b: 500, c: 20, d: 30 };
  test.each<[string, [number, number], string[]]>([
    ['no image where none is left', [0, 9999], []],
    ['so many images as are left, the least recently used', [2, 9999], ['a', 'b']],
    ['all where as many are left', [4, 9999], ['a', 'b', 'c', 'd']],
    ['no bytes where none is left', [9, 0], []],
    ['what does not fit stays, and smaller ones after it go', [9, 60], ['a', 'c', 'd']],
    ['exactly as many bytes as are left', [9, 510], ['a', 'b']],
    ['one byte less is too little', [9, 509], ['a', 'c', 'd']],
    ['both hold', [2, 60], ['a', 'c']],
  ])('%s', (_, [images, bytes], gone) => {
    const inventory = sized(sizes, leaving(images, bytes));
    const plan = planOf(inventory);
    expect(plan.items.map(({ image }) => image)).toEqual(ids(...gone));
    expect(plan.items.length).toBeLessThanOrEqual(images);
    expect(plan.reclaim).toBeLessThanOrEqual(bytes);
    expect(plan.problems).toEqual([]);
    for (const name of Object.keys(sizes).filter((one) => !gone.includes(one)))
      expect(reasonOf(name, inventory)).toEqual({ kind: 'limit', again: AGAIN });
  });

  test('hold for rmi as well, whatever was named first', () => {
    const inventory = sized(sizes, leaving(1, 9999));
    const rmi = removing(['c:1', 'a:1']);
    expect(going(inventory, rmi)).toEqual(ids('a'));
    expect(reasonOf('c', inventory, rmi)).toEqual({ kind: 'limit', again: AGAIN });
  });

  test('count no reference that is only taken away', () => {
    const image = anImage('a', { tags: ['a:1', 'a:2'] });
    const plan = planOf(anInventory([image], [], leaving(0, 0)), removing(['a:1']));
    expect(plan.items).toMatchObject([{ action: 'untag', remove: ['a:1'] }]);
  });

  test('may keep a goal from being reached', () => {
    const inventory = sized(sizes, leaving(9, 25));
    const plan = planOf(inventory, every({ goal: { bytes: 100 } }));
    expect(plan.items.map(({ image }) => image)).toEqual(ids('a'));
    expect(plan.problems).toEqual([{ kind: 'goal-missed', wanted: 100, reached: 10 }]);
  });

  test('and a goal: what is left for the one is not called left for the other', () => {
    const inventory = sized(sizes, leaving(9, 50));
    const selection = every({ goal: { bytes: 30 } });
    expect(going(inventory, selection)).toEqual(ids('a', 'c'));
    expect(reasonOf('b', inventory, selection)).toEqual({ kind: 'limit', again: AGAIN });
    expect(reasonOf('d', inventory, selection)).toEqual({ kind: 'goal' });
  });
});

describe('within the limits', () => {
  const tower = (): Image[] => [
    anImage('base', { tags: ['base:1'] }),
    anImage('step', { parent: id('base') }),
    anImage('app', { tags: ['app:1'], parent: id('step') }),
  ];

  test('a parent goes only after its children, and says so', () => {
    const inventory = anInventory(tower(), [], leaving(2, 9999));
    expect(going(inventory)).toEqual(ids('app', 'step'));
    expect(reasonOf('base', inventory)).toEqual({ kind: 'limit', again: AGAIN });
    const one = anInventory(tower(), [], leaving(1, 9999));
    expect(planOf(one).items.map(({ image }) => image)).toEqual(ids('app'));
    expect(planOf(one).kept.map(({ image, reason }) => [image, reason.kind])).toEqual([
      [id('base'), 'children'],
    ]);
    expect(going(anInventory(tower(), [], leaving(0, 9999)))).toEqual([]);
    expect(reasonOf('base', anInventory(tower(), [], leaving(0, 9999)))).toEqual({
      kind: 'children',
      of: ['app:1'],
    });
  });

  test('untagged steps count as images, and what they free as bytes', () => {
    expect(going(anInventory(tower(), [], leaving(9, 199)))).toEqual(ids('app'));
    expect(going(anInventory(tower(), [], leaving(9, 200)))).toEqual(ids('app', 'step'));
  });

  test('a shared layer counts with the image that frees it', () => {
    const shared = [1, 2].map((n) =>
      anImage(`i${n}`, { tags: [`i:${n}`], usedAt: n, chains: ['same', `own ${n}`] }),
    );
    expect(going(anInventory(shared, [], leaving(9, 100)))).toEqual(ids('i1'));
    expect(going(anInventory(shared, [], leaving(9, 299)))).toEqual(ids('i1'));
    expect(going(anInventory(shared, [], leaving(9, 300)))).toEqual(ids('i1', 'i2'));
  });

  test('a layer that stays with an image that did not fit is still held by it', () => {
    const images = [
      anImage('big', { tags: ['big:1'], usedAt: 1, chains: ['huge', 'shared'] }),
      anImage('small', { tags: ['small:1'], usedAt: 2, chains: ['shared'] }),
    ];
    const layers = new Map([
      ['huge', 900],
      ['shared', 50],
    ]);
    const plan = planOf(anInventory(images, [], { layers, ...leaving(9, 100) }));
    expect(plan.items.map(({ image, reclaim }) => [image, reclaim])).toEqual([[id('small'), 0]]);
  });

  test('records of the build cache count as bytes and not as images; their parents wait for them', () => {
    const cache = [
      aRecord('parent', { usedAt: 1 }),
      aRecord('child', { usedAt: 2, parents: ['parent'], size: 40 }),
    ];
    const records = (bytes: number) =>
      planOf(anInventory([], [], { cache, ...leaving(0, bytes) }), every({ buildCache: true })).cache.map(
        ({ id: record }) => record,
      );
    expect(records(39)).toEqual([]);
    expect(records(40)).toEqual(['child']);
    expect(records(139)).toEqual(['child']);
    expect(records(140)).toEqual(['child', 'parent']);
  });
});

describe('containers, within the limits', () => {
  const stopped = every({ stoppedContainers: 0 });
  const container = (size: number, mounts: string[] = []) =>
    aContainer('web-1', 'app', 'exited', mounts, { stoppedAt: NOW - DAY, size });
  const app = anImage('app', { tags: ['app:1'], usedAt: 2 });
  const data = anImage('data', { tags: ['data:1'], usedAt: 1 });

  test('what a container wrote counts with its image', () => {
    expect(going(anInventory([app], [container(50)], leaving(9, 149)), stopped)).toEqual([]);
    expect(going(anInventory([app], [container(50)], leaving(9, 150)), stopped)).toEqual(ids('app'));
  });

  test('one that did not fit with an image counts whole with the next image that it holds', () => {
    const layers = new Map([
      ['chain data', 10_000],
      ['chain app', 400],
    ]);
    for (const images of [
      [app, data],
      [data, app],
    ]) {
      const inventory = (bytes: number) =>
        anInventory(images, [container(1000, ['data'])], { layers, ...leaving(9, bytes) });
      expect(going(inventory(1399), stopped)).toEqual([]);
      expect(planOf(inventory(1400), stopped)).toMatchObject({
        items: [{ image: id('app') }],
        reclaim: 1400,
      });
      expect(planOf(inventory(11_400), stopped)).toMatchObject({ items: [{}, {}], reclaim: 11_400 });
    }
  });

  test('one that holds two images counts once', () => {
    expect(going(anInventory([app, data], [container(50, ['data'])], leaving(9, 250)), stopped)).toEqual(
      ids('app', 'data'),
    );
  });
});

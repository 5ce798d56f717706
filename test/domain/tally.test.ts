import { describe, expect, test } from 'vitest';
import { graph } from '../../src/domain/graph.ts';
import { openTally } from '../../src/domain/tally.ts';
import { aContainer, anImage, anInventory, aRecord, id, pruning, removing } from './_build.ts';
import { every, planOf } from './_plan.ts';

const layers = new Map([
  ['base', 1000],
  ['a', 10],
  ['b', 20],
  ['packed', 300],
  ['index', 7],
]);
const on = (name: string, chains: string[], given = {}) =>
  anImage(name, { tags: [`${name}:1`], chains, usedAt: 0, ...given });
const reclaims = (...given: Parameters<typeof planOf>) =>
  planOf(...given).items.map(({ image, reclaim }) => [image, reclaim]);

describe('a layer or blob is freed with the last that holds it', () => {
  test('blobs count like layers: once, at the last image', () => {
    const inventory = anInventory(
      [on('a', ['a'], { blobs: ['packed', 'index'] }), on('b', ['b'], { blobs: ['packed'] })],
      [],
      { layers },
    );
    expect(reclaims(inventory)).toEqual([
      [id('a'), 17],
      [id('b'), 320],
    ]);
    expect(planOf(inventory, removing(['b:1'])).reclaim).toBe(20);
  });

  test('an image that does not keep its layers frees none and holds none', () => {
    const inventory = anInventory(
      [on('a', ['base'], { keepsLayers: false, blobs: ['index'] }), on('b', ['base', 'b'])],
      [],
      { layers },
    );
    expect(planOf(inventory, removing(['a:1'])).reclaim).toBe(7);
    expect(planOf(inventory, removing(['b:1'])).reclaim).toBe(1020);
  });

  test('a container holds the layers of its image and of what it mounts', () => {
    const images = [on('a', ['base', 'a']), on('b', ['base', 'b'])];
    const held = (...given: Parameters<typeof aContainer>) =>
      planOf(anInventory(images, [aContainer(...given)], { layers }), removing(['a:1', 'b:1'], true)).reclaim;
    expect(held('web-1', 'a', 'exited')).toBe(20);
    expect(held('web-1', 'a', 'exited', ['b'])).toBe(0);
    expect(held('web-1', null, 'exited')).toBe(1030);
  });

  test('a container whose image vanished holds the layers that it stands on', () => {
    const orphan = aContainer('web-1', null, 'exited', [], { chains: ['base'] });
    expect(planOf(anInventory([on('a', ['base', 'a'])], [orphan], { layers })).reclaim).toBe(10);
  });

  test('a record of the build cache holds what it shares, and frees it with itself', () => {
    const record = aRecord('r', { chains: ['base'], own: 5, shared: true });
    const inventory = anInventory([on('a', ['base', 'a'])], [], { layers, cache: [record] });
    expect(planOf(inventory, every())).toMatchObject({ reclaim: 10 });
    expect(planOf(inventory, every({ buildCache: true }))).toMatchObject({
      items: [{ reclaim: 10 }],
      cache: [{ reclaim: 1005 }],
      reclaim: 1015,
    });
  });

  test('what nobody weighed weighs nothing', () => {
    expect(planOf(anInventory([on('a', ['unheard-of', 'a'])], [], { layers })).reclaim).toBe(10);
  });
});

describe('containers that go first', () => {
  test('free what they wrote and what they stand on, each once, with the first image that they hold', () => {
    const container = aContainer('web-1', 'a', 'exited', ['b'], { stoppedAt: 1, size: 500 });
    const inventory = anInventory([on('a', ['a']), on('b', ['b'])], [container], { layers });
    expect(reclaims(inventory, every({ stoppedContainers: 0 }))).toEqual([
      [id('a'), 510],
      [id('b'), 20],
    ]);
  });
});

describe('what stays', () => {
  const alone = (name: string, ...given: Parameters<typeof planOf>) =>
    planOf(...given).kept.find(({ image }) => image === id(name))?.reclaim;

  test('says what it alone would free, each as if the others stayed', () => {
    const inventory = anInventory([on('a', ['base', 'a']), on('b', ['base', 'b']), on('c', ['packed'])], [], {
      layers,
    });
    for (const [name, bytes] of Object.entries({ a: 10, b: 20, c: 300 }))
      expect([name, alone(name, inventory, pruning())]).toEqual([name, bytes]);
  });

  test('says nothing of what a container has as well', () => {
    const inventory = anInventory([on('a', ['base', 'a'])], [aContainer('web-1', 'a')], { layers });
    expect(alone('a', inventory)).toBe(0);
  });

  test('counts what goes by this plan as still there', () => {
    const inventory = anInventory([on('a', ['base', 'a']), anImage('x', { chains: ['base', 'b'] })], [], {
      layers,
    });
    expect(planOf(inventory, pruning()).items.map(({ image }) => image)).toEqual([id('x')]);
    expect(alone('a', inventory, pruning())).toBe(10);
  });
});

test('a release that is taken back leaves everything as it was', () => {
  const container = aContainer('web-1', 'a', 'exited', [], { size: 5 });
  const record = aRecord('r', { chains: ['packed'], own: 1 });
  const world = graph(anInventory([on('a', ['a'])], [container], { layers, cache: [record] }));
  const tally = openTally(world);
  const holders = [{ container }, { image: id('a') }, { record }];
  const released = () => holders.map((holder) => tally.release(holder));
  const first = released();
  expect(first).toEqual([5, 10, 301]);
  for (const holder of holders) tally.hold(holder);
  expect(released()).toEqual(first);
});

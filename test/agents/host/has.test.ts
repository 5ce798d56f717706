import { describe, expect, test } from 'vitest';
import { openHas } from '../../../agents/host/has.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { aContainer, anImage, anInventory, DAY, digest, id } from '../../domain/_build.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
function aHas() {
  const told: Map<ImageId, boolean>[] = [];
  const state = { now: 0, down: false };
  const queue = {
    async has(images: ReadonlyMap<ImageId, boolean>) {
      if (state.down) throw new Error('Redis is away');
      told.push(new Map(images));
    },
  };
  return { told, state, has: openHas(queue, () => state.now, silent) };
}
const pulled = digest('r.example.com/app', 'a').split('@')[1] as ImageId;
const a = anImage('a', { tags: ['app:1'], digests: [digest('r.example.com/app', 'a')] });
const b = anImage('b');

describe('what a host tells that it has', () => {
  test('is each image by its ID and by the digests that registries know it by, and whether it is used', async () => {
    const { has, told } = aHas();
    await has.tell(anInventory([a, b], [aContainer('web', 'a')]));
    expect(told).toEqual([
      new Map([
        [a.id, true],
        [pulled, true],
        [b.id, false],
      ]),
    ]);
  });

  test.each(['running', 'exited', 'created', 'paused', 'dead'] as const)(
    'counts a container that is %s as a use, and a mount as well',
    async (state) => {
      const { has, told } = aHas();
      await has.tell(anInventory([a, b], [aContainer('web', 'a', state, ['b'])]));
      expect([...(told[0] ?? [])].map(([, used]) => used)).toEqual([true, true, true]);
    },
  );

  test('is also what a container uses that is gone from here', async () => {
    const { has, told } = aHas();
    await has.tell(anInventory([b], [{ ...aContainer('web', 'a'), image: null, missing: id('gone') }]));
    expect(told).toEqual([
      new Map([
        [b.id, false],
        [id('gone'), true],
      ]),
    ]);
  });

  test('is used where one of two images of that digest is', async () => {
    const { has, told } = aHas();
    const twin = anImage('twin', { digests: a.digests });
    for (const list of [
      [a, twin],
      [twin, a],
    ])
      await has.tell(anInventory(list, [aContainer('web', 'twin')]));
    for (const one of told) expect(one.get(pulled)).toBe(true);
  });

  test('is told when it changes, and once a day', async () => {
    const { has, told, state } = aHas();
    const inventory = anInventory([a, b]);
    await has.tell(inventory);
    await has.tell(anInventory([b, a]));
    expect(told).toHaveLength(1);
    await has.tell(anInventory([a, b], [aContainer('web', 'a')]));
    expect(told).toHaveLength(2);
    await has.tell(inventory);
    state.now += DAY - 1;
    await has.tell(inventory);
    expect(told).toHaveLength(3);
    state.now += 1;
    await has.tell(inventory);
    expect(told).toHaveLength(4);
  });

  test('is told again where Redis did not take it, or has forgotten it', async () => {
    const { has, told, state } = aHas();
    state.down = true;
    await has.tell(anInventory([a]));
    state.down = false;
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(1);
    state.down = true;
    await has.tell(anInventory([a, b]));
    state.down = false;
    // It may have taken that one and not said so.
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(2);
    has.forgotten();
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(3);
    expect(told[2]?.get(id('a'))).toBe(false);
  });
});

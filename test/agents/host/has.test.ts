import { describe, expect, test } from 'vitest';
import { openHas } from '../../../agents/host/has.ts';
import type { Queue } from '../../../agents/host/ports.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { aContainer, anImage, anInventory, DAY, digest, id } from '../../domain/_build.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
function aHas() {
  const told: Map<ImageId, boolean>[] = [];
  const used: Record<string, ImageId[]>[] = [];
  const state = { down: false, stands: null as { mark: string; ageMs: number } | null };
  const queue: Pick<Queue, 'has' | 'told'> = {
    async has(all, mark) {
      if (state.down) throw new Error('Redis is away');
      told.push(new Map(all.images));
      used.push(Object.fromEntries([...all.used].map(([name, digests]) => [name, [...digests]])));
      state.stands = { mark, ageMs: 0 };
    },
    async told() {
      if (state.down) throw new Error('Redis is away');
      return state.stands;
    },
  };
  return { told, used, state, has: openHas(queue, silent) };
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

  test('is what containers use, by the path of the repository that it came from', async () => {
    const { has, used } = aHas();
    const from = (...names: string[]) => names.map((name) => digest(name, 'a'));
    const image = anImage('a', {
      digests: from('r.example.com/team/app', 'localhost/x', 'r:5000/y', 'z', 'z/z'),
    });
    const unused = anImage('b', { digests: [digest('r.example.com/team/app', 'b')] });
    await has.tell(anInventory([image, unused], [aContainer('web', 'a', 'exited')]));
    const names = ['team/app', 'x', 'y', 'library/z', 'z/z'];
    expect(used).toEqual([Object.fromEntries(names.map((name) => [name, [pulled]]))]);
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
    if (state.stands) state.stands.ageMs = DAY - 1;
    await has.tell(inventory);
    expect(told).toHaveLength(3);
    if (state.stands) state.stands.ageMs = DAY;
    await has.tell(inventory);
    expect(told).toHaveLength(4);
  });

  test('is told again where it no longer stands in Redis, or where what was told before stands there', async () => {
    const { has, told, state } = aHas();
    await has.tell(anInventory([a, b]));
    const old = state.stands;
    await has.tell(anInventory([a]));
    // The same that was told with the old one stands there: Redis was set back.
    state.stands = old;
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(3);
    state.stands = null;
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(4);
    await has.tell(anInventory([a]));
    expect(told).toHaveLength(4);
  });

  test('is the newest in the end, however slow Redis is', async () => {
    const { has, told, state } = aHas();
    await has.tell(anInventory([a]));
    state.stands = null;
    const both = [has.tell(anInventory([a])), has.tell(anInventory([a, b]))];
    await Promise.all(both);
    expect([...(told.at(-1)?.keys() ?? [])]).toContain(b.id);
  });

  test('is told again where Redis did not take it', async () => {
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
  });
});

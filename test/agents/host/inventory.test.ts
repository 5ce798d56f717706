import { describe, expect, test } from 'vitest';
import { toContainers } from '../../../agents/host/containers.ts';
import { openCache, refresh } from '../../../agents/host/details.ts';
import { takeInventory } from '../../../agents/host/inventory.ts';
import type { Engine, RawContainer, RawImage } from '../../../agents/host/ports.ts';
import { ImageId } from '../../../src/domain/ids.ts';
import { memoryLastUsed, plainAround } from './_around.ts';

const id = (digit: string) => ImageId.parse(`sha256:${digit.repeat(64)}`);
const image = (digit: string, ...tags: string[]): RawImage => ({
  id: id(digit),
  tags,
  digests: [],
  parent: null,
  createdAt: 1000,
  size: 10,
  labels: {},
});
const container = (more: Partial<RawContainer>): RawContainer => ({
  id: 'c'.repeat(64),
  name: 'web',
  imageId: null,
  state: 'exited',
  labels: {},
  mounts: [],
  ...more,
});
const around = plainAround({ now: () => 5 });

/** An engine that holds these images, and counts what it is asked. */
function fake(images: RawImage[], containers: RawContainer[] = []) {
  const state = { images, containers, taggedAt: 2000, inspected: [] as string[] };
  const engine = {
    list: async () => ({ images: state.images, containers: state.containers }),
    inspect: async (name: string) => {
      state.inspected.push(name);
      const found = state.images.find((raw) => raw.id === name);
      return (
        found && {
          ...found,
          ...{ createdAt: 1500, taggedAt: state.taggedAt, diffIds: [`diff ${name}`], folders: [] },
        }
      );
    },
    history: async () => null,
    contents: async () => null,
    buildCache: async () => [],
  } as unknown as Engine;
  return { state, engine };
}

describe('an inventory', () => {
  test('asks of an image once, and again when its names change', async () => {
    const { state, engine } = fake([image('a', 'app:1'), image('b')]);
    const cache = openCache();
    await takeInventory(engine, cache, around);
    await takeInventory(engine, cache, around);
    expect(state.inspected).toHaveLength(2);
    state.images = [image('a', 'app:1', 'app:2'), image('b')];
    state.taggedAt = 3000;
    const { images } = await takeInventory(engine, cache, around);
    expect(state.inspected).toEqual([id('a'), id('b'), id('a')]);
    expect(images.map(({ arrivedAt }) => arrivedAt)).toEqual([3000, 2000]);
  });

  test('knows what came after its first look by when it was seen, since the engine does not tell', async () => {
    const { state, engine } = fake([image('a', 'app:1')]);
    const cache = openCache();
    const fresh = { ...around, lastUsed: memoryLastUsed() };
    await takeInventory(engine, cache, { ...fresh, now: () => 10_000 });
    state.images = [image('a', 'app:1'), image('b', 'app:2')];
    await takeInventory(engine, cache, { ...fresh, now: () => 20_000 });
    const { images } = await takeInventory(engine, cache, { ...fresh, now: () => 30_000 });
    expect(images.map(({ arrivedAt }) => arrivedAt)).toEqual([2000, 20_000]);
  });

  test('leaves out what vanishes while it is taken', async () => {
    const { engine } = fake([image('a', 'app:1')]);
    const { images } = await takeInventory({ ...engine, inspect: async () => null }, openCache(), around);
    expect(images).toEqual([]);
  });

  test('is whole when another one is taken at the same time', async () => {
    const { state, engine } = fake([image('a', 'app:1')]);
    const cache = openCache();
    const slow: Engine = {
      ...engine,
      inspect: async (name) => {
        const found = await engine.inspect(name);
        const now = state.images;
        state.images = [];
        await takeInventory(engine, cache, around);
        state.images = now;
        return found;
      },
    };
    const { images } = await takeInventory(slow, cache, around);
    expect(images).toMatchObject([{ arrivedAt: 2000, chains: [`diff ${id('a')}`] }]);
  });

  test('knows the image of the container that the agent runs in', async () => {
    const own = container({ id: `0123456789ab${'0'.repeat(52)}`, imageId: id('a') });
    const { engine } = fake([image('a', 'dimg:1')], [own]);
    const inventory = await takeInventory(engine, openCache(), { ...around, ownContainer: ['0123456789ab'] });
    expect(inventory.self).toBe(id('a'));
  });
});

test('an image that was tagged again by the same name is found to be young', async () => {
  const { state, engine } = fake([image('a', 'app:1')]);
  const cache = openCache();
  const { images } = await takeInventory(engine, cache, around);
  expect(await refresh(engine, cache, images, null)).toBe(false);
  state.taggedAt = 4000;
  expect(await refresh(engine, cache, images, null)).toBe(true);
  expect((await takeInventory(engine, cache, around)).images[0]?.arrivedAt).toBe(4000);
});

describe('a container holds', () => {
  const images = [image('a', 'data:1'), image('b', 'team/data:latest')];
  // As 28.5 repeats them: in the words of whoever made the container.
  test.each([
    ['data:1', 'a'],
    ['docker.io/library/data:1', 'a'],
    [id('a'), 'a'],
    ['aaaaaaaaaaaa', 'a'],
    ['team/data', 'b'],
  ])('the image that it mounts as %s', (mount, digit) => {
    expect(toContainers([container({ mounts: [mount, '/some/path'] })], images)[0]?.mounts).toEqual([
      id(digit),
    ]);
  });
  test('no image when its own is gone', () => {
    expect(toContainers([container({ imageId: id('f') })], images)[0]?.image).toBeNull();
  });
});

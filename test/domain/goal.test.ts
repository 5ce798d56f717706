import { describe, expect, test } from 'vitest';
import { wantedBytes } from '../../src/domain/goal.ts';
import type { Image } from '../../src/domain/inventory.ts';
import type { Goal } from '../../src/domain/selection.ts';
import { aContainer, anImage, anInventory, aRecord, DAY, digest, id, NOW } from './_build.ts';
import { every, going, ids, planOf, reasonOf } from './_plan.ts';

describe('a goal means so many bytes', () => {
  const disk = (used: number) => ({ total: 1000, free: 1000 - used });
  test.each<[string, Goal, { total: number; free: number } | null, number]>([
    ['--free, as many as it says', { bytes: 700 }, disk(1), 700],
    ['--free, also where the disk is not seen', { bytes: 700 }, null, 700],
    ['--free-to, what is used over that share', { percent: 70 }, disk(900), 200],
    ['--free-to, a whole byte where it is a part of one', { percent: 70.05 }, disk(900), 200],
    ['--free-to 100%, none', { percent: 100 }, disk(1000), 0],
    ['--free-to 0%, all that is used', { percent: 0 }, disk(900), 900],
    ['--free-to where just so much is used, none', { percent: 90 }, disk(900), 0],
    ['--free-to where less is used, none and not less than none', { percent: 95 }, disk(900), 0],
  ])('%s', (_, goal, seen, wanted) => {
    expect(wantedBytes(goal, seen)).toBe(wanted);
  });

  test('--free-to of a disk that is not seen is a problem', () => {
    expect(wantedBytes({ percent: 70 }, null)).toEqual({ kind: 'no-disk' });
  });
});

/** Images of 100 bytes, used so many days ago. */
const usedAgo = (days: Record<string, number>): Image[] =>
  Object.entries(days).map(([name, age]) =>
    anImage(name, { tags: [`${name}:1`], createdAt: 0, usedAt: NOW - age * DAY }),
  );
const free = (bytes: number) => every({ goal: { bytes } });

describe('what goes for a goal', () => {
  const inventory = anInventory(usedAgo({ a: 1, b: 4, c: 2, d: 3 }));

  test.each([
    [1, ['b']],
    [100, ['b']],
    [101, ['b', 'd']],
    [200, ['b', 'd']],
    [300, ['b', 'c', 'd']],
    [400, ['a', 'b', 'c', 'd']],
  ])('is the least recently used, until %i bytes are free and no more', (bytes, gone) => {
    const plan = planOf(inventory, free(bytes));
    expect(plan.items.map(({ image }) => image)).toEqual(ids(...gone));
    expect(plan.problems).toEqual([]);
    expect(plan.reclaim).toBe(100 * gone.length);
  });

  test('leaves the others for that reason', () => {
    expect(reasonOf('a', inventory, free(100))).toEqual({ kind: 'goal' });
    expect(planOf(inventory, free(100)).kept).toHaveLength(3);
  });

  test('is never what another option does not mean, and those say why', () => {
    const selection = every({ goal: { bytes: 100 }, notRepos: ['b'] });
    expect(going(inventory, selection)).toEqual(ids('d'));
    expect(reasonOf('b', inventory, selection)).toEqual({ kind: 'not-repo', by: 'b' });
  });

  test('is all that may go where that is not enough, and the card says how far it gets', () => {
    const plan = planOf(inventory, free(401));
    expect(plan.items).toHaveLength(4);
    expect(plan.problems).toEqual([{ kind: 'goal-missed', wanted: 401, reached: 400 }]);
  });

  test('passes over what frees nothing in itself only where it comes first', () => {
    const shared = usedAgo({ a: 1, b: 2 }).map((image) => ({ ...image, chains: ['same'] }));
    expect(going(anInventory(shared), free(100))).toEqual(ids('a', 'b'));
    const other = anInventory([...usedAgo({ x: 3 }), ...shared]);
    expect(going(other, free(100))).toEqual(ids('x'));
  });

  test('of images that were used in the same instant is by name', () => {
    expect(going(anInventory(usedAgo({ c: 1, a: 1, b: 1 })), free(101))).toEqual(ids('a', 'b'));
  });
});

describe('--free-to', () => {
  const inventory = (given: object) => anInventory(usedAgo({ a: 1, b: 2 }), [], given);
  const to70 = every({ goal: { percent: 70 } });

  test('frees what the disk has too much', () => {
    const plan = planOf(inventory({ disk: { total: 1000, free: 200 } }), to70);
    expect(plan.items.map(({ image }) => image)).toEqual(ids('b'));
    expect(plan.problems).toEqual([]);
  });

  test.each([300, 301, 900])('takes nothing where %i of 1000 bytes are free already', (free) => {
    const plan = planOf(inventory({ disk: { total: 1000, free }, cache: [aRecord('r')] }), {
      ...to70,
      buildCache: true,
    });
    expect(plan).toMatchObject({ items: [], cache: [], reclaim: 0, problems: [] });
    expect(plan.kept.map(({ reason }) => reason)).toEqual([{ kind: 'goal' }, { kind: 'goal' }]);
  });

  test('takes nothing where the agent can not see the disk, and says so', () => {
    const plan = planOf(inventory({ cache: [aRecord('r')] }), { ...to70, buildCache: true });
    expect(plan).toMatchObject({ items: [], cache: [], reclaim: 0, problems: [{ kind: 'no-disk' }] });
  });
});

describe('what is built on what, for a goal', () => {
  test('an image counts as used when anything built on it was', () => {
    const base = anImage('base', { tags: ['base:1'], usedAt: 0 });
    const app = anImage('app', { tags: ['app:1'], parent: base.id, usedAt: NOW - DAY });
    const inventory = anInventory([base, app, ...usedAgo({ other: 2 })]);
    expect(going(inventory, free(1))).toEqual(ids('other'));
    expect(going(inventory, free(101))).toEqual(ids('app', 'other'));
    expect(going(inventory, free(201))).toEqual(ids('app', 'base', 'other'));
    expect(reasonOf('base', inventory, free(101))).toEqual({ kind: 'goal' });
    expect(reasonOf('base', inventory, free(1))).toEqual({ kind: 'children', of: ['app:1'] });
  });

  test('children go before a parent that was used in the same instant, whatever their names', () => {
    const base = anImage('base', { tags: ['a:1'], usedAt: 1 });
    const app = anImage('app', { tags: ['b:1'], parent: base.id, usedAt: 1 });
    expect(going(anInventory([base, app]), free(1))).toEqual(ids('app'));
    expect(going(anInventory([app, base]), free(1))).toEqual(ids('app'));
  });

  test('untagged steps go along with their last child, and count before the next image is looked at', () => {
    const step = anImage('step', { usedAt: NOW });
    const images = [
      step,
      anImage('under', { parent: step.id, usedAt: NOW }),
      anImage('x', { tags: ['x:1'], parent: id('under'), usedAt: 1 }),
      anImage('y', { tags: ['y:1'], usedAt: 2 }),
    ];
    expect(going(anInventory(images), free(300))).toEqual(ids('x', 'under', 'step'));
    expect(going(anInventory(images), free(1))).toEqual(ids('x', 'under', 'step'));
    expect(going(anInventory(images), free(301))).toEqual(ids('x', 'under', 'step', 'y'));
  });

  test('untagged steps stay with a child that stays, and are not shown', () => {
    const step = anImage('step', { usedAt: 0 });
    const images = [
      step,
      anImage('x', { tags: ['x:1'], parent: step.id, usedAt: 1 }),
      anImage('y', { tags: ['y:1'], parent: step.id, usedAt: 2 }),
    ];
    const plan = planOf(anInventory(images), free(1));
    expect(plan.items.map(({ image }) => image)).toEqual(ids('x'));
    expect(plan.kept.map(({ image }) => image)).toEqual(ids('y'));
    expect(going(anInventory(images), free(101))).toEqual(ids('x', 'y', 'step'));
  });

  test('a parent with a digest is none of those: it waits for its own need', () => {
    const base = anImage('base', { digests: [digest('base', 'x')], usedAt: 0 });
    const app = anImage('app', { tags: ['x:1'], parent: base.id, usedAt: 1 });
    expect(going(anInventory([base, app]), free(100))).toEqual(ids('app'));
  });
});

describe('build cache and containers, for a goal', () => {
  test('records take part by when they were used, children before parents', () => {
    const cache = [
      aRecord('old', { usedAt: 1 }),
      aRecord('child', { usedAt: 5, parents: ['old'] }),
      aRecord('new', { usedAt: NOW }),
    ];
    const inventory = anInventory(usedAgo({ a: 1 }), [], { cache });
    const records = (bytes: number) =>
      planOf(inventory, every({ buildCache: true, goal: { bytes } })).cache.map(({ id: record }) => record);
    expect(records(100)).toEqual(['child']);
    expect(records(101)).toEqual(['child', 'old']);
    expect(records(201)).toEqual(['child', 'old']);
    expect(records(301)).toEqual(['child', 'new', 'old']);
    expect(going(inventory, every({ buildCache: true, goal: { bytes: 201 } }))).toEqual(ids('a'));
    expect(going(inventory, every({ buildCache: true, goal: { bytes: 200 } }))).toEqual([]);
  });

  const stopped = every({ stoppedContainers: 0, goal: { bytes: 1 } });
  const mounting = (size: number) => aContainer('web-1', 'app', 'exited', ['data'], { stoppedAt: 1, size });

  test('what a container wrote counts with the image that it was made of', () => {
    const inventory = anInventory(usedAgo({ app: 3, other: 2 }), [
      aContainer('web-1', 'app', 'exited', [], { stoppedAt: 1, size: 900 }),
    ]);
    const plan = planOf(inventory, every({ stoppedContainers: 0, goal: { bytes: 1000 } }));
    expect(plan.items.map(({ image, reclaim }) => [image, reclaim])).toEqual([[id('app'), 1000]]);
  });

  test('an image that a container mounts comes after the one that it was made of', () => {
    const images = usedAgo({ data: 9, app: 3, other: 5 });
    for (const order of [images, images.toReversed()]) {
      const inventory = anInventory(order, [mounting(50)]);
      expect(going(inventory, stopped)).toEqual(ids('other'));
      const plan = planOf(inventory, every({ stoppedContainers: 0, goal: { bytes: 101 } }));
      // The container still holds what it mounts: with it both are free of it, and one of them is enough.
      expect(plan.items.map(({ image }) => image)).toEqual(ids('app', 'other'));
      expect(plan.reclaim).toBe(250);
      expect(going(inventory, every({ stoppedContainers: 0, goal: { bytes: 251 } }))).toEqual(
        ids('app', 'data', 'other'),
      );
    }
  });

  test('images whose containers hold each other stay, since neither can be the first', () => {
    const inventory = anInventory(usedAgo({ app: 3, data: 9, other: 1 }), [
      mounting(0),
      aContainer('web-2', 'data', 'exited', ['app'], { stoppedAt: 1 }),
    ]);
    expect(going(inventory, stopped)).toEqual(ids('other'));
    expect(reasonOf('app', inventory, stopped)).toMatchObject({
      kind: 'in-use',
      by: [{ stoppedFor: NOW - 1 }, {}],
    });
    expect(reasonOf('data', inventory, stopped)).toMatchObject({ kind: 'in-use' });
  });
});

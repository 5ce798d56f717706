import { describe, expect, test } from 'vitest';
import type { Image } from '../../src/domain/inventory.ts';
import { aContainer, anImage, anInventory, DAY, digest, HOUR, id, NOW, pruning, rules } from './_build.ts';
import { every, going, ids, reasonOf } from './_plan.ts';

/** Images of one repository, made so many days ago. */
const made = (repository: string, ...days: number[]): Image[] =>
  days.map((age) =>
    anImage(`${repository}-${age}`, { tags: [`${repository}:${age}`], createdAt: NOW - age * DAY }),
  );

describe('--keep', () => {
  test.each([
    [1, ['app-2', 'app-3', 'app-4']],
    [2, ['app-3', 'app-4']],
    [3, ['app-4']],
    [4, []],
    [9, []],
  ])('%i leaves so many of the newest by creation, and takes the others', (keep, gone) => {
    const inventory = anInventory(made('app', 3, 1, 4, 2));
    expect(going(inventory, every({ keep }))).toEqual(ids(...gone));
  });

  test('says of what an image is among the newest, and among how many', () => {
    const inventory = anInventory(made('team/app', 1, 2, 3));
    expect(reasonOf('team/app-2', inventory, every({ keep: 2 }))).toEqual({
      kind: 'newest',
      of: 'team/app',
      most: 2,
    });
  });

  test('counts each repository for itself', () => {
    const inventory = anInventory([...made('app', 1, 2), ...made('team/app', 8, 9)]);
    expect(going(inventory, every({ keep: 1 }))).toEqual(ids('app-2', 'team/app-9'));
  });

  test('leaves an image that is among the newest of any one of its repositories', () => {
    const both = anImage('both', { tags: ['app:old', 'web:new'], createdAt: NOW - 9 * DAY });
    const inventory = anInventory([both, ...made('app', 1)]);
    expect(going(inventory, every({ keep: 1 }))).toEqual([]);
    expect(reasonOf('both', inventory, every({ keep: 1 }))).toEqual({ kind: 'newest', of: 'web', most: 1 });
  });

  test('names the first repository of several in their order', () => {
    const both = anImage('both', { tags: ['app:1', 'web:1'] });
    for (const images of [
      [both, ...made('web', 1)],
      [...made('web', 1), both],
    ])
      expect(reasonOf('both', anInventory(images), every({ keep: 2 }))).toMatchObject({ of: 'app' });
  });

  test('counts an image with several tags in a repository once', () => {
    const many = anImage('many', { tags: ['app:1', 'app:1.0', 'app:latest'], createdAt: NOW });
    const inventory = anInventory([many, ...made('app', 2, 3)]);
    expect(going(inventory, every({ keep: 2 }))).toEqual(ids('app-3'));
  });

  test('counts an image that is in a repository by its digest alone', () => {
    const pulled = anImage('pulled', { digests: [digest('app', 'pulled')], createdAt: NOW });
    const inventory = anInventory([pulled, ...made('app', 2)]);
    expect(going(inventory, every({ keep: 1 }))).toEqual(ids('app-2'));
    expect(reasonOf('pulled', inventory, pruning({ keep: 1 }))).toMatchObject({ kind: 'newest' });
  });

  test.each<[string, Parameters<typeof going>]>([
    ['in use', [anInventory(made('app', 1, 2), [aContainer('web-1', 'app-1')]), every({ keep: 1 })]],
    ['protected', [anInventory(made('app', 1, 2)), every({ keep: 1 }), rules({ protect: ['app:1'] })]],
    ['too young', [anInventory(made('app', 0.01, 2)), every({ keep: 1 }), rules({ minAge: HOUR })]],
    [
      'left out by another option',
      [anInventory(made('app', 1, 2)), every({ keep: 1, until: { ago: 1.5 * DAY } })],
    ],
  ])('counts images that stay anyway: the newest is %s, and the next one goes', (_, given) => {
    expect(going(...given)).toEqual(ids('app-2'));
  });

  test('of two built in the same second leaves the one that came later, else always the same', () => {
    const at = { createdAt: NOW - DAY };
    const a = anImage('a', { ...at, tags: ['app:a'], arrivedAt: NOW - 3 * HOUR });
    const b = anImage('b', { ...at, tags: ['app:b'], arrivedAt: NOW - 2 * HOUR });
    for (const images of [
      [a, b],
      [b, a],
    ])
      expect(going(anInventory(images), every({ keep: 1 }))).toEqual(ids('a'));
    const [same, twin] = [a, { ...b, arrivedAt: a.arrivedAt }];
    expect(going(anInventory([same, twin]), every({ keep: 1 }))).toEqual(
      going(anInventory([twin, same]), every({ keep: 1 })),
    );
    const first = a.id < b.id ? 'b' : 'a';
    expect(going(anInventory([same, twin]), every({ keep: 1 }))).toEqual(ids(first));
  });

  test('goes by creation before arrival', () => {
    const older = anImage('older', { tags: ['app:1'], createdAt: NOW - 2 * DAY, arrivedAt: NOW });
    const newer = anImage('newer', { tags: ['app:2'], createdAt: NOW - DAY });
    expect(going(anInventory([older, newer]), every({ keep: 1 }))).toEqual([id('older')]);
  });

  test('means nothing to images without a name', () => {
    expect(going(anInventory([anImage('x'), anImage('y')]), pruning({ keep: 5 }))).toHaveLength(2);
  });

  test('of an image that stays for another reason says that one', () => {
    const inventory = anInventory(made('app', 1));
    expect(reasonOf('app-1', inventory, pruning({ keep: 1 }))).toEqual({ kind: 'tagged' });
  });
});

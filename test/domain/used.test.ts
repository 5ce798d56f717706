import { describe, expect, test } from 'vitest';
import { anImage, anInventory, DAY, HOUR, NOW, pruning } from './_build.ts';
import { every, going, ids, reasonOf } from './_plan.ts';

const month = every({ unusedSince: { ago: 30 * DAY } });

describe('--unused-for', () => {
  test.each([
    ['longer ago than that goes', 30 * DAY + 1, true],
    ['exactly so long ago goes', 30 * DAY, true],
    ['more lately stays, and says when', 30 * DAY - 1, false],
  ])('an image that was used %s', (_, age, goes) => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'], createdAt: 0, usedAt: NOW - age })]);
    expect(going(inventory, month)).toEqual(goes ? ids('app') : []);
    if (!goes) expect(reasonOf('app', inventory, month)).toEqual({ kind: 'used', age });
  });

  test('goes by use, not by creation or arrival', () => {
    const image = anImage('app', { tags: ['app:1'], createdAt: NOW - DAY, arrivedAt: NOW - HOUR, usedAt: 0 });
    expect(going(anInventory([image]), month)).toEqual(ids('app'));
  });

  test('can be a moment', () => {
    const inventory = anInventory([anImage('a', { usedAt: 5 }), anImage('b', { usedAt: 6 })]);
    expect(going(inventory, pruning({ unusedSince: { at: 5 } }))).toEqual(ids('a'));
  });

  test('says of a use in the future that it was just now', () => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'], usedAt: NOW + DAY })]);
    expect(reasonOf('app', inventory, month)).toEqual({ kind: 'used', age: 0 });
  });

  test('keeps the base of an image that was used', () => {
    const base = anImage('base', { tags: ['base:1'], usedAt: 0 });
    const app = anImage('app', { tags: ['app:1'], parent: base.id, usedAt: NOW });
    expect(going(anInventory([base, app]), month)).toEqual([]);
    expect(reasonOf('base', anInventory([base, app]), month)).toEqual({ kind: 'children', of: ['app:1'] });
  });
});

import { describe, expect, test } from 'vitest';
import { isStale, unmatched } from '../../../agents/host/drift.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import { graph } from '../../../src/domain/graph.ts';
import type { Container, Image, Inventory } from '../../../src/domain/inventory.ts';
import type { Item } from '../../../src/domain/plan.ts';
import { aContainer, anImage, anInventory, anItem, HOUR, id, NOW, rules } from '../../domain/_build.ts';

const app = (name: string, given: Partial<Image> = {}) => anImage(name, { tags: [`${name}:1`], ...given });
const going = (name: string, given: Partial<Item> = {}) =>
  anItem(name, { references: [`${name}:1`], ...given });
/** What no longer matches, by the names that the test gave, and why. */
function judge(
  items: readonly Item[],
  images: readonly Image[],
  more: {
    containers?: readonly Container[];
    inventory?: Partial<Inventory>;
    rules?: ReturnType<typeof rules>;
    prune?: boolean;
    usedAt?: number;
  } = {},
) {
  const found = unmatched(items, {
    world: graph(anInventory(images, more.containers, more.inventory)),
    rules: more.rules ?? rules(),
    arrivedAt: () => 0,
    usedAt: () => more.usedAt ?? 0,
    prune: more.prune ?? true,
    now: NOW,
  });
  const names = new Map(items.map(({ image, references }) => [image, references[0] ?? '<none>']));
  return [...found].map(([image, why]) => `${names.get(image)} ${why.kind}`);
}
const stopped = (name: string, image: string) => aContainer(name, image, 'exited');

describe('what no longer matches, by the inventory alone', () => {
  test.each<[string, string[], ReturnType<typeof judge>]>([
    ['nothing, where all is as it was', [], judge([going('a'), going('b')], [app('a'), app('b')])],
    ['not what is gone: that was wanted', [], judge([going('a'), going('b')], [app('b')])],
    [
      'what got a name',
      ['a:1 references'],
      judge([going('a'), going('b')], [app('a', { tags: ['a:1', 'x:1'] }), app('b')]),
    ],
    ['what lost its name', ['a:1 references'], judge([going('a')], [app('a', { tags: [] })])],
    [
      'what is in use by now',
      ['a:1 in-use'],
      judge([going('a'), going('b')], [app('a'), app('b')], { containers: [aContainer('x', 'a')] }),
    ],
    [
      'what a stopped container uses, without force',
      ['a:1 in-use'],
      judge([going('a')], [app('a')], { containers: [stopped('x', 'a')] }),
    ],
    [
      'not what stands under the stopped container that was shown, with force',
      [],
      judge([going('a', { force: true, usedBy: [{ container: 'x', running: false }] })], [app('a')], {
        containers: [stopped('x', 'a')],
        prune: false,
      }),
    ],
    [
      'what stands under another one',
      ['a:1 in-use'],
      judge([going('a', { force: true, usedBy: [{ container: 'x', running: false }] })], [app('a')], {
        containers: [stopped('x', 'a'), stopped('y', 'a')],
        prune: false,
      }),
    ],
    [
      'what is mounted as an image',
      ['a:1 in-use'],
      judge([going('a')], [app('a')], { containers: [aContainer('x', null, 'running', ['a'])] }),
    ],
    [
      'what the host protects by now',
      ['a:1 protected'],
      judge([going('a')], [app('a')], { rules: rules({ protect: ['a:*'] }) }),
    ],
    [
      'what came anew, for a prune',
      ['a:1 min-age'],
      judge([going('a')], [app('a', { arrivedAt: NOW })], { rules: rules({ minAge: HOUR }) }),
    ],
    [
      'not that for names that somebody gave',
      [],
      judge([going('a')], [app('a', { arrivedAt: NOW })], { rules: rules({ minAge: HOUR }), prune: false }),
    ],
    ['what was used since', ['a:1 touched'], judge([going('a')], [app('a')], { usedAt: NOW })],
    [
      'what the agent runs from',
      ['a:1 self'],
      judge([going('a')], [app('a')], { inventory: { self: id('a') } }),
    ],
    [
      'not a parent whose children go before it, or are gone already',
      [],
      judge([going('c'), going('d'), going('a')], [app('a'), app('c', { parent: id('a') })]),
    ],
    [
      'a parent of what was built on it since',
      ['a:1 children'],
      judge([going('a')], [app('a'), app('new', { parent: id('a') })]),
    ],
    [
      'a parent of what no longer goes, as when its turn comes',
      ['c:1 in-use', 'a:1 children'],
      judge([going('c'), going('a')], [app('a'), app('c', { parent: id('a') })], {
        containers: [aContainer('x', 'c')],
      }),
    ],
    [
      'a name that is to go and means another image',
      ['a:1 references'],
      judge(
        [going('a', { action: 'untag', references: ['a:1', 'a:2'], remove: ['a:2'] })],
        [app('a'), app('b', { tags: ['a:2'] })],
        { prune: false },
      ),
    ],
  ])('%s', (_, expected, found) => {
    expect(found).toEqual(expected);
  });
});

describe('a plan is stale', () => {
  const job = (items: number, staleOver?: number) =>
    ({
      items: Array.from({ length: items }, (_, i) => anItem(`i${i}`)),
      ...(staleOver !== undefined && { staleOver }),
    }) as ExecuteJob;
  test.each<[string, boolean, number, number, number | undefined]>([
    ['with more than the half', true, 3, 5, 0.5],
    ['not with just the half', false, 1, 2, 0.5],
    ['where the only image changed', true, 1, 1, 0.5],
    ['never where all may change', false, 5, 5, 1],
    ['with any change where none may', true, 1, 1000, 0],
    ['not without a change', false, 0, 5, 0],
    ['not with exactly the share', false, 3, 5, 60 / 100],
    ['never where nothing is said, as by older bots', false, 5, 5, undefined],
    ['never of build cache alone', false, 0, 0, 0],
  ])('%s', (_, expected, size, of, staleOver) => {
    expect(isStale(job(of, staleOver), { size })).toBe(expected);
  });
});

import { describe, expect, test } from 'vitest';
import { choose } from '../../src/domain/choose.ts';
import type { ContainerState, Image, Inventory } from '../../src/domain/inventory.ts';
import type { Reason } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import {
  aContainer,
  anImage,
  anInventory,
  DAY,
  digest,
  HOST,
  HOUR,
  id,
  MINUTE,
  NOW,
  pruning,
  rules,
} from './_build.ts';

const plan = (inventory: Inventory, selection: PruneSelection = pruning(), by: Rules = rules()) =>
  choose(HOST, inventory, selection, by, NOW);
const going = (inventory: Inventory, selection?: PruneSelection, by?: Rules) =>
  plan(inventory, selection, by).items.map(({ image }) => image);
/** Why the named image stays; undefined where it is not among those shown as kept. */
const reason = (
  name: string,
  inventory: Inventory,
  selection?: PruneSelection,
  by?: Rules,
): Reason | undefined => plan(inventory, selection, by).kept.find(({ image }) => image === id(name))?.reason;

describe('prune without options', () => {
  test('takes the image without a tag and keeps the tagged one', () => {
    const inventory = anInventory([anImage('dangling'), anImage('app', { tags: ['app:1'] })]);
    expect(going(inventory)).toEqual([id('dangling')]);
    expect(reason('app', inventory)).toEqual({ kind: 'tagged' });
  });

  test('takes an image that only has a digest, since it has no tag', () => {
    const inventory = anInventory([anImage('pulled', { digests: [digest('app', 'pulled')] })]);
    const [item] = plan(inventory).items;
    expect(item).toMatchObject({
      image: id('pulled'),
      action: 'delete',
      force: false,
      references: [digest('app', 'pulled')],
      remove: [digest('app', 'pulled')],
    });
  });

  test('plans nothing on an empty engine', () => {
    expect(plan(anInventory([]))).toMatchObject({ items: [], kept: [], problems: [], reclaim: 0 });
  });
});

describe('prune -a', () => {
  test('takes tagged images that nothing uses, with every tag they have', () => {
    const inventory = anInventory([anImage('app', { tags: ['app:1', 'app:2'] })]);
    expect(plan(inventory, pruning({ all: true })).items).toMatchObject([
      { image: id('app'), references: ['app:1', 'app:2'], remove: ['app:1', 'app:2'], action: 'delete' },
    ]);
  });

  const states: ContainerState[] = [
    'created',
    'running',
    'paused',
    'restarting',
    'removing',
    'exited',
    'dead',
  ];
  test.each(states)('keeps the image of a container that is %s', (state) => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'] })], [aContainer('web-1', 'app', state)]);
    const running = state === 'running' || state === 'paused' || state === 'restarting';
    expect(going(inventory, pruning({ all: true }))).toEqual([]);
    expect(reason('app', inventory, pruning({ all: true }))).toEqual({
      kind: 'in-use',
      by: [{ container: 'web-1', running }],
    });
  });

  test('keeps an image that is only mounted into a container', () => {
    const inventory = anInventory(
      [anImage('app', { tags: ['app:1'] }), anImage('data', { tags: ['data:1'] })],
      [aContainer('web-1', 'app', 'exited', ['data'])],
    );
    expect(reason('data', inventory, pruning({ all: true }))).toEqual({
      kind: 'in-use',
      by: [{ container: 'web-1', running: false }],
    });
  });

  test('names every container once, in the order of their names', () => {
    const inventory = anInventory(
      [anImage('app', { tags: ['app:1'] })],
      [aContainer('web-2', 'app'), aContainer('web-1', 'app', 'exited', ['app'])],
    );
    expect(reason('app', inventory)).toEqual({
      kind: 'in-use',
      by: [
        { container: 'web-1', running: false },
        { container: 'web-2', running: true },
      ],
    });
  });

  test('is not misled by a container whose image is no longer there', () => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'] })], [aContainer('web-1', null)]);
    expect(going(inventory, pruning({ all: true }))).toEqual([id('app')]);
  });
});

describe('until', () => {
  const until24h = pruning({ all: true, until: { ago: DAY } });
  test.each([
    ['created a day and a second ago goes', DAY + 1000, true],
    ['created exactly a day ago goes, as with Docker', DAY, true],
    ['created a second less than a day ago stays', DAY - 1000, false],
  ])('an image %s', (_, age, goes) => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'], createdAt: NOW - age })]);
    expect(going(inventory, until24h)).toEqual(goes ? [id('app')] : []);
    if (!goes) expect(reason('app', inventory, until24h)).toEqual({ kind: 'younger', age });
  });

  test('goes by when the image was created, not by when it came here', () => {
    const image = anImage('app', { tags: ['app:1'], createdAt: NOW - 30 * DAY, arrivedAt: NOW - HOUR });
    expect(going(anInventory([image]), until24h)).toEqual([id('app')]);
  });

  test('can be a moment', () => {
    const inventory = anInventory([anImage('old', { createdAt: NOW - 3 * DAY }), anImage('new')]);
    const moment = pruning({ until: { at: NOW - 5 * DAY } });
    expect(going(inventory, moment)).toEqual([id('new')]);
    expect(reason('old', inventory, moment)).toEqual({ kind: 'younger', age: 3 * DAY });
  });
});

describe('labels', () => {
  const has = (key: string, value?: string) => ({
    key,
    ...(value !== undefined && { value }),
    not: false,
  });
  const hasNot = (key: string, value?: string) => ({ ...has(key, value), not: true });
  test.each<[string, Record<string, string>, ReturnType<typeof has>[], boolean]>([
    ['a wanted key that is there', { a: '1' }, [has('a')], true],
    ['a wanted key that is missing', { b: '1' }, [has('a')], false],
    ['a wanted value that is another', { a: '1' }, [has('a', '2')], false],
    ['an empty wanted value, where the value is not empty', { a: '1' }, [has('a', '')], false],
    ['an empty wanted value, where it is empty', { a: '' }, [has('a', '')], true],
    ['two wanted keys, both there', { a: '1', b: '1' }, [has('a'), has('b')], true],
    ['two wanted keys, one there', { a: '1' }, [has('a'), has('b')], false],
    ['an unwanted key that is there', { a: '1' }, [hasNot('a')], false],
    ['an unwanted key that is missing', {}, [hasNot('a')], true],
    ['an unwanted value, where there is another', { a: '2' }, [hasNot('a', '1')], true],
    ['two unwanted keys, both there', { a: '1', b: '1' }, [hasNot('a'), hasNot('b')], false],
    ['two unwanted keys, one there: it goes, as with Docker', { a: '1' }, [hasNot('a'), hasNot('b')], true],
    ['a wanted and an unwanted key, both there', { a: '1', b: '1' }, [has('a'), hasNot('b')], false],
    ['a key that every object has', {}, [has('constructor')], false],
  ])('%s', (_, labels, wanted, goes) => {
    const inventory = anInventory([anImage('app', { tags: ['app:1'], labels })]);
    const selection = pruning({ all: true, labels: wanted });
    expect(going(inventory, selection)).toEqual(goes ? [id('app')] : []);
    if (!goes) expect(reason('app', inventory, selection)).toEqual({ kind: 'label' });
  });
});

describe('what is built on what', () => {
  /** base ← step (no tag) ← app */
  const tower = (app: Partial<Image>, base: Partial<Image> = {}) => [
    anImage('base', base),
    anImage('step', { parent: id('base') }),
    anImage('app', { parent: id('step'), ...app }),
  ];

  test('untagged parents go with their child, children first', () => {
    expect(going(anInventory(tower({})))).toEqual([id('app'), id('step'), id('base')]);
  });

  test('untagged parents of a kept child stay and are not shown', () => {
    const made = plan(anInventory(tower({ tags: ['app:1'] })));
    expect(made.items).toEqual([]);
    expect(made.kept.map(({ image }) => image)).toEqual([id('app')]);
  });

  test('untagged parents follow their child whatever the filters say of themselves', () => {
    const [base, step, app] = tower({ labels: { team: 'web' } });
    const images = [base, step, app].flatMap((image) => (image ? [image] : []));
    const selection = pruning({ labels: [{ key: 'team', not: false }] });
    expect(going(anInventory(images), selection)).toEqual([id('app'), id('step'), id('base')]);
  });

  test('a tagged parent of a kept child stays, and says which people know it by', () => {
    const images = tower({ tags: ['app:1'], createdAt: NOW - HOUR }, { tags: ['base:1'] });
    const selection = pruning({ all: true, until: { ago: DAY } });
    expect(going(anInventory(images), selection)).toEqual([]);
    expect(reason('base', anInventory(images), selection)).toEqual({ kind: 'children', of: ['app:1'] });
  });

  test('the child named is one that stays, not its sibling that goes', () => {
    const old = anImage('old', { parent: id('step'), tags: ['aaa:1'] });
    const images = [old, ...tower({ tags: ['app:1'] }, { tags: ['base:1'] })];
    const used = [aContainer('web-1', 'app')];
    for (const order of [images, images.toReversed()])
      expect(reason('base', anInventory(order, used), pruning({ all: true }))).toEqual({
        kind: 'children',
        of: ['app:1'],
      });
  });

  test('an untagged step that a container uses holds the base, under its own short ID', () => {
    const images = tower({ tags: ['app:1'] }, { tags: ['base:1'] });
    const inventory = anInventory(images, [aContainer('web-1', 'step')]);
    expect(going(inventory, pruning({ all: true }))).toEqual([id('app')]);
    expect(reason('base', inventory, pruning({ all: true }))).toEqual({
      kind: 'children',
      of: [`<none> ${id('step').slice(7, 19)}`],
    });
  });

  test('a parent goes only when all its children go', () => {
    const images = [
      anImage('base'),
      anImage('a', { parent: id('base') }),
      anImage('b', { parent: id('base'), tags: ['b:1'] }),
    ];
    expect(going(anInventory(images))).toEqual([id('a')]);
    expect(going(anInventory(images), pruning({ all: true }))).toEqual(
      [id('b'), id('a'), id('base')].sort(by(images)),
    );
  });

  test('a parent that is not on this engine holds nothing', () => {
    expect(going(anInventory([anImage('app', { parent: id('elsewhere') })]))).toEqual([id('app')]);
  });

  test('a digest-only image with a child that stays is not dangling', () => {
    const base = anImage('base', { digests: [digest('base', 'base')] });
    const inventory = anInventory([base, anImage('app', { parent: id('base'), tags: ['app:1'] })]);
    expect(going(inventory)).toEqual([]);
    expect(reason('base', inventory)).toEqual({ kind: 'children', of: ['app:1'] });
  });
});

/** Deeper ones first, then by name: how a plan is ordered. */
function by(images: readonly Image[]) {
  const rank = (image: string) => {
    const found = images.find((one) => one.id === image);
    return `${found?.parent ? 0 : 1} ${found?.tags[0] ?? `<none> ${image}`}`;
  };
  return (a: string, b: string) => (rank(a) < rank(b) ? -1 : 1);
}

describe("the host's own rules", () => {
  test.each([
    ['an hour and a second here', HOUR + 1000, true],
    ['an hour here', HOUR, true],
    ['59 minutes here', 59 * MINUTE, false],
  ])('min-age 1h: an image that is %s', (_, age, goes) => {
    const inventory = anInventory([anImage('app', { createdAt: NOW - 30 * DAY, arrivedAt: NOW - age })]);
    const hour = rules({ minAge: HOUR });
    expect(going(inventory, pruning(), hour)).toEqual(goes ? [id('app')] : []);
    if (!goes)
      expect(reason('app', inventory, pruning(), hour)).toEqual({ kind: 'min-age', age, least: HOUR });
  });

  test('min-age counts from the build where the engine does not tell when an image came', () => {
    const inventory = anInventory([anImage('app', { createdAt: NOW - MINUTE, arrivedAt: 0 })]);
    expect(going(inventory, pruning(), rules({ minAge: HOUR }))).toEqual([]);
  });

  test('min-age 0s keeps nothing, not even an image dated in the future', () => {
    const inventory = anInventory([anImage('app', { createdAt: NOW + DAY })]);
    expect(going(inventory, pruning(), rules({ minAge: 0 }))).toEqual([id('app')]);
  });

  test('min-age keeps an image dated in the future, which is new and not old', () => {
    const inventory = anInventory([anImage('app', { createdAt: NOW + DAY })]);
    expect(reason('app', inventory, pruning(), rules({ minAge: HOUR }))).toEqual({
      kind: 'min-age',
      age: 0,
      least: HOUR,
    });
  });

  test.each([
    ['prod/*', ['prod/app:1'], true],
    ['prod/app', ['prod/app:1'], true],
    ['prod/app:2', ['prod/app:1'], false],
    ['prod/*', ['prod/team/app:1'], false],
    ['*', ['app:1'], true],
    ['app', ['registry.example.com:5000/team/app:1'], true],
    ['app', ['application:1'], false],
    ['postgres*', ['x:1', 'postgres:16'], true],
    ['app:?', ['app:10'], false],
  ])('protect %s with %j', (glob, tags, keeps) => {
    const inventory = anInventory([anImage('app', { tags })]);
    const by = rules({ protect: ['nothing/like-it', glob] });
    expect(going(inventory, pruning({ all: true }), by)).toEqual(keeps ? [] : [id('app')]);
    if (keeps)
      expect(reason('app', inventory, pruning({ all: true }), by)).toEqual({ kind: 'protected', by: glob });
  });

  test('protect guards an image that has only a digest', () => {
    const inventory = anInventory([anImage('app', { digests: [digest('prod/app', 'app')] })]);
    expect(reason('app', inventory, pruning(), rules({ protect: ['prod/*'] }))).toEqual({
      kind: 'protected',
      by: 'prod/*',
    });
  });

  test("the image of the agent's own container stays, also where the container is not listed", () => {
    const inventory = anInventory([anImage('dimg')], [], { self: id('dimg') });
    expect(going(inventory)).toEqual([]);
    expect(reason('dimg', inventory)).toEqual({ kind: 'self' });
  });

  test('a protected or young child holds its untagged parents', () => {
    const images = [anImage('base'), anImage('app', { parent: id('base'), tags: ['prod/app:1'] })];
    expect(going(anInventory(images), pruning({ all: true }), rules({ protect: ['prod/*'] }))).toEqual([]);
    const young = [anImage('base'), anImage('app', { parent: id('base'), arrivedAt: NOW })];
    expect(going(anInventory(young), pruning(), rules({ minAge: HOUR }))).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { Container, ContainerState } from '../../src/domain/inventory.ts';
import { aContainer, anImage, anInventory, DAY, HOUR, id, MINUTE, NOW, pruning, rules } from './_build.ts';
import { every, going, ids, planOf, reasonOf } from './_plan.ts';

const app = anImage('app', { tags: ['app:1'] });
/** A container of app that stopped a week ago, unless told otherwise. */
const old = (name: string, given: Partial<Container> = {}, state: ContainerState = 'exited') =>
  aContainer(name, 'app', state, [], { stoppedAt: NOW - 7 * DAY, ...given });
const day = every({ stoppedContainers: DAY });

describe('--stopped-containers', () => {
  test('takes an image whose containers have all stopped, and names each of them', () => {
    const [item] = planOf(anInventory([app], [old('web-2'), old('web-1', { stoppedAt: 5 })]), day).items;
    expect(item).toMatchObject({
      image: id('app'),
      action: 'delete',
      force: false,
      remove: ['app:1'],
      containers: [
        { id: id('container web-1').slice(7), name: 'web-1', stoppedAt: 5 },
        { id: id('container web-2').slice(7), name: 'web-2', stoppedAt: NOW - 7 * DAY },
      ],
      usedBy: [{ container: 'web-1', running: false, stoppedFor: NOW - 5 }, { container: 'web-2' }],
    });
  });

  test('is not meant by a prune without it', () => {
    expect(going(anInventory([app], [old('web-1')]), every())).toEqual([]);
    expect(reasonOf('app', anInventory([app], [old('web-1')]), every())).toEqual({
      kind: 'in-use',
      by: [{ container: 'web-1', running: false, stoppedFor: 7 * DAY }],
    });
  });

  test.each<[ContainerState, boolean]>([
    ['exited', true],
    ['created', true],
    ['dead', true],
    ['running', false],
    ['paused', false],
    ['restarting', false],
    ['removing', false],
  ])('with a container that is %s: %s', (state, goes) => {
    // Also where an engine gives such a one a time at which it ended.
    const inventory = anInventory([app], [old('web-1', {}, state)]);
    expect(going(inventory, day)).toEqual(goes ? ids('app') : []);
    if (!goes) expect(reasonOf('app', inventory, day)).toMatchObject({ kind: 'in-use' });
  });

  test('never with one that still runs beside those that stopped, whichever is first', () => {
    for (const [a, b] of [
      ['web-1', 'web-2'],
      ['web-2', 'web-1'],
    ] as const) {
      const inventory = anInventory([app], [old(a), old(b, { stoppedAt: null }, 'running')]);
      expect(going(inventory, day)).toEqual([]);
      expect(reasonOf('app', inventory, day)).toMatchObject({
        by: [{ container: 'web-1' }, { container: 'web-2' }],
      });
    }
  });

  test.each([
    ['as long ago as asked', DAY, {}, true],
    ['not as long ago as asked', DAY - 1, {}, false],
    ["as long ago as the host's min-age", HOUR, { least: 0, minAge: HOUR }, true],
    ["not as long ago as the host's min-age", HOUR - 1, { least: 0, minAge: HOUR }, false],
    ["not as long ago as asked, and longer than the host's min-age", DAY - 1, { minAge: HOUR }, false],
    ['in this instant, where neither asks for more', 0, { least: 0 }, true],
  ])(
    'goes by when it stopped: %s',
    (_, ago, { least = DAY, minAge = 0 }: { least?: number; minAge?: number }, goes) => {
      const inventory = anInventory([app], [old('web-1', { stoppedAt: NOW - ago })]);
      const selection = every({ stoppedContainers: least });
      expect(going(inventory, selection, rules({ minAge }))).toEqual(goes ? ids('app') : []);
    },
  );

  test('leaves one of which nobody knows when it stopped', () => {
    expect(
      going(anInventory([app], [old('web-1', { stoppedAt: null })]), every({ stoppedContainers: 0 })),
    ).toEqual([]);
  });

  test("leaves Swarm's tasks, which Swarm looks after", () => {
    const task = old('web.1.x', { labels: { 'com.docker.swarm.task.id': '' } });
    expect(going(anInventory([app], [task]), day)).toEqual([]);
    const service = old('web-1', { labels: { 'com.docker.compose.service': 'web' } });
    expect(going(anInventory([app], [service]), day)).toEqual(ids('app'));
  });

  test('takes no image that the other rules keep, nor its container', () => {
    const inventory = anInventory([app], [old('web-1')]);
    expect(going(inventory, pruning({ stoppedContainers: DAY }))).toEqual([]);
    expect(reasonOf('app', inventory, pruning({ stoppedContainers: DAY }))).toEqual({ kind: 'tagged' });
    expect(going(inventory, day, rules({ protect: ['app'] }))).toEqual([]);
    expect(going(anInventory([app], [old('web-1')], { self: id('app') }), day)).toEqual([]);
  });

  test('names no container of an image that has none', () => {
    expect(planOf(anInventory([app]), day).items).toMatchObject([{ containers: [] }]);
  });
});

describe('a host that does not allow it', () => {
  const off = rules({ stoppedContainers: false });
  const inventory = anInventory([app, anImage('free')], [old('web-1')]);

  test('keeps those images, says so, and goes on with the others', () => {
    const plan = planOf(inventory, day, off);
    expect(plan.items.map(({ image }) => image)).toEqual(ids('free'));
    expect(reasonOf('app', inventory, day, off)).toMatchObject({ kind: 'in-use' });
    expect(plan.problems).toEqual([{ kind: 'not-allowed', what: 'stopped-containers' }]);
  });

  test('says nothing where nobody asked for it, nor does one that allows it', () => {
    expect(planOf(inventory, every(), off).problems).toEqual([]);
    expect(planOf(inventory, day).problems).toEqual([]);
  });
});

describe('a container that mounts another image', () => {
  const data = anImage('data', { tags: ['data:1'] });
  const both = old('web-1', { mounts: [data.id] });

  test('goes with the image that it was made of, and lets the other go as well', () => {
    const { items } = planOf(anInventory([app, data], [both]), day);
    expect(items.map(({ image, containers }) => [image, containers.map(({ name }) => name)])).toEqual([
      [id('app'), ['web-1']],
      [id('data'), ['web-1']],
    ]);
  });

  test('goes with the image that it was made of though the other stays', () => {
    expect(
      going(anInventory([app, data], [both]), every({ stoppedContainers: DAY, notRepos: ['data'] })),
    ).toEqual(ids('app'));
  });

  test('stays where the image that it was made of stays, and holds the other', () => {
    const selection = every({ stoppedContainers: DAY, notRepos: ['app'] });
    const inventory = anInventory([app, data], [both]);
    expect(going(inventory, selection)).toEqual([]);
    expect(reasonOf('data', inventory, selection)).toEqual({
      kind: 'in-use',
      by: [{ container: 'web-1', running: false, stoppedFor: 7 * DAY }],
    });
  });

  test('stays where the image that it was made of is no longer there', () => {
    for (const image of [null, id('gone')])
      expect(going(anInventory([app, data], [old('x', { image, mounts: [data.id] })]), day)).toEqual(
        ids('app'),
      );
  });

  test('stays where the image that it was made of stays because of its children, and so on', () => {
    const child = anImage('child', { tags: ['child:1'], parent: id('app') });
    const base = anImage('base', { tags: ['base:1'] });
    const top = anImage('top', { tags: ['top:1'], parent: base.id });
    const inventory = anInventory(
      [top, base, data, app, child],
      // The child holds app, app's container holds data, and data's container holds top.
      [both, old('y', { image: data.id, mounts: [top.id] }), aContainer('z', 'child')],
    );
    expect(going(inventory, day)).toEqual([]);
    expect(reasonOf('base', inventory, day)).toEqual({ kind: 'children', of: ['top:1'] });
    expect(reasonOf('top', inventory, day)).toMatchObject({ kind: 'in-use', by: [{ container: 'y' }] });
    expect(reasonOf('data', inventory, day)).toMatchObject({
      by: [{ container: 'web-1' }, { container: 'y' }],
    });
    expect(reasonOf('app', inventory, day)).toEqual({ kind: 'children', of: ['child:1'] });
  });

  test('holds the mounted image against one that runs', () => {
    const running = aContainer('live', 'app', 'running', ['data']);
    const other = anImage('other', { tags: ['other:1'] });
    const stopped = aContainer('dead', 'other', 'exited', ['data'], { stoppedAt: NOW - 2 * MINUTE });
    expect(
      going(anInventory([app, data, other], [running, stopped]), every({ stoppedContainers: 0 })),
    ).toEqual(ids('other'));
  });
});

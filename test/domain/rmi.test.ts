import { describe, expect, test } from 'vitest';
import { choose } from '../../src/domain/choose.ts';
import type { ContainerState, Inventory } from '../../src/domain/inventory.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { aContainer, anImage, anInventory, digest, HOST, HOUR, id, NOW, removing, rules } from './_build.ts';

const plan = (
  inventory: Inventory,
  names: readonly string[],
  given: { force?: boolean; rules?: Rules } = {},
) => choose(HOST, inventory, removing(names, given.force), given.rules ?? rules(), NOW);
const short = (name: string) => id(name).slice(7, 19);

describe('rmi of a reference', () => {
  const app = anImage('app', { tags: ['app:1', 'app:2'] });

  test('takes only that reference where the image has others', () => {
    const made = plan(anInventory([app]), ['app:1']);
    expect(made.items).toMatchObject([
      { image: id('app'), action: 'untag', remove: ['app:1'], references: ['app:1', 'app:2'], reclaim: 0 },
    ]);
    expect(made.reclaim).toBe(0);
  });

  test('takes the image with its last reference', () => {
    const made = plan(anInventory([anImage('app', { tags: ['app:1'] })]), ['app:1']);
    expect(made.items).toMatchObject([{ action: 'delete', remove: ['app:1'], force: false, reclaim: 100 }]);
  });

  test('takes the image where all its references are named, in whatever order', () => {
    const made = plan(anInventory([app]), ['app:2', 'app:1']);
    expect(made.items).toMatchObject([{ action: 'delete', remove: ['app:1', 'app:2'] }]);
  });

  test('counts a reference that is given twice once', () => {
    expect(plan(anInventory([app]), ['app:1', 'app:1'])).toEqual(plan(anInventory([app]), ['app:1']));
    const single = anInventory([anImage('app', { tags: ['app:1'] })]);
    expect(plan(single, ['app:1', 'app:1']).items).toHaveLength(1);
  });

  test.each(['app', 'app:latest', 'docker.io/library/app', 'docker.io/app:latest', 'library/app'])(
    'reads %s as the engine does',
    (name) => {
      const inventory = anInventory([anImage('app', { tags: ['app:latest'] })]);
      expect(plan(inventory, [name]).items).toMatchObject([{ image: id('app'), remove: ['app:latest'] }]);
    },
  );

  test('takes one of several references also from under a container', () => {
    const made = plan(anInventory([app], [aContainer('web-1', 'app')]), ['app:1']);
    expect(made.items).toMatchObject([{ action: 'untag', remove: ['app:1'], force: false }]);
  });

  test('does not need the image to be old', () => {
    const young = anInventory([anImage('app', { tags: ['app:1'], createdAt: NOW })]);
    expect(plan(young, ['app:1'], { rules: rules({ minAge: HOUR }) }).items).toHaveLength(1);
  });
});

describe('rmi of a digest or an ID', () => {
  const app = anImage('app', { tags: ['app:1', 'team/app:1'], digests: [digest('app', 'x')] });
  const inventory = anInventory([app, anImage('other', { tags: ['other:1'] })]);

  test.each([
    ['a digest', digest('app', 'x')],
    ['an ID', id('app')],
    ['an ID without sha256:', id('app').slice(7)],
    ['the start of an ID', id('app').slice(7, 19)],
    ['the start of an ID with sha256:', id('app').slice(0, 25)],
    ['a tag together with a digest', digest('app:1', 'x')],
  ])('takes every reference, by %s', (_, name) => {
    expect(plan(inventory, [name]).items).toMatchObject([
      { image: id('app'), action: 'delete', remove: ['app:1', 'team/app:1'], force: false },
    ]);
  });

  test('takes every reference when the image is named by a tag as well', () => {
    for (const names of [
      ['app:1', id('app')],
      [id('app'), 'app:1'],
      ['app:1', digest('app', 'x')],
    ])
      expect(plan(inventory, names).items).toMatchObject([
        { action: 'delete', remove: ['app:1', 'team/app:1'] },
      ]);
  });

  test('takes an image that has only a digest by that digest', () => {
    const only = anInventory([anImage('app', { digests: [digest('app', 'x')] })]);
    expect(plan(only, [digest('app', 'x')]).items).toMatchObject([
      { action: 'delete', remove: [digest('app', 'x')] },
    ]);
  });

  test('says when the start of an ID means several images, and takes none', () => {
    const twin = id('app').slice(0, 20).padEnd(71, '0');
    const twins = anInventory([app, { ...anImage('twin'), id: twin as typeof app.id }]);
    const made = plan(twins, [id('app').slice(7, 19)]);
    expect(made.items).toEqual([]);
    expect(made.problems).toEqual([
      {
        kind: 'ambiguous',
        name: id('app').slice(7, 19),
        matches: [id('app').slice(7, 27), twin.slice(7, 27)],
      },
    ]);
  });

  test('prefers a reference that looks like an ID to the image of that ID, as Docker does', () => {
    const confusing = anImage('confusing', { tags: [`${short('app')}:latest`] });
    expect(plan(anInventory([app, confusing]), [short('app')]).items).toMatchObject([
      { image: id('confusing') },
    ]);
  });
});

describe('a name that means nothing', () => {
  const inventory = anInventory([anImage('app', { tags: ['app:1', 'web:1'] })]);
  test.each([
    ['a typing mistake, with what was likely meant', 'aap:1', 'app:1'],
    ['nothing like it', 'completely/different:9', undefined],
  ])('%s', (_, name, near) => {
    expect(plan(inventory, [name])).toMatchObject({
      items: [],
      problems: [{ kind: 'not-found', name, ...(near !== undefined && { near }) }],
    });
    expect(plan(inventory, [name]).problems[0]).not.toHaveProperty(near === undefined ? 'near' : 'matches');
  });

  test('does not stop the others from being planned', () => {
    const made = plan(inventory, ['web:1', 'nowhere:1', 'f'.repeat(64)]);
    expect(made.items).toMatchObject([{ action: 'untag', remove: ['web:1'] }]);
    expect(made.problems.map((problem) => 'name' in problem && problem.name)).toEqual([
      'nowhere:1',
      'f'.repeat(64),
    ]);
  });
});

describe('under containers', () => {
  const app = anImage('app', { tags: ['app:1', 'app:2'] });
  const under = (...states: ContainerState[]) =>
    anInventory(
      [app],
      states.map((state, i) => aContainer(`web-${i + 1}`, 'app', state)),
    );

  test.each<ContainerState>(['running', 'created', 'exited'])(
    'without -f the image of a container that is %s stays',
    (state) => {
      const made = plan(under(state), [id('app')]);
      expect(made.items).toEqual([]);
      expect(made.kept).toMatchObject([
        { reason: { kind: 'in-use', by: [{ container: 'web-1', running: state === 'running' }] } },
      ]);
    },
  );

  test.each<ContainerState>(['created', 'exited', 'dead'])(
    'with -f the image of a container that is %s goes, by force, and frees nothing',
    (state) => {
      const made = plan(under(state), [id('app')], { force: true });
      expect(made.items).toMatchObject([
        {
          action: 'delete',
          force: true,
          remove: ['app:1', 'app:2'],
          reclaim: 0,
          usedBy: [{ container: 'web-1', running: false }],
        },
      ]);
    },
  );

  test.each<ContainerState[]>([['running'], ['paused'], ['restarting'], ['exited', 'running']])(
    'with -f the image of containers that are %s is only untagged',
    (...states) => {
      const made = plan(under(...states), [id('app')], { force: true });
      expect(made.items).toMatchObject([
        { action: 'untag', force: true, remove: ['app:1', 'app:2'], reclaim: 0 },
      ]);
      expect(made.reclaim).toBe(0);
    },
  );

  test('with -f an image without a reference stays under a running container', () => {
    const inventory = anInventory([anImage('app')], [aContainer('web-1', 'app')]);
    const made = plan(inventory, [id('app')], { force: true });
    expect(made.items).toEqual([]);
    expect(made.kept).toMatchObject([{ reason: { kind: 'in-use' } }]);
  });

  test('with -f an image that nothing uses goes without force', () => {
    expect(plan(under(), [id('app')], { force: true }).items).toMatchObject([{ force: false }]);
  });

  test('a host that allows no force keeps what would need it, and only that', () => {
    const noForce = rules({ force: false });
    const made = plan(under('exited'), [id('app')], { force: true, rules: noForce });
    expect(made.items).toEqual([]);
    expect(made.kept).toMatchObject([{ reason: { kind: 'force-off' } }]);
    expect(plan(under(), [id('app')], { force: true, rules: noForce }).items).toHaveLength(1);
    expect(plan(under('running'), ['app:1'], { force: true, rules: noForce }).items).toMatchObject([
      { action: 'untag', force: false },
    ]);
  });

  test('force does not go past protect, nor past the agent itself', () => {
    const guarded = plan(under('exited'), [id('app')], { force: true, rules: rules({ protect: ['app'] }) });
    expect(guarded.kept).toMatchObject([{ reason: { kind: 'protected', by: 'app' } }]);
    const own = anInventory([app], [], { self: id('app') });
    expect(plan(own, ['app:1'], { force: true }).kept).toMatchObject([{ reason: { kind: 'self' } }]);
  });
});

describe('several images', () => {
  const base = anImage('base', { tags: ['base:1'] });
  const app = anImage('app', { tags: ['app:1'], parent: id('base') });

  test('a parent with a child that stays is kept and says so', () => {
    const made = plan(anInventory([base, app]), ['base:1']);
    expect(made.items).toEqual([]);
    expect(made.kept).toMatchObject([{ image: id('base'), reason: { kind: 'children', of: ['app:1'] } }]);
  });

  test('a parent goes together with its child, after it, in whatever order they are named', () => {
    for (const names of [
      ['base:1', 'app:1'],
      ['app:1', 'base:1'],
    ])
      expect(plan(anInventory([base, app]), names).items.map(({ image }) => image)).toEqual([
        id('app'),
        id('base'),
      ]);
  });

  test('a parent stays where its child is only untagged', () => {
    const inventory = anInventory([base, app], [aContainer('web-1', 'app')]);
    const made = plan(inventory, ['base:1', 'app:1'], { force: true });
    expect(made.items).toMatchObject([{ image: id('app'), action: 'untag' }]);
    expect(made.kept).toMatchObject([{ image: id('base'), reason: { kind: 'children' } }]);
  });

  test('one of several references of a parent goes though its child stays', () => {
    const two = { ...base, tags: ['base:1', 'base:2'] };
    expect(plan(anInventory([two, app]), ['base:2']).items).toMatchObject([
      { image: id('base'), action: 'untag', remove: ['base:2'] },
    ]);
  });

  test('untagged parents that nothing else needs go along, those of other images do not', () => {
    const images = [
      anImage('step'),
      anImage('app', { tags: ['app:1'], parent: id('step') }),
      anImage('other step'),
      anImage('other', { tags: ['other:1'], parent: id('other step') }),
      anImage('dangling'),
    ];
    expect(plan(anInventory(images), ['app:1']).items.map(({ image }) => image)).toEqual([
      id('app'),
      id('step'),
    ]);
  });

  test('an untagged parent that a container uses stays', () => {
    const images = [anImage('step'), anImage('app', { tags: ['app:1'], parent: id('step') })];
    const inventory = anInventory(images, [aContainer('debug', 'step', 'exited')]);
    expect(plan(inventory, ['app:1'], { force: true }).items.map(({ image }) => image)).toEqual([id('app')]);
  });

  test("an untagged parent that the agent's own container runs from stays", () => {
    const images = [anImage('step'), anImage('app', { tags: ['app:1'], parent: id('step') })];
    const inventory = anInventory(images, [], { self: id('step') });
    expect(plan(inventory, ['app:1']).items.map(({ image }) => image)).toEqual([id('app')]);
  });

  test('what was not named is neither gone nor kept', () => {
    const made = plan(anInventory([base, anImage('x', { tags: ['x:1'] })]), ['x:1']);
    expect([...made.items, ...made.kept].map(({ image }) => image)).toEqual([id('x')]);
  });
});

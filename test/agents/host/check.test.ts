import { describe, expect, test } from 'vitest';
import { type Circumstances, nextStep, type Sight } from '../../../agents/host/check.ts';
import { graph } from '../../../src/domain/graph.ts';
import { ImageId } from '../../../src/domain/ids.ts';
import type { Item, Use } from '../../../src/domain/plan.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { aContainer, anInventory } from '../../domain/_build.ts';

const id = (digit: string) => ImageId.parse(`sha256:${digit.repeat(64)}`);
const digest = (repository: string) => `${repository}@sha256:${'d'.repeat(64)}`;
const item = (more: Partial<Item> = {}): Item => {
  const references = more.references ?? ['app:1'];
  const known = {
    image: id('a'),
    size: 1,
    createdAt: 0,
    usedAt: 0,
    action: 'delete',
    force: false,
    reclaim: 0,
  } as const;
  return { ...known, references, remove: references, containers: [], usedBy: [], ...more };
};
const sight = (
  tags: string[],
  more: { removed?: string[]; uses?: Use[]; digests?: string[]; taggedAt?: number } = {},
): Sight => ({
  live: {
    id: id('a'),
    tags,
    digests: more.digests ?? [],
    createdAt: 0,
    taggedAt: more.taggedAt ?? null,
    labels: {},
  },
  holders: (more.uses ?? []).map(({ container, running }) =>
    aContainer(container, null, running ? 'running' : 'exited'),
  ),
  removed: more.removed ?? [],
});
const world = graph(anInventory([]));
const around: Circumstances = {
  world,
  rules: { ...DEFAULT_RULES, minAge: 0 },
  arrivedAt: () => 0,
  usedAt: () => 0,
  gone: new Set(),
  prune: false,
  now: 10_000,
};
const use = (container: string, running = false) => ({ container, running });

describe('the next request to the engine', () => {
  test.each([
    ['one tag: by ID', item(), sight(['app:1']), id('a')],
    ['no name: by ID', item({ references: [] }), sight([]), id('a')],
    ['a tag and its digest: by ID', item(), sight(['app:1'], { digests: [digest('app')] }), id('a')],
    [
      'a digest alone: by ID',
      item({ references: [digest('app')] }),
      sight([], { digests: [digest('app')] }),
      id('a'),
    ],
    ['two tags: the first one', item({ references: ['app:1', 'app:2'] }), sight(['app:1', 'app:2']), 'app:1'],
    [
      'a digest of another repository: the tag',
      item({ references: ['app:1', digest('x/app')] }),
      sight(['app:1'], { digests: [digest('x/app')] }),
      'app:1',
    ],
    [
      'the last of two tags: by ID',
      item({ references: ['app:1', 'app:2'] }),
      sight(['app:2'], { removed: ['app:1'] }),
      id('a'),
    ],
    [
      'tags gone, a digest left: by ID',
      item({ references: ['app:1', digest('x')] }),
      sight([], { removed: ['app:1'], digests: [digest('x')] }),
      id('a'),
    ],
    [
      'tags gone, digests left that were not shown: by ID',
      item({ references: ['app:1', 'web:1'] }),
      sight([], { removed: ['app:1', 'web:1'], digests: [digest('app'), digest('web')] }),
      id('a'),
    ],
    [
      'a registry with a port',
      item({ references: ['r:5000/a:1', 'r:5000/a:2'] }),
      sight(['r:5000/a:1', 'r:5000/a:2']),
      'r:5000/a:1',
    ],
  ])('%s, without force', (_, planned, seen, name) => {
    expect(nextStep(planned, seen, around)).toEqual({ kind: 'remove', name, force: false });
  });

  test('of a forced deletion goes by ID however many tags there are', () => {
    const planned = item({ references: ['a:1', 'b:1'], force: true, usedBy: [use('old')] });
    expect(nextStep(planned, sight(['a:1', 'b:1'], { uses: [use('old')] }), around)).toEqual({
      kind: 'remove',
      name: id('a'),
      force: true,
    });
  });

  test('of an untag under a running container is forced only for the last name', () => {
    const references = ['a:1', 'b:1'];
    const planned = item({ references, action: 'untag', force: true, usedBy: [use('web', true)] });
    const uses = [use('web', true)];
    expect(nextStep(planned, sight(references, { uses }), around)).toMatchObject({
      name: 'a:1',
      force: false,
    });
    const second = sight(['b:1'], { uses, removed: ['a:1'] });
    expect(nextStep(planned, second, around)).toMatchObject({ name: 'b:1', force: true });
    const last = sight([], { uses, removed: references });
    expect(nextStep(planned, last, around)).toEqual({ kind: 'end', outcome: 'untagged' });
  });
});

describe('nothing is asked of the engine', () => {
  const skips = (planned: Item, seen: Sight, more: Partial<Circumstances> = {}) => {
    const step = nextStep(planned, seen, { ...around, ...more });
    return step.kind === 'skip' ? step.why.kind : step;
  };
  const forced = item({ force: true, usedBy: [use('old')] });
  const untag = item({ action: 'untag', force: true, usedBy: [use('web', true)] });

  test.each([
    ['a tag more', item(), sight(['app:1', 'app:2'])],
    ['a tag less', item({ references: ['app:1', 'app:2'] }), sight(['app:1'])],
    ['another tag', item(), sight(['app:2'])],
    ['a digest of another repository more', item(), sight(['app:1'], { digests: [digest('x/app')] })],
    [
      'a tag that came back',
      item({ references: ['a:1', 'b:1'] }),
      sight(['a:1', 'b:1'], { removed: ['a:1'] }),
    ],
    ['a tag on what was dangling', item({ references: [] }), sight(['app:1'])],
    ['a digest on what was dangling', item({ references: [] }), sight([], { digests: [digest('app')] })],
  ])('with %s', (_, planned, seen) => expect(skips(planned, seen)).toBe('references'));

  test.each([
    ['a container', item(), [use('web')]],
    ['a container of the plan, but no force', item({ usedBy: [use('web')] }), [use('web')]],
    ['a running container, forced', forced, [use('old', true)]],
    ['another stopped container, forced', forced, [use('old'), use('new')]],
    ['a container to untag under that has stopped', untag, [use('web')]],
    ['another running container to untag under', untag, [use('web', true), use('new', true)]],
  ])('with %s', (_, planned, uses) => expect(skips(planned, sight(['app:1'], { uses }))).toBe('in-use'));

  test('with no container left to untag under', () => {
    expect(skips(untag, sight(['app:1']))).toBe('refused');
  });
  test('where force is off', () => {
    const rules = { ...around.rules, allow: { ...around.rules.allow, force: false } };
    expect(skips(forced, sight(['app:1']), { rules })).toBe('force-off');
    expect(skips(untag, sight(['app:1'], { uses: [use('web', true)] }), { rules })).toBe('force-off');
  });
  test('where a rule protects it', () => {
    expect(skips(item(), sight(['app:1']), { rules: { ...around.rules, protect: ['app:*'] } })).toBe(
      'protected',
    );
  });
  test('for the agent’s own image, forced or not', () => {
    const own = { world: { ...world, self: id('a') } };
    expect(skips(item(), sight(['app:1']), own)).toBe('self');
    expect(skips(forced, sight(['app:1']), own)).toBe('self');
  });
  test('for an image of a prune that is younger than allowed', () => {
    const rules = { ...around.rules, minAge: 5000 };
    const seen = sight(['app:1'], { taggedAt: 6000 });
    expect(skips(item(), seen, { rules, prune: true })).toBe('min-age');
    expect(skips(item(), seen, { rules, prune: false })).toMatchObject({ kind: 'remove' });
    expect(skips(item(), sight(['app:1'], { taggedAt: 5000 }), { rules, prune: true })).toMatchObject({
      kind: 'remove',
    });
  });
  test('for an image with children, until they are gone', () => {
    const parent = { ...world, children: new Map([[id('a'), [id('b')]]]) };
    expect(skips(item(), sight(['app:1']), { world: parent })).toBe('children');
    expect(skips(item(), sight(['app:1']), { world: parent, gone: new Set([id('b')]) })).toMatchObject({
      kind: 'remove',
    });
  });
});

describe('what a container ran on since the plan', () => {
  const since = { ...around, prune: true, usedAt: () => 7_000 };
  test('stays, and is said to have been used', () => {
    expect(nextStep(item(), sight(['app:1']), since)).toEqual({
      kind: 'skip',
      why: { kind: 'touched', age: 3_000 },
    });
    expect(nextStep(item({ usedAt: 6_999 }), sight(['app:1']), since).kind).toBe('skip');
  });
  test.each([
    ['the use was known to the plan', item({ usedAt: 7_000 }), sight(['app:1']), since],
    ['somebody named it', item(), sight(['app:1']), { ...since, prune: false }],
    [
      'a planned container was removed',
      item({ containers: [{ id: 'c', name: 'web-1', stoppedAt: 1 }] }),
      sight(['app:1']),
      since,
    ],
  ])('goes where %s', (_, planned, seen, circumstances) => {
    expect(nextStep(planned, seen, circumstances)).toEqual({ kind: 'remove', name: id('a'), force: false });
  });
});

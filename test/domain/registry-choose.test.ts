import { describe, expect, test } from 'vitest';
import type { Plan, Reason } from '../../src/domain/plan.ts';
import type { Manifest, Repository } from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import type { RegistryPruneSelection } from '../../src/domain/registry-selection.ts';
import { DAY, HOST, HOUR, MINUTE, NOW, rules } from './_build.ts';
import { aManifest, anInventoryThere, aRepository, digestOf } from './_registry.ts';

type Given = Parameters<typeof anInventoryThere>[1];

const pruning = (given: Partial<RegistryPruneSelection> = {}): RegistryPruneSelection => ({
  ...{ kind: 'registry prune', repositories: 'app', tags: [], notTags: [], untagged: false },
  ...given,
});
const days = (n: number) => NOW - n * DAY;
/** Images of so many days: `old` is on the tag `old`. */
const dated = (ages: Readonly<Record<string, number | null>>): Repository => {
  const made = Object.entries(ages).map(([name, age]) =>
    aManifest(name, { createdAt: age === null ? null : days(age) }),
  );
  return aRepository('app', made, Object.fromEntries(Object.keys(ages).map((name) => [name, name])));
};
const choose = (
  repository: Repository | Repository[],
  selection: RegistryPruneSelection,
  given: Partial<Given> & { rules?: Parameters<typeof rules>[0] } = {},
): Plan =>
  chooseThere(
    HOST,
    anInventoryThere([repository].flat(), { now: NOW, ...given }),
    selection,
    { ...rules(given.rules), prefixes: ['main', 'registry.example.com', 'registry.example.com:443'] },
    NOW,
  );
const going = (plan: Plan): string[] => plan.items.flatMap(({ remove }) => remove).sort();
const why = (plan: Plan, reference: string): Reason | undefined =>
  plan.kept.find(({ references }) => references.includes(reference))?.reason;

describe('what goes from a registry', () => {
  test('is what was made before --until, to the millisecond', () => {
    const edge = aRepository(
      'app',
      [aManifest('at', { createdAt: days(90) }), aManifest('after', { createdAt: days(90) + 1 })],
      { at: 'at', after: 'after' },
    );
    const plan = choose(edge, pruning({ until: { ago: 90 * DAY } }));
    expect(going(plan)).toEqual(['app:at']);
    expect(why(plan, 'app:after')).toEqual({ kind: 'younger', age: 90 * DAY - 1 });
  });

  test('is not one of the --keep newest, by digest and not by tag', () => {
    const repository = aRepository(
      'app',
      ['a', 'b', 'c', 'd'].map((name, i) => aManifest(name, { createdAt: days(10 + i) })),
      { a1: 'a', a2: 'a', a3: 'a', b: 'b', c: 'c', d: 'd' },
    );
    const plan = choose(repository, pruning({ keep: 2 }));
    expect(going(plan)).toEqual(['app:c', 'app:d']);
    expect(why(plan, 'app:a2')).toEqual({ kind: 'newest', of: 'app', most: 2 });
  });

  test('leaves --keep images that one can go back to, also where other rules keep some of them', () => {
    const plan = choose(dated({ latest: 1, b: 2, c: 3 }), pruning({ keep: 2 }));
    expect(going(plan)).toEqual(['app:c']);
    expect(why(plan, 'app:latest')?.kind).toBe('newest');
  });

  test('--keep counts each repository for itself, and what has no tag or only the tag of a signature not at all', () => {
    const one = dated({ a: 1, b: 2 });
    const other = { ...dated({ c: 3, d: 4 }), name: 'team/other' };
    const bare = aManifest('bare', { createdAt: days(0.5) });
    const signature = aManifest('signature', { createdAt: days(0.5), kind: 'artifact' });
    const tags = {
      ...Object.fromEntries(one.tags),
      [`sha256-${digestOf('a').slice(7)}.sig`]: digestOf('signature'),
    };
    const more: Repository = {
      ...one,
      tags: new Map(Object.entries(tags)),
      manifests: new Map([...one.manifests, [bare.digest, bare], [signature.digest, signature]]),
    };
    const plan = choose([more, other], pruning({ keep: 1, repositories: '*' }));
    expect(going(plan)).toEqual(['app:b', 'team/other:d']);
  });

  test('is of tags that match one --tag, and none that matches a --not-tag, which wins', () => {
    const ages = { 'pr-1': 5, 'pr-2': 5, 'ci-1': 5, v1: 5 };
    const plan = choose(dated(ages), pruning({ tags: ['pr-*', 'ci-?'], notTags: ['*-2'] }));
    expect(going(plan)).toEqual(['app:ci-1', 'app:pr-1']);
    expect(why(plan, 'app:pr-2')).toEqual({ kind: 'not-tag', by: '*-2' });
    expect(why(plan, 'app:v1')).toEqual({ kind: 'tag' });
  });

  test('is never latest, even where its glob is asked for', () => {
    const plan = choose(dated({ latest: 400, later: 400 }), pruning({ tags: ['lat*'] }));
    expect(going(plan)).toEqual(['app:later']);
    expect(why(plan, 'app:latest')).toEqual({ kind: 'latest' });
  });

  test('is, without a word about tags, only what has none', () => {
    const repository = aRepository('app', [aManifest('named'), aManifest('bare')], { v1: 'named' });
    const plan = choose(repository, pruning({ untagged: true }));
    expect(going(plan)).toEqual([`app@${digestOf('bare')}`]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'tagged' });
    const tagged = choose(repository, pruning({ keep: 1 }));
    expect(why(tagged, `app@${digestOf('bare')}`)).toEqual({ kind: 'untagged' });
  });

  test('is what has no tag only where it was made before --until as well', () => {
    const repository = aRepository(
      'app',
      [
        aManifest('old', { createdAt: days(91) }),
        aManifest('fresh', { createdAt: days(1) }),
        aManifest('undated', { createdAt: null }),
      ],
      {},
    );
    const plan = choose(repository, pruning({ until: { ago: 90 * DAY }, untagged: true }));
    expect(going(plan)).toEqual([`app@${digestOf('old')}`]);
    expect(why(plan, `app@${digestOf('fresh')}`)).toEqual({ kind: 'younger', age: DAY });
    expect(why(plan, `app@${digestOf('undated')}`)).toEqual({ kind: 'no-date' });
    // --keep is about what has a name.
    expect(choose(repository, pruning({ keep: 1, untagged: true })).items).toHaveLength(3);
  });

  test('has a date, where it is chosen by one', () => {
    for (const by of [{ until: { ago: DAY } }, { keep: 1 }]) {
      const plan = choose(dated({ undated: null, old: 9 }), pruning(by));
      expect(why(plan, 'app:undated')).toEqual({ kind: 'no-date' });
    }
    expect(going(choose(dated({ undated: null }), pruning({ tags: ['*'] })))).toEqual(['app:undated']);
  });

  test('is as old as its youngest part', () => {
    const parts: Manifest[] = [
      aManifest('amd', { createdAt: days(100) }),
      aManifest('arm', { createdAt: days(3) }),
    ];
    const index = aManifest('index', {
      children: [
        ['amd', 'linux/amd64'],
        ['arm', 'linux/arm64'],
      ],
      createdAt: null,
    });
    const repository = aRepository('app', [index, ...parts], { v1: 'index' });
    const plan = choose(repository, pruning({ until: { ago: 90 * DAY } }));
    expect(why(plan, 'app:v1')).toEqual({ kind: 'younger', age: 3 * DAY });
  });
});

describe('an index of which one image has no date', () => {
  const index = aManifest('index', {
    children: [
      ['amd', 'linux/amd64'],
      ['arm', 'linux/arm64'],
      ['attestation', 'unknown/unknown'],
    ],
    createdAt: null,
  });
  const there = (amd: number | null, arm: number) =>
    aRepository(
      'app',
      [
        index,
        aManifest('amd', { createdAt: amd }),
        aManifest('arm', { createdAt: arm }),
        aManifest('attestation', { kind: 'artifact', createdAt: null }),
      ],
      { v1: 'index' },
    );
  const until = pruning({ until: { ago: 90 * DAY } });

  test('has none itself: it may have been built a moment ago', () => {
    const plan = choose(there(null, days(400)), until);
    expect(plan.items).toEqual([]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'no-date' });
    expect(plan.kept[0]?.createdAt).toBe(0);
    expect(why(choose(there(null, days(400)), pruning({ keep: 1 })), 'app:v1')).toEqual({ kind: 'no-date' });
  });

  test('has one where only what is no image has none', () => {
    expect(going(choose(there(days(300), days(400)), until))).toContain('app:v1');
  });

  test('stays for min-age by what is known of the others', () => {
    const plan = choose(there(null, NOW - MINUTE), pruning({ tags: ['*'] }), { rules: { minAge: HOUR } });
    expect(why(plan, 'app:v1')).toEqual({ kind: 'min-age', age: MINUTE, least: HOUR });
  });
});

describe('an image in a registry stays', () => {
  const all = pruning({ tags: ['*'] });
  const old = dated({ v1: 400 });

  test('for min-age after it was first seen, however long ago it was made', () => {
    const seen = (at: number) => ({ ...old, seenAt: new Map([[digestOf('v1'), at]]) });
    const given = { rules: { minAge: HOUR } };
    expect(why(choose(seen(NOW - MINUTE), all, given), 'app:v1')).toEqual({
      ...{ kind: 'min-age', age: MINUTE, least: HOUR },
    });
    expect(going(choose(seen(NOW - HOUR), all, given))).toEqual(['app:v1']);
    expect(going(choose(seen(0), all, given))).toEqual(['app:v1']);
    // What was never seen has come this instant.
    expect(why(choose({ ...old, seenAt: new Map() }, all, given), 'app:v1')?.kind).toBe('min-age');
  });

  test.each([
    ['the repository', 'app'],
    ['a glob of it', 'a*'],
    ['one tag', 'app:v1'],
    ['the repository at its address', 'registry.example.com/app'],
    ['a glob of it there', 'registry.example.com/a*'],
    ['one tag there', 'registry.example.com/app:v1'],
    ['one tag at its address with the port', 'registry.example.com:443/app:v1'],
    ['the repository as commands name it', 'main/app'],
    ['a label', 'label=keep'],
    ['a label with its value', 'label=keep=yes'],
  ])('where its agent protects %s', (_, rule) => {
    const labelled = aManifest('v1', { labels: { keep: 'yes' } });
    const repository = aRepository('app', [labelled, aManifest('v2')], { v1: 'v1' });
    const plan = choose(repository, all, { rules: { protect: [rule] } });
    expect(going(plan)).toEqual([]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'protected', by: rule });
  });

  test('where its agent protects a label of one of its parts, at any depth', () => {
    const top = aManifest('top', { children: [['index', 'linux/amd64']] });
    const under = aManifest('index', { children: [['amd', 'linux/amd64']] });
    const part = (labels: Record<string, string>) => aManifest('amd', { labels });
    const there = (labels: Record<string, string>) =>
      aRepository('app', [top, under, part(labels), aManifest('other')], { v1: 'top', v2: 'other' });
    const by = { rules: { protect: ['label=keep=yes'] } };
    expect(going(choose(there({ keep: 'no' }), all, by))).toContain('app:v1');
    const plan = choose(there({ keep: 'yes' }), all, by);
    expect(going(plan)).toEqual(['app:v2']);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'protected', by: 'label=keep=yes' });
  });

  test.each([
    'app:v2',
    'other',
    'team/app',
    'registry.example.com/app:v2',
    'other.example.com/app',
    'main/a',
    'main',
    'label=other',
    'label=keep=no',
    'label=constructor',
  ])('not for a rule that means something else: %s', (rule) => {
    const repository = aRepository('app', [aManifest('v1', { labels: { keep: 'yes' } })], { v1: 'v1' });
    expect(going(choose(repository, all, { rules: { protect: [rule] } }))).toEqual(['app:v1']);
  });

  const index = aManifest('index', { children: [['amd', 'linux/amd64']] });
  const multi = aRepository('app', [index, aManifest('amd', { blobs: ['config', 'layer'] })], {
    v1: 'index',
  });
  test.each([
    ['its digest', 'index'],
    ['that of a part', 'amd'],
    ["its part's configuration", 'config'],
  ])('where a container uses it, known by %s', (_, by) => {
    const plan = choose(multi, all, {
      holders: {
        [by]: [
          ['host-2', true],
          ['host-1', true],
          ['host-3', false],
        ],
      },
    });
    expect(plan.items).toEqual([]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'on-hosts', names: ['host-1', 'host-2'], count: 2 });
  });

  test('not because a host merely has it; then that is told', () => {
    const plan = choose(multi, all, { holders: { amd: [['host-1', false]] } });
    expect(going(plan)).toEqual([`app:v1`, `app@${digestOf('amd')}`]);
    expect(plan.items[0]?.manifest).toEqual({
      ...{ kind: 'index', platforms: ['linux/amd64'] },
      on: { names: ['host-1'], count: 1 },
      usedOn: { names: [], count: 0 },
    });
  });

  test('whatever it is, while a host has not told what it has; each with a reason', () => {
    const plan = choose(multi, all, { unheard: ['host-9'] });
    expect(plan.items).toEqual([]);
    expect(plan.problems).toEqual([{ kind: 'unheard', hosts: ['host-9'] }]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'withheld' });
  });

  test('by its own name where several hundred hosts use it, of which twenty are told', () => {
    const holders = Array.from({ length: 300 }, (_, i): [string, boolean] => [`host-${i + 100}`, true]);
    const reason = why(choose(old, all, { holders: { v1: holders } }), 'app:v1');
    expect(reason).toMatchObject({ kind: 'on-hosts', count: 300 });
    expect(reason?.kind === 'on-hosts' && reason.names.length).toBe(20);
  });
});

describe('a name that somebody gave', () => {
  const rmi = (...names: ({ tag: string } | { digest: string })[]) => ({
    kind: 'registry rmi' as const,
    names: names.map((name) => ({ repository: 'app', ...name }) as never),
  });
  const chosen = (
    repository: Repository,
    selection: ReturnType<typeof rmi>,
    given: Partial<Given> = {},
    by = {},
  ) => chooseThere(HOST, anInventoryThere([repository], { now: NOW, ...given }), selection, rules(by), NOW);

  test('goes though it is latest, new, undated, and used on a host that is named on the card', () => {
    const plan = chosen(
      dated({ latest: null }),
      rmi({ tag: 'latest' }),
      { holders: { latest: [['host-1', true]] }, unheard: ['host-9'] },
      { minAge: DAY },
    );
    expect(going(plan)).toEqual(['app:latest']);
    expect(plan.items[0]?.manifest?.usedOn).toEqual({ names: ['host-1'], count: 1 });
    // Nothing waits for what is not known, but it is told.
    expect(plan.problems).toEqual([{ kind: 'unheard', hosts: ['host-9'], named: true }]);
    expect(chosen(dated({ v1: 1 }), rmi({ tag: 'v1' })).problems).toEqual([]);
  });

  test('stays where the agent protects it', () => {
    const plan = chosen(dated({ v1: 1 }), rmi({ tag: 'v1' }), {}, { protect: ['app:v*'] });
    expect(plan.items).toEqual([]);
    expect(why(plan, 'app:v1')).toEqual({ kind: 'protected', by: 'app:v*' });
  });

  test('takes with a digest every tag on it', () => {
    const repository = aRepository('app', [aManifest('a')], { one: 'a', two: 'a' });
    expect(going(chosen(repository, rmi({ digest: digestOf('a') })))).toEqual(['app:one', 'app:two']);
  });

  test('that means nothing is told, with the nearest that does', () => {
    const plan = chosen(
      dated({ 'v1.2': 1 }),
      rmi({ tag: 'v1.3' }, { tag: 'quite-other' }, { digest: digestOf('no') }),
    );
    expect(plan.items).toEqual([]);
    expect(plan.problems).toEqual([
      { kind: 'not-found', name: 'app:v1.3', near: 'app:v1.2' },
      { kind: 'not-found', name: 'app:quite-other' },
      { kind: 'not-found', name: `app@${digestOf('no')}` },
    ]);
  });
});

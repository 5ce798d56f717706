import fc from 'fast-check';
import { FAMILY_NAMES, type Family } from './_catalogue.ts';

/**
 * One request, in words that mean the same on every engine. What it is about is chosen when it is sent:
 * `?name/7`, `?id/7`, `?prefix/7` and `?container/7` are the seventh of what is there, going round.
 */
export type Step =
  | { readonly do: 'load'; readonly family: Family }
  | { readonly do: 'tag'; readonly source: string; readonly repo: string; readonly tag: string }
  | { readonly do: 'delete'; readonly image: string; readonly force: boolean; readonly noprune: boolean }
  | { readonly do: 'build'; readonly from: string; readonly label: string; readonly tag: string | null }
  | { readonly do: 'create'; readonly image: string; readonly name: string; readonly cmd: readonly string[] }
  | { readonly do: 'container'; readonly name: string; readonly action: string }
  | { readonly do: 'prune'; readonly filters: Readonly<Record<string, readonly string[]>> }
  | { readonly do: 'look'; readonly path: string };

const FREE_NAMES = ['web', 'db', 'cron'];

const some = (what: string) => fc.nat(40).map((n) => `?${what}/${n}`);
const image = fc.oneof(
  { weight: 8, arbitrary: some('name') },
  { weight: 5, arbitrary: some('id') },
  { weight: 2, arbitrary: some('prefix') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'docker.io/library/lone:1',
      'twin',
      'never:1',
      'UPPER',
      'a:b:c',
      `${'f'.repeat(64)}`,
    ),
  },
);
const container = fc.oneof(
  { weight: 8, arbitrary: some('container') },
  { weight: 1, arbitrary: fc.constant('nobody') },
);
const filterSets = fc.constantFrom<Readonly<Record<string, readonly string[]>>>(
  ...[{}, { dangling: ['false'] }, { dangling: ['true'] }, { label: ['team'] }, { label: ['team=shop'] }],
  ...[
    { 'label!': ['team=web'] },
    { dangling: ['false'], 'label!': ['tier'] },
    { until: ['24h'] },
    { nope: ['x'] },
  ],
  { dangling: ['false'], until: ['2024-02-01T00:00:00Z'] },
);
const looks = fc.oneof(
  image.map((name) => `/images/${name}/json`),
  image.map((name) => `/images/${name}/history`),
  fc
    .constantFrom(
      ...[{ dangling: ['true'] }, { dangling: ['false'] }, { label: ['team=web'] }, { reference: ['app'] }],
      ...[
        { reference: ['*/app:*', 'lone:?'] },
        { before: ['lone:1'] },
        { since: ['lone:1'] },
        { dangling: ['maybe'] },
      ],
    )
    .map((value) => `/images/json?filters=${encodeURIComponent(JSON.stringify(value))}`),
  fc
    .constantFrom<object>(
      { ancestor: ['base:1'] },
      { status: ['created'] },
      { status: ['exited'] },
      { name: ['we'] },
    )
    .map((value) => `/containers/json?all=1&filters=${encodeURIComponent(JSON.stringify(value))}`),
  fc.constant('/system/df'),
  fc.constant('/images/json'),
);

/** `runs`: whether containers are also started, which on a real engine takes a third of a second each. */
export function steps(runs: boolean): fc.Arbitrary<Step[]> {
  const actions = [
    'remove',
    'remove?force=1',
    ...(runs ? ['start', 'start', 'stop', 'kill', 'pause', 'unpause'] : ['stop']),
  ];
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(...FAMILY_NAMES).map((family): Step => ({ do: 'load', family })),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('tag' as const),
        source: image,
        repo: fc.constantFrom('new', 'lone', 'box', 'docker.io/library/app', 'sha256', 'UP', 'deep/er/path'),
        tag: fc.constantFrom('1', '2', '', 'bad tag'),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('delete' as const),
        image,
        force: fc.boolean(),
        noprune: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('build' as const),
        from: image,
        label: fc.constantFrom('x', 'y'),
        tag: fc.constantFrom('kid:1', 'lone:1', null),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('create' as const),
        image: runs ? fc.oneof(image, fc.constant('box:1')) : image,
        name: fc.constantFrom(...FREE_NAMES),
        cmd: fc.constantFrom(...(runs ? [[], ['true'], ['false']] : [[]])),
      }),
    },
    {
      weight: runs ? 6 : 2,
      arbitrary: fc.record({
        do: fc.constant('container' as const),
        name: container,
        action: fc.constantFrom(...actions),
      }),
    },
    { weight: 1, arbitrary: filterSets.map((filters): Step => ({ do: 'prune', filters })) },
    { weight: 3, arbitrary: looks.map((path): Step => ({ do: 'look', path })) },
  );
  // Something to begin with, or most requests would be about nothing.
  const begin = fc
    .subarray([...FAMILY_NAMES], { minLength: 2, maxLength: 4 })
    .map((families) => [...new Set([...(runs ? (['box'] as const) : []), ...families])])
    .map((families) => families.map((family): Step => ({ do: 'load', family })));
  return fc
    .tuple(begin, fc.array(step, { minLength: 5, maxLength: 13 }))
    .map(([first, then]) => [...first, ...then]);
}

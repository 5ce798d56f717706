import fc from 'fast-check';
import { FAMILY_NAMES, type Family } from './_catalogue.ts';

/** One request, in words that mean the same on every engine. `$app` stands for an ID, `$app/12` for its beginning. */
export type Step =
  | { readonly do: 'load'; readonly family: Family }
  | { readonly do: 'tag'; readonly source: string; readonly repo: string; readonly tag: string }
  | { readonly do: 'delete'; readonly image: string; readonly force: boolean; readonly noprune: boolean }
  | { readonly do: 'build'; readonly from: string; readonly label: string; readonly tag: string | null }
  | { readonly do: 'create'; readonly image: string; readonly name: string; readonly cmd: readonly string[] }
  | { readonly do: 'container'; readonly name: string; readonly action: string }
  | { readonly do: 'prune'; readonly filters: Readonly<Record<string, readonly string[]>> }
  | { readonly do: 'look'; readonly path: string };

const IDS = ['base', 'mid', 'app', 'lone', 'twin', 'dangling', 'hollow', 'box', 'built-1', 'built-2'];
const NAMES = [
  ...['base:1', 'app:1', 'app:2', 'other/app:1', 'lone:1', 'lone:2', 'twin', 'twin:latest', 'box', 'box:1'],
  ...['127.0.0.1:1/hollow:1', 'docker.io/library/lone:1', 'new:1', 'new:2', 'kid:1', 'never:1'],
];
const CONTAINERS = ['web', 'db', 'cron'];

const image = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 3, arbitrary: fc.constantFrom(...IDS).map((id) => `$${id}`) },
  { weight: 1, arbitrary: fc.constantFrom(...IDS).map((id) => `$${id}/12`) },
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
  const created = fc.constantFrom(...CONTAINERS);
  const actions = [
    'remove',
    'remove?force=1',
    ...(runs ? ['start', 'start', 'stop', 'kill', 'pause', 'unpause'] : ['stop']),
  ];
  const step = fc.oneof(
    {
      weight: 5,
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
        image: runs ? fc.oneof(image, fc.constantFrom('box:1', '$box')) : image,
        name: created,
        cmd: fc.constantFrom(...(runs ? [[], ['true'], ['false']] : [[]])),
      }),
    },
    {
      weight: runs ? 6 : 2,
      arbitrary: fc.record({
        do: fc.constant('container' as const),
        name: created,
        action: fc.constantFrom(...actions),
      }),
    },
    { weight: 1, arbitrary: filterSets.map((filters): Step => ({ do: 'prune', filters })) },
    { weight: 3, arbitrary: looks.map((path): Step => ({ do: 'look', path })) },
  );
  return fc.array(step, { minLength: 6, maxLength: 18 });
}

/**
 * How far the bytes that a plan promises are from those that vanish from the disk, beside what is known without one:
 * Docker's own `RECLAIMABLE`, the sum of the sizes, and that of the sizes without what is shared. Each host is planned
 * for and deleted from three times over. `node --import tsx bench/reclaim.ts [--engines 20.10,26.1] [--images 200]
 * [--hosts 3] [--seed 1]`
 */
import { parseArgs } from 'node:util';
import { createScope } from '../playground/parts/scope.ts';
import { settledStoreSize } from '../playground/parts/store-size.ts';
import type { Plan } from '../src/domain/plan.ts';
import { Rules } from '../src/domain/rules.ts';
import { type PruneSelection, plainPrune } from '../src/domain/selection.ts';
import { openLab } from '../test/property/_lab.ts';
import { randomOf } from '../test/property/_random.ts';
import { circumstances, table } from './_figures.ts';
import { KINDS, startHost } from './_host.ts';
import { REPOSITORIES, randomHost } from './_random-host.ts';

const LIMIT = 0.01;
const { values } = parseArgs({
  options: {
    engines: { type: 'string', default: KINDS.join(',') },
    images: { type: 'string', default: '200' },
    hosts: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const WAYS = ['dimg', 'Docker: reclaimable', 'Σ size', 'Σ (size − shared)'] as const;
type Way = (typeof WAYS)[number];
/** What was said of one deletion, and what the disk said, in bytes. */
type Found = { truth: number; said: Partial<Record<Way, number>>; deleted: number };

const rows: string[][] = [];
for (const kind of values.engines.split(',')) {
  const found = new Map<string, Found[]>();
  for (let n = 0; n < Number(values.hosts); n++)
    for (const [name, one] of await measure(kind, Number(values.seed) + n))
      found.set(name, [...(found.get(name) ?? []), one]);
  for (const [name, list] of found)
    rows.push([
      `${kind}, ${name}`,
      String(list.reduce((sum, { deleted }) => sum + deleted, 0)),
      (list.reduce((sum, { truth }) => sum + truth, 0) / 1e6).toFixed(2),
      ...WAYS.map((way) => worst(list, way)),
    ]);
  console.log(`${kind}: ${circumstances()}`);
}
console.log(
  `\nThe largest error of ${values.hosts} random hosts of ${values.images} images, as a share of the bytes that went\n`,
);
console.log(table(['engine, what goes', 'images', 'MB went', ...WAYS], rows));
console.log(`\nTarget: dimg at most ${LIMIT * 100} %.`);

// --- internal ---

async function measure(kind: string, seed: number): Promise<[string, Found][]> {
  const scope = createScope('bench-reclaim');
  try {
    const engine = await startHost(scope, kind, randomHost(Number(values.images), seed));
    const lab = openLab(engine, { rules: Rules.parse({ minAge: 0 }), now: Date.now });
    const found: [string, Found][] = [];
    for (const [name, selection] of selections(seed)) {
      const plan = await lab.plan(selection);
      const df = await engine.docker.df();
      const before = await settledStoreSize(engine);
      const { outcomes } = await lab.execute(plan, true);
      const truth = before - (await settledStoreSize(engine));
      if (truth === 0 || outcomes.some(({ outcome }) => outcome !== 'deleted'))
        throw new Error(`Not all that was planned went: ${JSON.stringify(outcomes)}`);
      const said = { dimg: plan.reclaim, ...othersSay(df, plan) };
      // Docker has one figure for a host, whatever one would delete of it.
      if (name !== 'all unused') delete said['Docker: reclaimable'];
      found.push([name, { truth, said, deleted: outcomes.length }]);
    }
    return found;
  } finally {
    await scope.close();
  }
}

function selections(seed: number): [string, PruneSelection][] {
  const random = randomOf(seed);
  const all = plainPrune(true);
  return [
    ['some repositories', { ...all, repos: random.shuffled(REPOSITORIES).slice(0, 2) }],
    ['one label', { ...all, labels: [{ key: 'half', value: 'one', not: false }] }],
    ['all unused', all],
  ];
}

type Df = {
  LayersSize: number;
  Images: { Id: string; Size: number; SharedSize: number; Containers: number }[];
};

/** As `docker system df` reckons `RECLAIMABLE`: all layers, less what images in use have to themselves. */
function othersSay({ LayersSize, Images }: Df, plan: Plan): Partial<Record<Way, number>> {
  const going = new Set(plan.items.map(({ image }) => image as string));
  const sum = (images: Df['Images'], bytes: (image: Df['Images'][number]) => number) =>
    images.reduce((total, image) => total + bytes(image), 0);
  const goes = Images.filter(({ Id }) => going.has(Id));
  const used = Images.filter(({ Containers }) => Containers > 0);
  return {
    'Docker: reclaimable': LayersSize - sum(used, ({ Size, SharedSize }) => Size - SharedSize),
    'Σ size': sum(goes, ({ Size }) => Size),
    'Σ (size − shared)': sum(goes, ({ Size, SharedSize }) => Size - SharedSize),
  };
}

/** Signed, in percent; 0 where it was the same byte every time. */
function worst(list: readonly Found[], way: Way): string {
  const errors = list.flatMap(({ truth, said }) => {
    const bytes = said[way];
    return bytes === undefined ? [] : [(bytes - truth) / truth];
  });
  if (errors.length === 0) return '';
  const most = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  const percent = most === 0 ? '0 %' : `${most > 0 ? '+' : '−'}${(Math.abs(most) * 100).toFixed(2)} %`;
  return `${percent}${way === 'dimg' && Math.abs(most) > LIMIT ? ' (missed)' : ''}`;
}

/**
 * What a plan of `registry prune --keep 10` for a repository of many tags costs beside what nobody can do without: the list of
 * tags and a HEAD for each. All on one real registry and in turn. `node --import tsx bench/registry.ts [--tags 2000]
 * [--rounds 5] [--choose 10000]`; the times are medians, a ratio is the median of the rounds' own.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eachOf } from '../agents/host/each.ts';
import { openRegistry } from '../agents/registry/client.ts';
import { openContent } from '../agents/registry/content.ts';
import { openMemory } from '../agents/registry/memory.ts';
import { makePlanThere, type RegistryPlanner } from '../agents/registry/planner.ts';
import { ACCEPT } from '../agents/registry/shapes.ts';
import { startRegistry } from '../playground/parts/registry.ts';
import { openPusher } from '../playground/parts/registry-push.ts';
import { createScope } from '../playground/parts/scope.ts';
import { HostName, ImageId } from '../src/domain/ids.ts';
import type { Manifest, RegistryInventory } from '../src/domain/registry.ts';
import { chooseThere } from '../src/domain/registry-choose.ts';
import type { RegistryPruneSelection } from '../src/domain/registry-selection.ts';
import { Rules } from '../src/domain/rules.ts';
import { circumstances, median, table } from './_figures.ts';

const TARGETS = { cold: 4, again: 1.5 };
/** As many connections as the agent has. */
const WIDTH = 8;
const { values } = parseArgs({
  options: {
    tags: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    choose: { type: 'string', default: '10000' },
  },
});
const HOST = HostName.parse('main');
const rules = { ...Rules.parse({ minAge: 0 }), prefixes: [] };
const selection: RegistryPruneSelection = {
  ...{ kind: 'registry prune', repositories: 'app', keep: 10, tags: [], notTags: [], untagged: false },
};
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const WAYS = [
  'tags + HEADs, one by one',
  `tags + HEADs, ${WIDTH} at once`,
  'plan, cold',
  'plan, again',
] as const;
type Way = (typeof WAYS)[number];

const scope = createScope('bench-registry');
try {
  const rounds = await measure(Number(values.tags), Number(values.rounds));
  const ratio = (one: Way, other: Way) => median(rounds.map((times) => times[one] / times[other]));
  console.log(`${values.tags} tags: ${circumstances()}`);
  console.log(`\nms, median of ${values.rounds}\n`);
  const rows = WAYS.map((way) => [
    way,
    median(rounds.map((times) => times[way])).toFixed(0),
    ratio(way, WAYS[0]).toFixed(2),
    ratio(way, WAYS[1]).toFixed(2),
  ]);
  console.log(table(['way', 'ms', '÷ one by one', `÷ ${WIDTH} at once`], rows));
  console.log(`\nAgain ÷ cold: ${ratio('plan, again', 'plan, cold').toFixed(2)}`);
  console.log(
    `Targets, beside ${WIDTH} at once: cold ${mark(ratio('plan, cold', WAYS[1]), TARGETS.cold)}, again ${mark(ratio('plan, again', WAYS[1]), TARGETS.again)}.`,
  );
  const inventory = anInventory(Number(values.choose));
  const chosen = Array.from({ length: Number(values.rounds) }, () =>
    timed(async () => chooseThere(HOST, inventory, selection, rules, Date.now())),
  );
  console.log(`\nChoosing alone, ${values.choose} tags: ${median(await Promise.all(chosen)).toFixed(0)} ms`);
} finally {
  await scope.close();
}

// --- internal ---

/** Each way once a round, beginning at another one each time, so that none always follows the dearest. */
async function measure(tags: number, count: number): Promise<Record<Way, number>[]> {
  const part = await startRegistry(scope);
  const pusher = openPusher(part);
  const numbers = Array.from({ length: tags }, (_, i) => i);
  await eachOf(numbers, WIDTH, async (i) => {
    const created = new Date(Date.UTC(2024, 0, 1) + i * 60_000);
    await pusher.image('app', { tags: [`v${i}`], created, layers: [{ name: `layer ${i}`, bytes: 100 }] });
  });
  const registry = openRegistry({ url: part.url, credentials: async () => null });
  scope.defer(() => registry.close());
  let starts = 0;
  const newPlanner = async (): Promise<RegistryPlanner> => {
    const memory = await openMemory(join(scope.dir, `seen-${++starts}.json`), silent);
    return {
      ...{ host: HOST, registry, memory, content: openContent(registry, memory, Date.now), rules },
      ...{ allowed: ['app'], collects: 'distribution', now: Date.now },
      queue: {
        holders: async () => ({ holders: new Map(), unheard: [] }),
        usedIn: async () => new Map(),
      },
    };
  };
  const warm = await newPlanner();
  const plan = async (planner: RegistryPlanner) => {
    const { items } = await makePlanThere(planner, selection);
    if (items.length !== tags - 10) throw new Error(`This plan deletes ${items.length} manifests.`);
  };
  const heads = async (width: number) => {
    const list = await fetch(`${part.url}/v2/app/tags/list`);
    const found = ((await list.json()) as { tags: string[] }).tags;
    await eachOf(found, width, async (tag) => {
      const url = `${part.url}/v2/app/manifests/${tag}`;
      await fetch(url, { method: 'HEAD', headers: { accept: ACCEPT } });
    });
  };
  const run: Record<Way, () => Promise<unknown>> = {
    [WAYS[0]]: () => heads(1),
    [WAYS[1]]: () => heads(WIDTH),
    'plan, cold': async () => plan(await newPlanner()),
    'plan, again': () => plan(warm),
  } as Record<Way, () => Promise<unknown>>;
  for (const way of WAYS) await run[way]();
  const rounds: Record<Way, number>[] = [];
  for (let round = 0; round < count; round++) {
    const times = {} as Record<Way, number>;
    for (let i = 0; i < WAYS.length; i++) {
      const way = WAYS[(i + round) % WAYS.length] as Way;
      times[way] = await timed(run[way]);
    }
    rounds.push(times);
  }
  return rounds;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Two of three tags on an index of two images with a signature, as a pipeline leaves them; every layer is shared by some. */
function anInventory(tags: number): RegistryInventory {
  const digest = (name: string) => ImageId.parse(`sha256:${createHash('sha256').update(name).digest('hex')}`);
  const blob = (name: string) => ({ digest: digest(name), mediaType: 'layer', size: 1_000 });
  const manifests = new Map<ImageId, Manifest>();
  const add = (name: string, given: Partial<Manifest>) => {
    const one = digest(name);
    manifests.set(one, {
      ...{ digest: one, mediaType: '', size: 500, kind: 'image', blobs: [], children: [], labels: {} },
      ...{ createdAt: Number(name.split(' ')[0]) * 1_000, ...given },
    });
    return one;
  };
  const found = new Map<string, ImageId>();
  for (let i = 0; i < tags; i++) {
    const parts = ['amd64', 'arm64'].map((arch) =>
      add(`${i} ${arch}`, {
        blobs: [blob(`${i} ${arch} config`), blob(`base ${i % 50}`), blob(`${i} ${arch}`)],
      }),
    );
    const children = parts.map((part) => ({
      digest: part,
      mediaType: '',
      size: 500,
      platform: 'linux/amd64',
    }));
    const top = i % 3 === 0 ? parts[0] : add(`${i} index`, { kind: 'index', children, createdAt: null });
    if (!top) continue;
    found.set(`v${i}`, top);
    const signature = add(`${i} signature`, { kind: 'artifact', createdAt: null });
    found.set(`${top.replace(':', '-')}.sig`, signature);
  }
  const seenAt = new Map([...manifests.keys()].map((one) => [one, 0]));
  return {
    ...{ takenAt: Date.now(), deletesTags: false, holders: new Map(), unheard: [] },
    repositories: [{ name: 'app', tags: found, manifests, seenAt }],
  };
}

function mark(ratio: number, most: number): string {
  return `${ratio.toFixed(2)} of at most ${most}${ratio > most ? ' (missed)' : ''}`;
}

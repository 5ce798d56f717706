/**
 * What the agent's journal costs each deletion: the same images deleted without it, with it, and with it but without
 * waiting for the disk. In turn, on one engine. `node --import tsx bench/journal.ts [--images 100] [--rounds 7]`; the
 * times are medians in milliseconds an image, a ratio is the median of the rounds' own.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openCache } from '../agents/host/details.ts';
import { openEngine } from '../agents/host/engine.ts';
import { engineAddress } from '../agents/host/engine-address.ts';
import { execute } from '../agents/host/execute.ts';
import { openJournal } from '../agents/host/journal.ts';
import { openJournalFile } from '../agents/host/journal-file.ts';
import { openLastUsed } from '../agents/host/last-used.ts';
import { openLedger } from '../agents/host/ledger.ts';
import { type Notes, openNotes } from '../agents/host/notes.ts';
import { makePlan } from '../agents/host/plan.ts';
import type { ExecuteJob } from '../agents/host/verify.ts';
import { startEngine } from '../playground/parts/engine.ts';
import { loadImages } from '../playground/parts/images.ts';
import { createScope } from '../playground/parts/scope.ts';
import { HostName, RunId } from '../src/domain/ids.ts';
import { Rules } from '../src/domain/rules.ts';
import { plainPrune } from '../src/domain/selection.ts';
import { circumstances, median, table } from './_figures.ts';

const { values } = parseArgs({
  options: { images: { type: 'string', default: '100' }, rounds: { type: 'string', default: '7' } },
});
const many = Number(values.images);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const host = HostName.parse('host-1');
const never = new AbortController().signal;
const WAYS = ['without', 'with', 'no fsync'] as const;
type Way = (typeof WAYS)[number];

const scope = createScope('bench-journal');
try {
  const part = await startEngine(scope, { name: 'host-1' });
  const address = engineAddress({ host: part.host, tlsVerify: undefined, certPath: undefined });
  const lastUsed = await openLastUsed(join(scope.dir, 'last-used.json'), Date.now, silent);
  const planner = {
    ...{ host, engine: openEngine({ address }), cache: openCache(), rules: Rules.parse({ minAge: 0 }) },
    sleep: (ms: number) => sleep(ms),
    around: {
      ...{ ownContainer: [], now: Date.now, lastUsed, settled: async () => null, allowance: () => null },
      readDisk: async () => null,
    },
  };
  let runs = 0;

  const notesOf = async (way: Way, job: ExecuteJob): Promise<Notes> => {
    const nothing = async () => null;
    if (way === 'without')
      return { begin: nothing, tried: nothing, end: async () => {}, beginCache: nothing, freed() {} };
    const file = await openJournalFile(mkdtempSync(join(scope.dir, 'state-')), {
      ...(way === 'no fsync' && {
        io: {
          write: async (to, bytes, at) => void (await to.write(bytes, 0, bytes.length, at)),
          sync: async () => {},
        },
      }),
    });
    scope.defer(() => file.close());
    const journal = openJournal(file, Date.now);
    await journal.accept({ ...job, at: Date.now() });
    return openNotes(journal, job, Date.now, silent);
  };

  const time = async (way: Way): Promise<number> => {
    const layer = (i: number) => ({ tags: [], layers: [{ name: `${runs}-${i}`, bytes: 1000 }] });
    await loadImages(
      part.docker,
      Object.fromEntries(Array.from({ length: many }, (_, i) => [`${i}`, layer(i)])),
    );
    const plan = await makePlan(planner, plainPrune(false));
    const run = RunId.parse(++runs);
    const job: ExecuteJob = {
      ...{ v: 1, kind: 'execute', id: `execute-${run}-${host}`, host, epoch: 'e', notAfter: 0, run },
      ...{ planDigest: plan.digest, items: plan.items, cache: [] },
    };
    const notes = await notesOf(way, job);
    let took = 0;
    await execute(
      job,
      { prune: true },
      async (body) => {
        if (body.kind === 'finished') took = body.tookMs;
      },
      {
        ...{
          ...planner,
          notes,
          doubt: () => null,
          log: silent,
          stop: never,
          hurry: never,
          readDisk: async () => null,
        },
        ...{
          queue: { cancelled: async () => false },
          clock: { now: () => performance.now(), sleep } as never,
        },
        ledger: openLedger({ takes: () => new Map(), note: async () => {} }, undefined, Date.now),
      },
    );
    return took / plan.items.length;
  };

  await time('without');
  const rounds: Record<Way, number>[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const times = {} as Record<Way, number>;
    // In another order each time, since what comes first warms up for the rest.
    for (const i of [0, 1, 2]) {
      const way = WAYS[(i + round) % 3] as Way;
      times[way] = await time(way);
    }
    rounds.push(times);
  }
  const ratio = (one: Way) => median(rounds.map((times) => times[one] / times.without)).toFixed(2);
  console.log(await circumstances());
  console.log(
    table(
      ['images', ...WAYS, 'with : without', 'no fsync : without'],
      [
        [
          String(many),
          ...WAYS.map((way) => median(rounds.map((t) => t[way])).toFixed(2)),
          ratio('with'),
          ratio('no fsync'),
        ],
      ],
    ),
  );
} finally {
  await scope.close();
}

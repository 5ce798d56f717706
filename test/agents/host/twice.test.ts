import { expect, test } from 'vitest';
import { openCache } from '../../../agents/host/details.ts';
import { hostWork } from '../../../agents/host/host-work.ts';
import { openJobs } from '../../../agents/host/jobs.ts';
import { rememberSelections } from '../../../agents/host/selections.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { planDigest } from '../../../src/domain/plan.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { plainPrune } from '../../../src/domain/selection.ts';
import { memoryLastUsed, noLimits, plainAround } from './_around.ts';
import { temporaryFolder } from './_folder.ts';
import { memoryEngine } from './_hands.ts';
import { imageOf, openIn } from './_journal.ts';
import { HOST, nextRun } from './_setup.ts';

const DAY = 86_400_000;
const [app, other] = [imageOf(1), imageOf(2)];

/** Takes jobs for a host that has one image, which came a day ago. */
async function oneHost() {
  const { tags, images, asked, port: engine } = memoryEngine({ 'app:1': app });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const lastUsed = memoryLastUsed();
  lastUsed.arrived(app, Date.now() - DAY);
  const around = plainAround({ lastUsed });
  const planner = {
    host: HOST,
    engine,
    cache: openCache(),
    rules: DEFAULT_RULES,
    around,
    sleep: async () => {},
  };
  const said: ReportBody[] = [];
  const say = async (body: ReportBody) => void said.push(body);
  const never = new AbortController().signal;
  const take = openJobs({
    ...{
      self: { host: HOST, epoch: 'e' },
      log,
      stop: never,
      journal: await openIn(temporaryFolder()),
    },
    work: hostWork(planner, {
      ...{ ...planner, log, ledger: noLimits, stop: never, hurry: never },
      ...{ queue: { cancelled: async () => false }, readDisk: async () => null },
      clock: { now: Date.now, sleep: async () => {} },
    }),
    clock: { now: Date.now },
    outbox: { say: (_, body) => say(body as ReportBody), again() {} },
    doubts: { hold() {}, leave() {}, look: async () => {}, about: () => null },
    ...{ heads: { seen: () => [] }, queue: { now: async () => Date.now() }, reportOn: () => say },
    ...{ rivalPresent: () => false, executed() {} },
  });
  const head = { v: 1, host: HOST, epoch: 'e', run: nextRun(), notAfter: Date.now() + 60_000 };
  return {
    ...{ tags, images, asked, lastUsed },
    async plan(): Promise<Plan> {
      await take({ ...head, id: `plan.${said.length}`, kind: 'plan', selection: plainPrune(true) });
      const last = said.at(-1);
      if (last?.kind !== 'plan') throw new Error(JSON.stringify(last));
      return last.plan;
    },
    async execute({ items, digest: planDigest }: Pick<Plan, 'items' | 'digest'>) {
      await take({ ...head, id: 'execute', kind: 'execute', planDigest, items, cache: [] });
      return said.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : []));
    },
  };
}

const young = [{ outcome: 'skipped', why: { kind: 'min-age' } }];

test('a plan that was asked for twice, with another answer, is judged as the prune it is', async () => {
  const { tags, images, asked, lastUsed, plan, execute } = await oneHost();
  const first = await plan();
  images.add(other);
  tags.set('other:1', other);
  lastUsed.arrived(other, Date.now() - DAY);
  expect((await plan()).items).toHaveLength(2);
  lastUsed.arrived(app, Date.now());
  expect(await execute(first)).toMatchObject(young);
  expect(asked).toEqual([]);
});

test('so is one that is not remembered', async () => {
  const { asked, lastUsed, plan, execute } = await oneHost();
  const items = (await plan()).items.map((item) => ({ ...item, usedAt: item.usedAt - 1 }));
  lastUsed.arrived(app, Date.now());
  expect(await execute({ items, digest: planDigest(HOST, items, []) })).toMatchObject(young);
  expect(asked).toEqual([]);
});

test('each of the plans of a run is remembered, and the oldest go first', () => {
  const known = rememberSelections(2);
  const [run, one, two] = [nextRun(), plainPrune(true), plainPrune(false)];
  known.add(run, 'a', one);
  known.add(run, 'b', two);
  expect([known.of(run, 'a'), known.of(run, 'b')]).toEqual([one, two]);
  known.add(run, 'c', two);
  expect(['a', 'b', 'c'].map((digest) => known.of(run, digest) !== undefined)).toEqual([false, true, true]);
});

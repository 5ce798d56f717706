import { afterEach, describe, expect, test, vi } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import { report } from '../../src/flows/report.ts';
import { own as keys } from '../../src/store/keys.ts';
import { anItem, anOutcome, aPart, aPlan, aRun, host, NOW } from '../domain/_build.ts';
import { botOn, stored } from '../flows/_bot.ts';
import { ownRedis } from './_redis.ts';

describe.skipIf(skipWithout('plans in Redis', 'redis'))('plans', () => {
  const own = ownRedis('store-plans');
  const hosts = Array.from({ length: 60 }, (_, i) => host(`h${i}`));
  const [first, second, ...others] = hosts as [HostName, HostName, ...HostName[]];
  const planFor = (name: HostName) => aPlan([anItem('a'), anItem('b')], { host: name });
  const part = (name: HostName) =>
    aPart({
      stage: name === second ? 'planned' : 'executing',
      sent: 'execute',
      plan: summarise(planFor(name)),
    });
  /** More hosts than plans that are kept at hand. */
  const large = aRun({
    ...{ state: 'executing', executingSince: NOW },
    hosts: Object.fromEntries(hosts.map((name) => [name, part(name)])) as Run['hosts'],
  });

  async function begun() {
    const { deps } = botOn(own.redis, { hosts: [] });
    const run = await stored(deps, large);
    for (const name of hosts) await deps.runs.savePlan(run.id, planFor(name));
    const hget = vi.spyOn(own.redis, 'hget');
    const read = () => hget.mock.calls.flatMap(([key, name]) => (key === keys.plans(run.id) ? [name] : []));
    return { deps, run, read };
  }
  afterEach(() => vi.restoreAllMocks());

  test('of other hosts are not read for what one host tells', async () => {
    const { deps, run, read } = await begun();
    const tell = (kind: 'outcomes' | 'refused', name: HostName) =>
      report(deps, {
        ...{ v: 1, host: name, epoch: 'epoch-1', job: `execute-${run.id}-${name}`, seq: 1 },
        body:
          kind === 'outcomes' ? { kind, outcomes: [anOutcome('a')] } : { kind, why: { kind: 'restarted' } },
      });
    expect(await tell('outcomes', first)).toBe('settled');
    expect(await tell('refused', second)).toBe('settled');
    expect(new Set(read())).toEqual(new Set([first, second]));
    const after = await deps.runs.load(run.id);
    expect([first, second].map((name) => after?.hosts[name]?.outcomes.length)).toEqual([1, 2]);
    const [entry] = await deps.audit.read({ count: 1 });
    expect(entry).toMatchObject({ kind: 'outcome', host: second, references: anItem('b').references });
  });

  test('that were made for the same question later, and not shown, are none of the run', async () => {
    const { deps, run } = await begun();
    const last = hosts.at(-1) as HostName;
    const later = aPlan([anItem('c')], { host: last, digest: `sha256:${'9'.repeat(64)}` });
    await own.redis.hset(keys.plans(run.id), last, JSON.stringify(later));
    const { deps: other } = botOn(own.redis, { hosts: [] });
    expect((await other.runs.plans(run, [last])).size).toBe(0);
    // A bot that has the right one at hand puts it back.
    const [shown] = (await deps.runs.plans(run, [last])).values();
    if (shown) await deps.runs.savePlan(run.id, shown, true);
    expect((await other.runs.plans(run, [last])).get(last)?.digest).toBe(planFor(last).digest);
    // What its host tells of the same plan says less of it.
    const told = { ...planFor(last), kept: [], takenAt: 1 };
    expect(await other.runs.savePlan(run.id, told, true)).toEqual(planFor(last));
  });

  test('that are used all the time are kept at hand', async () => {
    const { deps, run, read } = await begun();
    for (const other of others) {
      await deps.runs.plans(run, [first]);
      await deps.runs.plans(run, [other]);
    }
    expect(read().filter((name) => name === first)).toHaveLength(1);
    expect((await deps.runs.plans(run)).size).toBe(60);
  });
});

import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { planUndo } from '../../src/domain/undo.ts';
import { dispatch } from '../../src/flows/dispatch.ts';
import { aHostStatus, anItem, anOutcome, aPart, aPlan, aRun, digest, HOST, NOW } from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

describe.skipIf(skipWithout('undoing', 'redis'))('the plan of an undo', () => {
  const own = ownRedis('flows-undo');

  test('that two bots make, as a host tells more, is the one that is kept', async () => {
    const { deps, jobs } = botOn(own.redis, { hosts: [aHostStatus(HOST)] });
    const items = ['a', 'b'].map((name) => anItem(name, { recoverable: digest(name, name) }));
    const plan = aPlan(items);
    const part = aPart({ stage: 'ended', sent: 'execute', plan: summarise(plan) });
    const before = { ...part, outcomes: [anOutcome('a'), anOutcome('b', 'failed')] };
    const after = { ...part, outcomes: [anOutcome('a'), anOutcome('b')] };
    const over = await stored(deps, aRun({ state: 'done', endedAt: NOW, hosts: { [HOST]: after } }));
    await deps.runs.savePlan(over.id, plan);
    const undoing = await stored(
      deps,
      aRun({
        ...{ card: { channel: 'C0OPS', ts: '1.1' }, planningSince: NOW, skipConfirmation: true },
        ...{ selection: { kind: 'undo', run: over.id }, hosts: { [HOST]: aPart() } },
      }),
    );
    const first = await deps.runs.savePlan(undoing.id, planUndo(HOST, plan, before, NOW));
    await dispatch(deps, undoing);
    const now = await deps.runs.load(undoing.id);
    expect(now?.hosts[HOST]?.plan).toEqual(summarise(first));
    expect(jobs).toMatchObject([{ kind: 'restore', planDigest: first.digest, items: first.items }]);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { connect, type Redis } from '../../src/store/connect.ts';
import { silent } from '../store/_redis.ts';
import { deletions, OPS, openStage, type Stage } from './_world.ts';

describe.skipIf(skipWithout('a Redis that is emptied', 'redis'))('a Redis that is emptied', () => {
  let stage: Stage;
  let redis: Redis;
  beforeAll(async () => {
    stage = await openStage('recall', { hosts: ['host-1', 'host-2', 'host-3'], kind: 'simulated' });
    redis = connect(stage.world.redis.url, silent, 2_500);
    await redis.connect();
    stage.scope.defer(() => redis.disconnect());
  });
  afterAll(() => stage?.close());

  const load = (host: string, count: number, what = host) =>
    loadImages(
      stage.docker(host),
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `${what} ${i}`,
          { tags: [], layers: [{ name: `${what} ${i}`, bytes: 2_000 }] },
        ]),
      ),
    );

  test('in the middle of three runs: nothing runs twice, and each card comes to its true end', async () => {
    await Promise.all(['host-1', 'host-2', 'host-3'].map((host) => load(host, 12)));
    const before = await stage.witness('host-1').snapshot();
    const proposed = await stage.ana.asks('/dimg prune host-2');
    const going = await stage.ana.asks('/dimg prune host-1');
    stage.world.engine('host-3').pause();
    const planning = await stage.ana.asks('/dimg prune host-3', { state: 'planning' });
    await stage.ana.presses(going, 'Delete');
    await stage.slack.waitFor(() => deletions(stage.witness('host-1')).length >= 2, 15_000, 'deletions');
    stage.world.engine('host-1').pause();
    await redis.flushall();
    await redis.script('FLUSH');
    stage.world.engine('host-1').resume();
    stage.world.engine('host-3').resume();

    expect(await stage.ana.told('/dimg prune host-2')).toContain('dimg is putting back what is known');
    await planning.waitFor(({ text }) => text.includes(' refused '), 40_000);
    await proposed.waitFor(({ text }) => text.includes(' expired '), 5_000);
    await going.waitFor(({ text }) => text.includes(' done · prune host-1 · deleted 12 of 12'), 40_000);
    const gone = deletions(stage.witness('host-1'));
    expect([...new Set(gone)].length).toBe(gone.length);
    expect(gone.length).toBe(12);
    expect(before.images.length).toBeGreaterThanOrEqual(12);

    // Numbers go on, jobs and reports flow, and what was lost is told once.
    const next = await stage.ana.asks('/dimg prune host-2');
    expect(next.number).toBeGreaterThan(planning.number);
    await stage.ana.presses(next, 'Delete');
    await next.waitFor(({ text }) => text.includes(' done · prune host-2 · deleted 12 of 12'), 20_000);
    const told = stage.slack.messages(OPS).filter(({ text }) => text.startsWith('Redis had lost'));
    expect(told).toHaveLength(1);
    expect(await stage.ana.forces(proposed, 'confirm')).toContain('expired');
  }, 120_000);
});

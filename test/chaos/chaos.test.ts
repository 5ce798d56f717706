import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runAll } from './run-all.ts';
import { USUAL } from './schedule.ts';

const SCHEDULES = 20;

describe.skipIf(skipWithout('faults on real processes', 'redis', 'engines', 'busybox'))('chaos', () => {
  test(`${SCHEDULES} schedules of real processes, killed and cut off, keep every promise`, async () => {
    const said: string[] = [];
    const { results, red, leaks } = await runAll({
      ...{ seed: 6, numbers: Array.from({ length: SCHEDULES }, (_, i) => i), parallel: 2 },
      // Clocks need a library that few machines have, and a Redis that forgets takes its time: both are left to long runs.
      kinds: USUAL.filter((kind) => !/^(clock|forget|snapshot)$/.test(kind)),
      ...{ hosts: ['host-1', 'host-2'], dist: join(import.meta.dirname, '../../dist') },
      // What is in doubt, the first card that is red tells with all that it needs.
      ...{ quick: true, strictUnknown: false, say: (text) => said.push(text) },
    });
    expect([...red.flatMap((one) => one.violations), ...leaks], said.join('\n')).toEqual([]);
    expect(results).toHaveLength(SCHEDULES);
    // A harness in which nothing happens holds everything.
    expect(results.reduce((n, { deleted }) => n + deleted, 0)).toBeGreaterThan(SCHEDULES);
  }, 240_000);
});

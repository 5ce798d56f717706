import { describe, expect, test } from 'vitest';
import { carryBack } from '../../../agents/host/carry-back.ts';
import type { Execution } from '../../../agents/host/execution.ts';
import { type Engine, EngineTrouble } from '../../../agents/host/ports.ts';
import type { RestoreJob } from '../../../agents/host/verify.ts';
import type { EngineProblem } from '../../../src/domain/outcome.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { noNotes } from './_around.ts';
import { memoryEngine } from './_hands.ts';
import { imageOf, itemOf } from './_journal.ts';

const app = imageOf(1);
const away: EngineProblem = { kind: 'unreachable', at: 'unix:///x' };

/** An undo for one image with two names, on an engine that goes away before it gives the second, for so long. */
async function undone(problem: EngineProblem, awayMs: number) {
  const { images, tags, port } = memoryEngine({});
  images.add(app);
  let now = 0;
  let until: number | null = null;
  const present = () => {
    if (until !== null && now < until) throw new EngineTrouble(problem);
  };
  const engine: Partial<Engine> = {
    ...port,
    async info() {
      if (problem.kind !== 'engine') present();
      return port.info();
    },
    async inspect(name) {
      present();
      return port.inspect(name);
    },
    async tag(id, name) {
      if (name === 'app:2') until ??= now + awayMs;
      present();
      return port.tag(id, name);
    },
  };
  const said: ReportBody[] = [];
  const never = new AbortController().signal;
  const execution = {
    ...{ engine, notes: noNotes, stop: never, hurry: never, doubt: () => null, readDisk: async () => null },
    queue: { cancelled: async () => false },
    clock: {
      now: () => now,
      async sleep(ms: number) {
        now += ms;
      },
    },
  };
  const job = {
    items: [{ ...itemOf(1), action: 'restore', references: ['app:1', 'app:2'], remove: [] }],
    run: 1,
  };
  await carryBack(
    job as unknown as RestoreJob,
    async (body) => void said.push(body),
    execution as unknown as Execution,
  );
  return { tags, outcomes: said.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : [])) };
}

describe('an engine that goes away during an undo', () => {
  test('is waited for', async () => {
    const { tags, outcomes } = await undone(away, 30_000);
    expect(outcomes).toMatchObject([{ outcome: 'restored', removed: ['app:1', 'app:2'] }]);
    expect([...tags]).toEqual([
      ['app:1', app],
      ['app:2', app],
    ]);
  });

  test('but not for ever, and what was given back by then is told', async () => {
    const { outcomes } = await undone(away, 3_600_000);
    expect(outcomes).toMatchObject([{ outcome: 'failed', removed: ['app:1'], why: away }]);
  });

  test('what it refuses is not asked for again', async () => {
    const why: EngineProblem = { kind: 'engine', message: 'no' };
    const { outcomes } = await undone(why, 3_600_000);
    expect(outcomes).toMatchObject([{ outcome: 'failed', removed: ['app:1'], why }]);
  });
});

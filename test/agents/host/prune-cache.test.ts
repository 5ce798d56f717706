import { expect, test } from 'vitest';
import type { Execution } from '../../../agents/host/execution.ts';
import { EngineTrouble } from '../../../agents/host/ports.ts';
import { pruneCache } from '../../../agents/host/prune-cache.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import type { Wait } from '../../../agents/host/wait.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { noLimits, noNotes } from './_around.ts';

/** Deletes two records of an engine that is slow to delete the first, and gives no answer to that. */
function unanswered(goes: boolean) {
  let records = ['a', 'b'];
  const remove = (id: string) => {
    records = records.filter((one) => one !== id);
  };
  const engine = {
    life: async () => 'first',
    buildCache: async () => records.map((id) => ({ id, inUse: false, usedAt: 1 })),
    removeRecord: async (id: string) => {
      if (id === 'a') throw new EngineTrouble({ kind: 'no-answer' });
      remove(id);
      return 5;
    },
  };
  const job = { cache: records.map((id) => ({ id, usedAt: 1, reclaim: 5 })), run: 1 };
  const execution = {
    ...{ engine, rules: DEFAULT_RULES, notes: noNotes, ledger: noLimits },
    ...{ stop: new AbortController().signal, queue: { cancelled: async () => false } },
  };
  const wait: Wait = {
    async whenBack(_, then) {
      await then?.();
      return true;
    },
    settle: async () => {
      if (goes) remove('a');
    },
  };
  const done = pruneCache(job as unknown as ExecuteJob, { ...(execution as unknown as Execution), ...wait });
  return { done, left: () => records };
}

test('a record whose deletion got no answer is given time to go, and the others follow', async () => {
  const { done, left } = unanswered(true);
  expect(await done).toEqual({ deleted: 2, skipped: 0, failed: 0, freed: 5 });
  expect(left()).toEqual([]);
});

test('one that the engine may still be at is not said to have failed', async () => {
  const { done, left } = unanswered(false);
  await expect(done).rejects.toThrow(EngineTrouble);
  expect(left()).toEqual(['a', 'b']);
});

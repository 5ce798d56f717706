import type { Outcome } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { eachOf } from './each.ts';
import { type Execution, guard, leftOut, noted } from './execution.ts';
import { openProgress } from './progress.ts';
import { restore } from './restore.ts';
import type { RestoreJob } from './verify.ts';
import { openWait } from './wait.ts';

/** As many as Docker itself pulls layers at once. */
const PULLS = 3;

/** Brings back the items of an accepted undo. Resolves and rejects as `execute`. */
export async function carryBack(
  job: RestoreJob,
  report: (body: ReportBody) => Promise<void>,
  execution: Execution,
): Promise<void> {
  const { engine, clock } = execution;
  const info = await engine.info();
  const before = await execution.readDisk(info.root);
  const startedAt = clock.now();
  await report({ kind: 'started' });
  const wait = openWait(engine, clock, execution.stop);
  const begun = async (item: Item): Promise<Outcome> => {
    const why = await execution.notes.begin(item);
    if (why) return { image: item.image, outcome: 'failed', removed: [], freed: 0, why };
    return restore(engine, item, wait.whenBack);
  };
  const progress = openProgress((outcomes) => report({ kind: 'outcomes', outcomes }), clock);
  await eachOf(job.items, PULLS, async (item) => {
    progress.add(
      (await leftOut(job.run, item, execution)) ??
        (await guard(item, () => noted(() => begun(item), execution), execution)),
    );
  });
  await progress.flush();
  const after = await execution.readDisk(info.root);
  await report({ kind: 'finished', tookMs: clock.now() - startedAt, before, after, raced: [] });
}

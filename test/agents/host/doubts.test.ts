import { expect, test } from 'vitest';
import { openDoubts } from '../../../agents/host/doubts.ts';
import { hostFinder } from '../../../agents/host/host-work.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { temporaryFolder } from './_folder.ts';
import { memoryEngine } from './_hands.ts';
import { jobOf, openIn, outcomeOf } from './_journal.ts';

test('what was noted as unknown and never told is told by the next start, once', async () => {
  const journal = await openIn(temporaryFolder());
  const job = { ...jobOf(1, 1), at: Date.now() };
  const [item] = job.items;
  if (!item) throw new Error('no item');
  const { image } = item;
  await journal.accept(job);
  await journal.note({ t: 'report', at: 1, job: job.id, seq: 1, body: { kind: 'started' } });
  await journal.note({ t: 'tried', at: Date.now(), job: job.id, item: 0, name: image, life: 'first' });
  const why = { kind: 'no-answer' } as const;
  const outcome = { ...outcomeOf(item, 'unknown'), removed: [], why };
  await journal.note({ t: 'outcome', at: Date.now(), job: job.id, item: 0, outcome });
  // Here the agent was told to end at once.
  const said: ReportBody[] = [];
  const doubts = openDoubts({
    ...{ journal, finder: hostFinder(memoryEngine({ 'app:1': image }).port), monotonic: () => 0 },
    clock: { now: Date.now, sleep: async () => {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    outbox: {
      async say(id, body) {
        said.push(body as ReportBody);
        await journal.note({ t: 'report', at: 1, job: id, seq: said.length + 1, body });
      },
    },
  });
  await doubts.tellKnown();
  await doubts.look();
  await doubts.look();
  expect(said).toMatchObject([
    { kind: 'outcomes', outcomes: [{ image, outcome: 'unknown', why }] },
    { kind: 'finished' },
  ]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JournalFull } from '../../../agents/host/journal-file.ts';
import type { Accepted } from '../../../agents/host/journal-memory.ts';
import { type Entry, pack } from '../../../agents/host/journal-records.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Item } from '../../../src/domain/plan.ts';
import { temporaryFolder } from './_folder.ts';
import { imageOf, jobOf, openIn, outcomeOf, SMALL, unsynced } from './_journal.ts';

const DAY = 86_400_000;

test('a job is accepted once, also at once, and also after a restart', async () => {
  const folder = temporaryFolder();
  const journal = await openIn(folder);
  const accepts = await Promise.all([jobOf(1), jobOf(1), jobOf(2)].map(journal.accept));
  expect(accepts).toEqual([true, false, true]);
  const again = await openIn(folder);
  expect([again.knows(jobOf(1).id), again.knows('new')]).toEqual([true, false]);
  expect(await again.accept(jobOf(2))).toBe(false);
  expect(again.job(jobOf(1).id)).toMatchObject({ run: 1, epoch: 'e1', items: jobOf(1).items });
  expect(again.top()).toBe(2);
});

test('what was unknown may become known, and nothing else ever changes', async () => {
  const folder = temporaryFolder();
  const journal = await openIn(folder);
  const { id, items } = jobOf(1);
  await journal.accept(jobOf(1));
  const [item] = items;
  if (!item) throw new Error();
  const say = (outcome: Outcome['outcome']) =>
    journal.note({ t: 'outcome', at: 2000, job: id, item: 0, outcome: outcomeOf(item, outcome) });
  await journal.note({ t: 'intent', at: 1500, job: id, item: 0 });
  for (const outcome of ['unknown', 'deleted', 'failed', 'unknown'] as const) await say(outcome);
  for (const one of [journal, await openIn(folder)]) {
    expect(one.job(id)?.outcomes.get(0)?.outcome).toBe('deleted');
    expect(one.job(id)?.intents.size).toBe(0);
  }
});

/** All that counts of a memory, as plain data. */
const plain = (jobs: readonly Accepted[]) =>
  jobs
    .map(({ id, intents, outcomes, reports, cacheIds, cacheFreed }) => ({
      id,
      intents: [...intents].map(([i, { names }]) => [i, [...names]]).sort(),
      outcomes: [...outcomes].sort(([a], [b]) => a - b),
      reports: [...reports.values()].sort((a, b) => a.seq - b.seq),
      cache: [cacheIds, [...cacheFreed].sort()],
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));

describe('whatever is noted', () => {
  const job = fc.integer({ min: 1, max: 4 });
  const item = fc.integer({ min: 0, max: 2 });
  const act = fc.oneof(
    fc.record({ do: fc.constant('accept' as const), job }),
    fc.record({ do: fc.constant('intent' as const), job, item }),
    fc.record({ do: fc.constant('tried' as const), job, item, name: fc.constantFrom('a', 'b') }),
    fc.record({
      do: fc.constant('outcome' as const),
      ...{ job, item, outcome: fc.constantFrom('deleted', 'unknown', 'failed') },
    }),
    fc.record({ do: fc.constant('say' as const), job, item, known: fc.boolean() }),
    fc.record({ do: fc.constant('acked' as const), job, seq: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ do: fc.constant('again' as const), job }),
    fc.record({ do: fc.constant('fill' as const), job }),
    fc.constant({ do: 'open' as const }),
  );

  test('is there after each opening, over any number of beginnings anew', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const folder = temporaryFolder();
        let journal = await openIn(folder, { now: () => 2000, io: unsynced });
        for (const one of acts) {
          if (one.do === 'open') {
            const before = plain(journal.jobs());
            journal = await openIn(folder, { now: () => 2000, io: unsynced });
            expect(plain(journal.jobs())).toEqual(before);
            continue;
          }
          const { id, items } = jobOf(one.job);
          const it = 'item' in one ? items[one.item] : undefined;
          const seq = 1 + (journal.job(id)?.reports.size ?? 0);
          if (one.do === 'accept') await journal.accept(jobOf(one.job));
          else if (one.do === 'intent') await journal.note({ t: 'intent', at: 1, job: id, item: one.item });
          else if (one.do === 'tried')
            await journal.note({ t: 'tried', at: 1, job: id, item: one.item, name: one.name, life: null });
          else if (one.do === 'outcome' && it)
            await journal.note({
              t: 'outcome',
              at: 1,
              job: id,
              item: one.item,
              outcome: outcomeOf(it, one.outcome),
            });
          else if (one.do === 'say' && it) {
            const outcomes = [outcomeOf(it, one.known ? 'deleted' : 'unknown')];
            await journal.note({ t: 'report', at: 1, job: id, seq, body: { kind: 'outcomes', outcomes } });
          } else if (one.do === 'acked') await journal.note({ t: 'acked', job: id, seq: one.seq });
          else if (one.do === 'again') await journal.note({ t: 'again', job: id });
          // Notes of a job that nobody knows take room, and so call for a beginning anew.
          else if (one.do === 'fill')
            for (let i = 0; i < 2; i++) await journal.note(tried(random(SMALL / 3)));
        }
      }),
      { numRuns: 60 },
    );
  });
});

const tried = (name: string) => ({ t: 'tried' as const, at: 1, job: 'none', item: 0, name, life: null });

test('what is told and acknowledged goes first when room is short, and its id stays', async () => {
  const folder = temporaryFolder();
  let now = 0;
  const journal = await openIn(folder, { now: () => now, io: unsynced });
  const finish = async (run: number, acked: boolean) => {
    const { id } = jobOf(run);
    await journal.accept({ ...jobOf(run, 40), at: now });
    const outcomes = jobOf(run, 40).items.map((item) => ({ ...outcomeOf(item), removed: [random(400)] }));
    const noted = outcomes.map((outcome, item) =>
      journal.note({ t: 'outcome', at: now, job: id, item, outcome }),
    );
    await Promise.all(noted);
    await journal.note({ t: 'report', at: now, job: id, seq: 1, body: { kind: 'outcomes', outcomes } });
    const rest = { tookMs: 1, before: null, after: null, raced: [] };
    await journal.note({ t: 'report', at: now, job: id, seq: 2, body: { kind: 'finished', ...rest } });
    for (const seq of acked ? [1, 2] : []) await journal.note({ t: 'acked', job: id, seq });
  };
  await finish(1, false);
  for (let run = 2; run < 50; run++) {
    now += 1000;
    await finish(run, true);
  }
  for (const one of [journal, await openIn(folder, { now: () => now, io: unsynced })]) {
    expect(one.job(jobOf(1).id)?.reports.size).toBe(2);
    expect(one.job(jobOf(2).id)).toBeUndefined();
    expect(one.job(jobOf(49).id)?.outcomes.size).toBe(40);
    for (let run = 1; run < 50; run++) expect(one.knows(jobOf(run).id)).toBe(true);
    expect(one.top()).toBe(49);
  }
  // A job of a run that nobody keeps any more does not come again.
  now += 100 * DAY;
  const late = await openIn(folder, { now: () => now, io: unsynced });
  for (let i = 0; i < 8; i++) await late.note(tried(random(SMALL)));
  expect(late.knows(jobOf(2).id)).toBe(false);
});

test('what a newer version has written is said again as it is, or looked up again', async () => {
  const folder = temporaryFolder();
  const journal = await openIn(folder);
  const { id, items } = jobOf(1);
  await journal.accept(jobOf(1));
  const outcomes = items.map((item, i) => ({ ...outcomeOf(item), ...(i === 0 && { mood: 'glad' }) }));
  const told = { kind: 'outcomes', outcomes };
  const words = [{ kind: 'weather', rain: 1 }, told, { kind: 'finished', tookMs: 1, wind: 2 }];
  const entries = [
    ...words.map((body, i) => ({ t: 'report', at: 1, job: id, seq: i + 1, body })),
    { t: 'outcome', at: 1, job: id, item: 0, outcome: { ...outcomeOf(items[0] as Item), outcome: 'melted' } },
    { t: 'weather', at: 1 },
    { t: 'job', ...jobOf(2), items: [{ shape: 'round' }] },
  ];
  await journal.file.append(pack(entries as unknown as Entry[]));
  const next = await openIn(folder);
  // Also after a beginning anew.
  for (let i = 0; i < 4; i++) await next.note(tried(random(SMALL / 2)));
  const last = await openIn(folder);
  expect([...(last.job(id)?.reports.values() ?? [])].map(({ body }) => body)).toEqual(words);
  expect([...(last.job(id)?.outcomes.keys() ?? [])]).toEqual([1, 2]);
  expect([last.knows(jobOf(2).id), last.job(jobOf(2).id)]).toEqual([true, undefined]);
});

test('lanes that note at once share one write', async () => {
  const folder = temporaryFolder();
  let syncs = 0;
  const journal = await openIn(folder, {
    io: {
      write: async (file, bytes, at) => void (await file.write(bytes, 0, bytes.length, at)),
      sync: (file) => {
        syncs++;
        return file.datasync();
      },
    },
  });
  await journal.accept(jobOf(1, 100));
  const before = syncs;
  await Promise.all(
    Array.from({ length: 100 }, (_, i) => journal.note({ t: 'intent', at: 1, job: jobOf(1).id, item: i })),
  );
  expect(syncs - before).toBeLessThanOrEqual(2);
  expect((await openIn(folder)).job(jobOf(1).id)?.intents.size).toBe(100);
});

test('grows for a job that needs it', async () => {
  const folder = temporaryFolder();
  const journal = await openIn(folder);
  expect(await journal.accept(jobOf(1, 2000))).toBe(true);
  expect(journal.file.size()).toBeGreaterThan(SMALL);
  expect((await openIn(folder)).job(jobOf(1).id)?.items).toHaveLength(2000);
});

test('on a disk that is full a job that does not fit is not accepted, and what fits is', async () => {
  const folder = temporaryFolder();
  let full = false;
  const journal = await openIn(folder, {
    io: {
      async write(file, bytes, at) {
        if (full && at + bytes.length > SMALL) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        await file.write(bytes, 0, bytes.length, at);
      },
      sync: (file) => file.datasync(),
    },
  });
  full = true;
  const both = await Promise.allSettled([journal.accept(jobOf(1, 2000)), journal.accept(jobOf(2))]);
  expect(both).toMatchObject([{ reason: expect.any(JournalFull) }, { value: true }]);
  expect(journal.knows(jobOf(1).id)).toBe(false);
  const again = await openIn(folder);
  expect([again.knows(jobOf(1).id), again.knows(jobOf(2).id)]).toEqual([false, true]);
  expect(again.job(jobOf(2).id)?.items[0]?.image).toBe(imageOf(200_000));
});

/** Text that can't be packed. */
function random(length: number): string {
  let text = '';
  while (text.length < length) text += Math.random().toString(36).slice(2);
  return text.slice(0, length);
}

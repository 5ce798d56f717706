import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../agents/host/config-error.ts';
import { openLedger as ledgerOf } from '../../../agents/host/ledger.ts';
import { openState } from '../../../agents/host/state.ts';
import type { Rules } from '../../../src/domain/rules.ts';
import { temporaryFolder } from './_folder.ts';
import { openIn, SMALL } from './_journal.ts';

const openLedger = async (folder: string, limits: Rules['perHour'], now: () => number) =>
  ledgerOf(await openIn(folder, { now }), limits, now);

const HOUR = 3_600_000;
const fresh = temporaryFolder;

test('without limits nothing is counted', async () => {
  const ledger = await openLedger(fresh(), undefined, () => 0);
  expect(ledger.left()).toBeNull();
  expect(await ledger.take(1e15)).not.toBeNull();
});

test('counts images and bytes, and says no before it would be too much', async () => {
  const ledger = await openLedger(fresh(), { images: 2, bytes: 100 }, () => 1000);
  expect(ledger.left()).toEqual({ images: 2, bytes: 100, again: 1000 + HOUR });
  expect(await ledger.take(60)).not.toBeNull();
  expect(await ledger.take(60)).toBeNull();
  expect(await ledger.take(40)).not.toBeNull();
  expect(await ledger.take(0)).toBeNull();
  expect(ledger.left()).toMatchObject({ images: 0, bytes: 0 });
});

test('build cache counts with its bytes alone', async () => {
  const ledger = await openLedger(fresh(), { images: 1, bytes: 100 }, () => 0);
  expect(await ledger.take(50, 0)).not.toBeNull();
  expect(ledger.left()).toMatchObject({ images: 1, bytes: 50 });
});

test('an hour later there is room again, image by image', async () => {
  let now = 0;
  const ledger = await openLedger(fresh(), { images: 2 }, () => now);
  await ledger.take(1);
  now = HOUR / 2;
  await ledger.take(1);
  expect(await ledger.take(1)).toBeNull();
  expect(ledger.left()?.again).toBe(HOUR);
  now = HOUR;
  expect(ledger.left()).toMatchObject({ images: 1, again: HOUR + HOUR / 2 });
});

test('survives a restart, also one between the count and the deletion', async () => {
  const file = fresh();
  const ledger = await openLedger(file, { images: 3 }, () => 0);
  await Promise.all([ledger.take(1), ledger.take(1)]);
  const again = await openLedger(file, { images: 3 }, () => 1);
  expect(again.left()?.images).toBe(1);
});

test('gives back what was not deleted after all', async () => {
  const file = fresh();
  const ledger = await openLedger(file, { images: 1 }, () => 0);
  const entry = await ledger.take(1);
  if (entry) await ledger.giveBack(entry);
  expect(ledger.left()?.images).toBe(1);
  expect((await openLedger(file, { images: 1 }, () => 0)).left()?.images).toBe(1);
});

test('a clock that was set back keeps nobody waiting for longer than an hour', async () => {
  let now = 10 * HOUR;
  const ledger = await openLedger(fresh(), { images: 1 }, () => now);
  await ledger.take(1);
  now = 0;
  expect(ledger.left()?.images).toBe(1);
});

test('what an agent before had counted still counts, once', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'deleted.json'), JSON.stringify([{ at: 5, images: 1, bytes: 7 }]));
  for (let start = 0; start < 2; start++) {
    const state = await openState(
      folder,
      () => 'identity-1',
      () => 10,
      SMALL,
    );
    const ledger = ledgerOf(state.journal, { images: 3, bytes: 10 }, () => 10);
    expect(ledger.left()).toMatchObject({ images: 2, bytes: 3 });
    await state.close();
  }
});

test('a count before that can’t be read stops the agent: limits that nobody knows would be none', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'deleted.json'), 'x');
  await expect(
    openState(
      folder,
      () => 'identity-1',
      () => 0,
      SMALL,
    ),
  ).rejects.toThrow(ConfigError);
});

test('what can’t be written is not counted, and nothing goes', async () => {
  const takes = new Map();
  let broken = true;
  const note = async (entry: { t: string; n?: number }) => {
    if (entry.t === 'take') takes.set(entry.n, entry);
    else takes.delete(entry.n);
    if (broken) throw new Error('ENOSPC');
  };
  const ledger = ledgerOf({ takes: () => takes, note }, { images: 2 }, () => 1000);
  await expect(ledger.take(1)).rejects.toThrow(/ENOSPC/);
  expect(ledger.left()).toMatchObject({ images: 2 });
  broken = false;
  const entry = await ledger.take(1);
  broken = true;
  // Nobody can be helped by an error here: what stays counted is on the safe side.
  if (entry) await ledger.giveBack(entry);
  expect(ledger.left()).toMatchObject({ images: 2 });
});

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import * as files from '../../../agents/host/files.ts';
import { openLastUsed } from '../../../agents/host/last-used.ts';
import { ImageId } from '../../../src/domain/ids.ts';
import { temporaryFolder } from './_folder.ts';

vi.mock(import('../../../agents/host/files.ts'), { spy: true });

const id = (digit: string) => ImageId.parse(`sha256:${digit.repeat(64)}`);
const [a, b, c] = [id('a'), id('b'), id('c')] as const;
const warnings: string[] = [];
const log = { debug() {}, info() {}, error() {}, warn: (msg: string) => void warnings.push(msg) };
const fresh = () => join(temporaryFolder(), 'last-used.json');
const open = (file: string, now = () => 0) => openLastUsed(file, now, log);

test('an image that was there before is as old as our first sight of it, and did not come just now', async () => {
  const record = await open(fresh());
  record.saw([a], [], 1000);
  record.saw([a], [], 5000);
  expect(record.of(a)).toEqual({ arrivedAt: 0, usedAt: 1000 });
});

test('an image that comes later has come, and was used, when it was first seen', async () => {
  const record = await open(fresh());
  record.saw([a], [], 1000);
  record.saw([a, b], [], 2000);
  expect(record.of(b)).toEqual({ arrivedAt: 2000, usedAt: 2000 });
});

test('what runs is in use; events move a time forward and never back', async () => {
  const record = await open(fresh());
  record.saw([a, b, c], [a], 1000);
  record.saw([a, b, c], [a], 3000);
  record.used(b, 2500);
  record.used(b, 1500);
  record.arrived(c, 2000);
  expect([a, b, c].map((one) => record.of(one))).toEqual([
    { arrivedAt: 0, usedAt: 3000 },
    { arrivedAt: 0, usedAt: 2500 },
    { arrivedAt: 2000, usedAt: 2000 },
  ]);
});

test('a restart forgets nothing, and what came meanwhile has come', async () => {
  const file = fresh();
  const record = await open(file);
  record.saw([a, b], [], 1000);
  record.used(a, 4000);
  record.heard(4500);
  await record.save('at once');
  const again = await open(file);
  expect(again.heardUntil()).toBe(4500);
  again.saw([a, c], [], 9000);
  expect([a, b, c].map((one) => again.of(one))).toEqual([
    { arrivedAt: 0, usedAt: 4000 },
    { arrivedAt: 0, usedAt: 0 },
    { arrivedAt: 9000, usedAt: 9000 },
  ]);
});

test('an image that went and came again is as young as its second coming', async () => {
  const record = await open(fresh());
  record.saw([a], [], 1000);
  record.saw([], [], 2000);
  record.saw([a], [], 3000);
  expect(record.of(a)).toEqual({ arrivedAt: 3000, usedAt: 3000 });
});

test('a record that can’t be read is begun anew, and nothing counts as old', async () => {
  const file = fresh();
  writeFileSync(file, '{"v":1,"images":');
  warnings.length = 0;
  const record = await open(file);
  expect(warnings).toHaveLength(1);
  record.saw([a], [], 7000);
  expect(record.of(a)).toEqual({ arrivedAt: 7000, usedAt: 7000 });
});

test('is written as a whole, when something has changed, and now and then for what goes on running', async () => {
  const file = fresh();
  let now = 0;
  const record = await open(file, () => now);
  await record.save();
  expect(existsSync(file)).toBe(false);
  record.saw([a], [a], 1000);
  await record.save();
  const stored = () => JSON.parse(readFileSync(file, 'utf8')).images[a];
  expect(stored()).toEqual([0, 1000]);
  record.saw([a], [a], 16_000);
  now = 15_000;
  await record.save();
  expect(stored()).toEqual([0, 1000]);
  now = 61_000;
  await record.save();
  expect(stored()).toEqual([0, 16_000]);
  record.used(a, 17_000);
  await record.save();
  expect(stored()).toEqual([0, 17_000]);
});

test('keeps a bounded number of images, the most recently used', async () => {
  const file = fresh();
  const record = await open(file);
  const many = Array.from({ length: 50_010 }, (_, i) =>
    ImageId.parse(`sha256:${i.toString(16).padStart(64, '0')}`),
  );
  record.saw(many, [], 1000);
  for (const one of many.slice(0, 100)) record.used(one, 2000);
  await record.save('at once');
  const stored = Object.keys(JSON.parse(readFileSync(file, 'utf8')).images);
  expect(stored).toHaveLength(50_000);
  for (const one of many.slice(0, 100)) expect(stored).toContain(one);
});

test('a folder that can’t be written to is told of, and nothing else fails', async () => {
  warnings.length = 0;
  const record = await openLastUsed('/proc/nowhere/last-used.json', () => 0, log);
  record.saw([a], [], 1000);
  await record.save('at once');
  expect(warnings).toEqual(['last uses could not be written']);
});

test('what could not be written is written as soon as it can be, though nothing has changed since', async () => {
  const file = fresh();
  mkdirSync(`${file}.new`);
  warnings.length = 0;
  const record = await open(file);
  record.saw([a], [], 1000);
  await record.save();
  await record.save();
  expect(warnings).toHaveLength(1);
  rmdirSync(`${file}.new`);
  await record.save();
  expect(JSON.parse(readFileSync(file, 'utf8')).images[a]).toEqual([0, 1000]);
});

test('a clock that was set back keeps nothing from being written', async () => {
  const file = fresh();
  let now = 10_000_000;
  const record = await open(file, () => now);
  record.saw([a], [], 1000);
  await record.save();
  now = 1_000_000;
  record.heard(5000);
  await record.save();
  expect(JSON.parse(readFileSync(file, 'utf8')).heardUntil).toBe(5000);
});

test('what changes while a disk hangs is written once, after it', async () => {
  const file = fresh();
  const record = await open(file);
  const replace = vi.mocked(files.replace);
  replace.mockClear();
  let goOn = () => {};
  replace.mockImplementationOnce(() => new Promise((resolve) => (goOn = resolve)));
  for (let at = 1000; at < 2000; at += 100) {
    record.used(a, at);
    void record.save();
  }
  await vi.waitFor(() => expect(replace).toHaveBeenCalledOnce());
  goOn();
  await record.save('at once');
  expect(replace).toHaveBeenCalledTimes(2);
  expect(JSON.parse(readFileSync(file, 'utf8')).images[a]).toEqual([0, 1900]);
});

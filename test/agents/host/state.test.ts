import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../../agents/host/state.ts';
import { temporaryFolder } from './_folder.ts';

const fresh = () => join(temporaryFolder(), 'state');
const id = () => `identity-${Math.random().toString(36).slice(2)}`;

test('the identity is made once, in a folder that only we may read', async () => {
  const dir = fresh();
  const first = await openState(dir, id);
  expect((await openState(dir, id)).identity).toBe(first.identity);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'identity')).mode & 0o777).toBe(0o600);
});

test('an identity that can not be read is not replaced in silence', async () => {
  const dir = fresh();
  await openState(dir, id);
  writeFileSync(join(dir, 'identity'), '');
  await expect(openState(dir, id)).rejects.toThrow(/^DIMG_STATE_DIR: .*identity/);
});

test('a job is accepted once, also at once, and also after a restart', async () => {
  const dir = fresh();
  const state = await openState(dir, id);
  expect((await Promise.all([state.accept('a'), state.accept('a'), state.accept('b')])).toSorted()).toEqual([
    false,
    true,
    true,
  ]);
  const again = await openState(dir, id);
  expect([again.accepted('a'), again.accepted('new')]).toEqual([true, false]);
  expect(await again.accept('a')).toBe(false);
  expect(await again.accept('b')).toBe(false);
  expect(await again.accept('c\n"')).toBe(true);
  expect(await (await openState(dir, id)).accept('c\n"')).toBe(false);
});

test('a line that a crash has cut spoils no other', async () => {
  const dir = fresh();
  await (await openState(dir, id)).accept('a');
  appendFileSync(join(dir, 'jobs.log'), '"half');
  const state = await openState(dir, id);
  expect(await state.accept('b')).toBe(true);
  const again = await openState(dir, id);
  expect([await again.accept('a'), await again.accept('b')]).toEqual([false, false]);
});

test('the log of jobs does not grow for ever', async () => {
  const dir = fresh();
  await openState(dir, id);
  writeFileSync(join(dir, 'jobs.log'), Array.from({ length: 20_000 }, (_, i) => `"j${i}"\n`).join(''));
  const state = await openState(dir, id);
  expect(await state.accept('j19999')).toBe(false);
  expect(await state.accept('new')).toBe(true);
  expect(readFileSync(join(dir, 'jobs.log'), 'utf8').split('\n').length).toBeLessThan(5000);
  expect(await (await openState(dir, id)).accept('j19999')).toBe(false);
});

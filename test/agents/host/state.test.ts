import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../agents/host/config-error.ts';
import { openState } from '../../../agents/host/state.ts';
import { temporaryFolder } from './_folder.ts';

const SIZE = 128 * 1024;
const fresh = () => join(temporaryFolder(), 'state');
const id = () => `identity-${Math.random().toString(36).slice(2)}`;

test('the identity is made once, in a folder that only we may read', async () => {
  const dir = fresh();
  const first = await openState(dir, id, Date.now, SIZE);
  expect((await openState(dir, id, Date.now, SIZE)).identity).toBe(first.identity);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'identity')).mode & 0o777).toBe(0o600);
});

test('an identity that can not be read is not replaced in silence', async () => {
  const dir = fresh();
  await openState(dir, id, Date.now, SIZE);
  writeFileSync(join(dir, 'identity'), '');
  await expect(openState(dir, id, Date.now, SIZE)).rejects.toThrow(/^DIMG_STATE_DIR: .*identity/);
});

test('jobs that an agent before had accepted stay accepted, once taken over', async () => {
  const dir = fresh();
  await (await openState(dir, id, Date.now, SIZE)).close();
  writeFileSync(join(dir, 'jobs.log'), '"a"\n"c\\n\\""\n"half');
  for (let start = 0; start < 2; start++) {
    const { journal, close } = await openState(dir, id, Date.now, SIZE);
    expect([journal.knows('a'), journal.knows('c\n"'), journal.knows('half')]).toEqual([true, true, false]);
    expect(existsSync(join(dir, 'jobs.log'))).toBe(false);
    await close();
  }
});

test('a journal that can not be read stops the agent, and says what to do', async () => {
  const dir = fresh();
  await (await openState(dir, id, Date.now, SIZE)).close();
  writeFileSync(join(dir, 'journal.a'), 'x');
  const opened = openState(dir, id, Date.now, SIZE);
  await expect(opened).rejects.toThrow(ConfigError);
  await expect(opened).rejects.toThrow(
    /^DIMG_STATE_DIR: the journal in .* can't be read; .* move journal.a and journal.b away/,
  );
});

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openMemory } from '../../../agents/registry/memory.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { digestOf } from '../../domain/_registry.ts';
import { temporaryFolder } from '../host/_folder.ts';

const [A, B] = [digestOf('a'), digestOf('b')];
const found = (
  there: readonly ImageId[],
  gone: readonly ImageId[] = [],
  subjects: readonly ImageId[] = [],
) => ({
  there,
  gone: new Set(gone),
  subjects: new Set(subjects),
});
function aFile() {
  const file = `${temporaryFolder()}/seen.json`;
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (msg: string) => void errors.push(msg) };
  return { file, errors, start: () => openMemory(file, log) };
}

describe('what an agent remembers of a registry', () => {
  test('is at the first look of unknown age, and what comes later is as old as its first sight', async () => {
    const memory = await aFile().start();
    memory.saw('app', found([A]), 1_000);
    expect(memory.seenAt('app')).toEqual(new Map([[A, 0]]));
    memory.saw('app', found([A, B]), 2_000);
    memory.saw('app', found([A, B]), 3_000);
    expect(memory.seenAt('app')).toEqual(
      new Map([
        [A, 0],
        [B, 2_000],
      ]),
    );
    expect(memory.seenAt('other')).toEqual(new Map());
  });

  test('forgets what is gone: it would be new again', async () => {
    const memory = await aFile().start();
    memory.saw('app', found([A, B]), 1_000);
    memory.saw('app', found([B], [A]), 2_000);
    expect([...memory.seenAt('app').keys()]).toEqual([B]);
    memory.saw('app', found([A, B]), 3_000);
    expect(memory.seenAt('app')).toEqual(
      new Map([
        [A, 3_000],
        [B, 0],
      ]),
    );
  });

  test('keeps what was not answered', async () => {
    const memory = await aFile().start();
    memory.saw('app', found([A, B]), 1_000);
    memory.saw('app', found([B]), 2_000);
    expect(memory.seenAt('app').get(A)).toBe(0);
  });

  test('knows of what is gone that it was there, as long as something is about it, also after a start', async () => {
    const { start } = aFile();
    const memory = await start();
    memory.saw('app', found([A, B], [], [A]), 1_000);
    memory.saw('app', found([B], [A], [A]), 2_000);
    await memory.save();
    const next = await start();
    expect([[...next.seenAt('app').keys()], [...next.lost('app')]]).toEqual([[B], [A]]);
    // It is asked for at every look, and told to be gone each time.
    next.saw('app', found([B], [A], [A]), 3_000);
    expect([...next.lost('app')]).toEqual([A]);
    // Pushed again, it is new.
    next.saw('app', found([A, B], [], [A]), 4_000);
    expect(next.seenAt('app').get(A)).toBe(4_000);
    next.saw('app', found([], [A, B]), 5_000);
    expect([...next.lost('app')]).toEqual([]);
    // What was never there has not gone.
    next.saw('app', found([B], [A], [A]), 6_000);
    expect([...next.lost('app')]).toEqual([]);
  });

  test('takes a repository for new that is not among all that were looked into, also after a start', async () => {
    const { start } = aFile();
    const memory = await start();
    memory.saw('app', found([A]), 1_000);
    memory.sawAll();
    memory.saw('fresh', found([B]), 2_000);
    expect(memory.seenAt('fresh')).toEqual(new Map([[B, 2_000]]));
    await memory.save();
    const next = await start();
    next.saw('fresher', found([B]), 3_000);
    next.saw('app', found([A]), 3_000);
    expect(next.seenAt('fresher')).toEqual(new Map([[B, 3_000]]));
    expect(next.seenAt('app')).toEqual(new Map([[A, 0]]));
    expect([...next.repositories()].sort()).toEqual(['app', 'fresh', 'fresher']);
  });

  test.each([
    ['is cut off', '{"v":1,"repositories":{"app"'],
    ['is empty', ''],
    ['is of another shape', '{"v":2}'],
    ['names no digests', '{"v":1,"whole":true,"repositories":{"app":{"latest":0}}}'],
  ])('begins anew where its file %s, with nothing taken for old', async (_, text) => {
    const { file, start, errors } = aFile();
    writeFileSync(file, text);
    const memory = await start();
    expect(errors).toHaveLength(1);
    memory.saw('app', found([A]), 5_000);
    expect(memory.seenAt('app')).toEqual(new Map([[A, 5_000]]));
    await memory.save();
    expect((await start()).seenAt('app')).toEqual(new Map([[A, 5_000]]));
    expect(errors).toHaveLength(1);
  });

  test('is whole on the disk whatever is saved at once, and is the newest', async () => {
    const { file, start } = aFile();
    const memory = await start();
    const digests = Array.from({ length: 300 }, (_, i) => digestOf(String(i)));
    memory.saw('app', found(digests.slice(0, 1)), 0);
    await memory.save();
    let read = 0;
    const readings = setInterval(() => {
      JSON.parse(readFileSync(file, 'utf8'));
      read++;
    }, 0);
    for (let at = 1; at <= 300; at += 30) {
      memory.saw('app', found(digests.slice(0, at)), at);
      void memory.save();
      await memory.save();
    }
    memory.saw('app', found(digests), 300);
    await Promise.all([memory.save(), memory.save()]);
    clearInterval(readings);
    expect(read).toBeGreaterThan(0);
    expect((await start()).seenAt('app').size).toBe(300);
  });

  test('that could not be written is written next time', async () => {
    const folder = temporaryFolder();
    const errors: string[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (msg: string) => void errors.push(msg) };
    const memory = await openMemory(`${folder}/none/seen.json`, log);
    memory.saw('app', found([A]), 1);
    await memory.save();
    expect(errors).toHaveLength(1);
    await memory.save();
    // It still has something to write.
    expect(errors).toHaveLength(2);
  });

  test('is not written where nothing has changed', async () => {
    const { file, start } = aFile();
    const memory = await start();
    memory.saw('app', found([A]), 1);
    await memory.save();
    writeFileSync(file, 'mark');
    memory.saw('app', found([A]), 2);
    await memory.save();
    expect(readFileSync(file, 'utf8')).toBe('mark');
  });
});

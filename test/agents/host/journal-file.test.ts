import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../agents/host/config-error.ts';
import type { Io } from '../../../agents/host/journal-disk.ts';
import { type JournalFile, JournalFull, openJournalFile } from '../../../agents/host/journal-file.ts';
import { frame, scan } from '../../../agents/host/journal-frames.ts';
import { temporaryFolder } from './_folder.ts';
import { SMALL } from './_journal.ts';

const open: JournalFile[] = [];
afterEach(async () => {
  for (const file of open.splice(0)) await file.close().catch(() => {});
});
const opened = async (folder: string, more: { size?: number; io?: Io } = {}) => {
  const file = await openJournalFile(folder, { size: SMALL, ...more });
  open.push(file);
  return file;
};
const texts = (file: { payloads: readonly Buffer[] }) => file.payloads.map(String);
const payload = (text: string) => Buffer.from(text);

describe('frames', () => {
  const salt = randomBytes(8);
  const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 });
  /** The frames, and where each of them ends. */
  const written = (list: readonly Uint8Array[]) => {
    const frames = list.map((one, i) => frame(salt, i, one));
    let at = 0;
    const ends = frames.map((one) => (at += one.length));
    return { bytes: Buffer.concat([...frames, Buffer.alloc(256)]), ends };
  };

  test('whatever is cut off or damaged, all before it is read, and nothing that was not written', () => {
    fc.assert(
      fc.property(payloads, fc.nat(), fc.nat(), fc.boolean(), (list, where, change, cut) => {
        const { bytes, ends } = written(list);
        const at = where % bytes.length;
        const damaged = cut ? bytes.subarray(0, at) : Buffer.from(bytes);
        if (!cut) damaged[at] = (damaged[at] ?? 0) ^ (1 + (change % 255));
        const whole = ends.filter((end) => end <= at).length;
        const found = scan(damaged, 0, salt);
        expect(found.payloads.length).toBeGreaterThanOrEqual(whole);
        for (const [i, one] of found.payloads.entries())
          expect(one.equals(Buffer.from(list[i] ?? []))).toBe(true);
        // Damage before others is told from a torn end.
        if (!cut && whole < list.length - 1 && found.payloads.length < list.length)
          expect(found.damaged).toBe(true);
        if (cut) expect(found.damaged).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the journal’s files', () => {
  test('are as large from the start as they will be, and only for us', async () => {
    const folder = temporaryFolder();
    await opened(folder);
    for (const name of ['journal.a', 'journal.b']) {
      const { size, blocks, mode } = statSync(join(folder, name));
      expect([size, mode & 0o777]).toEqual([SMALL, 0o600]);
      // Blocks of 512 bytes: all are there, so no write needs another.
      expect(blocks * 512).toBeGreaterThanOrEqual(SMALL);
    }
  });

  test('hold what was appended, in order, over many beginnings anew', async () => {
    const folder = temporaryFolder();
    let expected: string[] = [];
    for (let round = 0; round < 6; round++) {
      const file = await opened(folder);
      expect(texts(file)).toEqual(expected);
      await file.append(payload(`a${round}`));
      expected.push(`a${round}`);
      if (round % 2 === 0) {
        await file.rewrite([payload(`all until ${round}`)], 0);
        expected = [`all until ${round}`];
        await file.append(payload('more'));
        expected.push('more');
      }
    }
  });

  test('a torn end is left out, and written over', async () => {
    const folder = temporaryFolder();
    const file = await opened(folder);
    await file.append(payload('one'));
    await file.append(payload('two, which is torn'));
    const path = join(folder, 'journal.a');
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('two') + 5] = 0;
    writeFileSync(path, bytes);
    const again = await opened(folder);
    expect(texts(again)).toEqual(['one']);
    await again.append(payload('3'));
    expect(texts(await opened(folder))).toEqual(['one', '3']);
  });

  test.each([
    [
      'damaged in the middle',
      (bytes: Buffer) => bytes.fill(1, bytes.indexOf('one'), bytes.indexOf('one') + 1),
    ],
    ['with a damaged header', (bytes: Buffer) => bytes.fill(1, 20, 21)],
  ])('one that is %s stops the agent', async (_, damage) => {
    const folder = temporaryFolder();
    const file = await opened(folder);
    for (const text of ['one', 'two']) await file.append(payload(text));
    const path = join(folder, 'journal.a');
    const bytes = readFileSync(path);
    damage(bytes);
    writeFileSync(path, bytes);
    await expect(opened(folder)).rejects.toThrow(ConfigError);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('one that was cut short stops the agent', async () => {
    const folder = temporaryFolder();
    await opened(folder);
    truncateSync(join(folder, 'journal.a'), 2000);
    await expect(opened(folder)).rejects.toThrow(ConfigError);
  });

  test('grow when asked to, and say so when something does not fit', async () => {
    const folder = temporaryFolder();
    const file = await opened(folder);
    const large = Buffer.alloc(SMALL);
    await expect(file.append(large)).rejects.toThrow(JournalFull);
    await expect(file.rewrite([large], 0)).rejects.toThrow(JournalFull);
    await file.append(payload('x'));
    await file.rewrite([payload('x')], 4 * SMALL);
    await file.append(large);
    expect((await opened(folder)).payloads.map(({ length }) => length)).toEqual([1, SMALL]);
    expect(statSync(join(folder, 'journal.a')).size).toBe(4 * SMALL);
  });

  test('who opened them last writes; another that still has them open does no more', async () => {
    const folder = temporaryFolder();
    const old = await opened(folder);
    const young = await opened(folder);
    await expect(old.append(payload('late'))).rejects.toThrow(/another process/);
    await expect(old.rewrite([payload('late')], 0)).rejects.toThrow(/another process/);
    await young.append(payload('x'));
    expect(texts(await opened(folder))).toEqual(['x']);
  });

  /** Writes truly until the `n`th step, of which only the first half is done, and nothing after it. */
  const until = (n: number): Io => {
    let steps = 0;
    const step = async (work: (part: 1 | 0.5) => Promise<unknown>) => {
      steps++;
      if (steps > n) throw new Error('the world has ended');
      await work(steps === n ? 0.5 : 1);
      if (steps === n) throw new Error('the world ends');
    };
    return {
      write: (file: FileHandle, bytes, at) =>
        step((part) => file.write(bytes, 0, Math.ceil(bytes.length * part), at)),
      // What was written outlives a process that is killed.
      sync: () => step(async () => {}),
    };
  };

  test('whenever the world ends, all that was durable is there, and at most what was being written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string({ maxLength: 400 }), fc.constant(null)), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 60 }),
        async (steps, end) => {
          const folder = temporaryFolder();
          const size = 16 * 1024;
          await (await opened(folder, { size })).close();
          let durable: string[] = [];
          let doing: string[] = [];
          try {
            const file = await opened(folder, { size, io: until(end) });
            for (const [i, text] of steps.entries()) {
              doing = text === null ? [`all ${durable.length}`] : [...durable, `${i} ${text}`];
              if (text === null) await file.rewrite(doing.map(payload), 0);
              else await file.append(payload(`${i} ${text}`));
              durable = doing;
            }
          } catch (error) {
            if (!/the world/.test(String(error))) throw error;
          }
          const found = texts(await opened(folder, { size }));
          expect([durable, doing]).toContainEqual(found);
        },
      ),
      { numRuns: 60 },
    );
  });
});

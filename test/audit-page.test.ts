import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../playground/parts/available.ts';
import { chain, Entry, type Fact } from '../src/domain/audit.ts';
import { someChain, texts } from './domain/_chain.ts';
import { randomOf } from './property/_random.ts';

const page = readFileSync(join(import.meta.dirname, '../docs/audit.md'), 'utf8');
const dir = mkdtempSync(join(tmpdir(), 'dimg-audit-page-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('the page names every field and every kind of entry', () => {
  for (const field of Object.keys(Entry.shape)) expect(page).toContain(`\`${field}\``);
  for (const kind of Entry.shape.kind.options) expect(page).toContain(`\`${kind}\``);
});

describe.skipIf(skipWithout('the script of docs/audit.md', 'python'))('the script on the page', () => {
  const script = join(dir, 'verify.py');
  writeFileSync(script, /```python\n(.*?)```/s.exec(page)?.[1] ?? '');
  const entries = someChain(randomOf(4), 300);
  const all = texts(entries).map((line) => `${line}\n`);
  const hash = (n: number) => entries[n - 1]?.hash;

  function run(lines: readonly string[] | Buffer, ...heads: string[]): Promise<[number, string]> {
    const file = join(dir, 'audit.jsonl');
    writeFileSync(file, typeof lines === 'string' || lines instanceof Buffer ? lines : lines.join(''));
    return python(file, ...heads);
  }
  function python(...args: string[]): Promise<[number, string]> {
    return new Promise((resolve) => {
      const child = execFile('python3', [script, ...args], (_, out, err) =>
        resolve([child.exitCode ?? -1, `${out}${err}`.trim()]),
      );
    });
  }

  test('finds a chain whole that dimg made, whatever text is in it', async () => {
    expect(await run(all, `300:${hash(300)}`, `7:${hash(7)}`)).toEqual([
      0,
      `300 entries, whole, head ${hash(300)}`,
    ]);
    expect(await run([])).toEqual([0, expect.stringMatching(/audit.jsonl is empty: no entry was ever/)]);
    expect(await run([all.join('').trimEnd()])).toEqual([0, expect.stringMatching(/^300 entries, whole/)]);
  });

  test.each<[string, string[], string[], RegExp]>([
    ['an edit', all.with(16, all[16]?.replace('"run":', '"run":1') ?? ''), [], /^entry 17 was edited/],
    ['a key twice', all.with(16, all[16]?.replace('{', '{"by":"U0EVE",') ?? ''), [], /^entry 17 was edited/],
    ['a removal', all.toSpliced(16, 1), [], /^entry 17 does not follow the one before$/],
    ['a swap', [...all.slice(0, 5), all[6] ?? '', all[5] ?? '', ...all.slice(7)], [], /^entry 6 /],
    [
      'a torn line',
      all.with(299, all[299]?.slice(0, 40) ?? ''),
      [],
      /^the last line breaks off where entry 300 would be$/,
    ],
    ['a torn first line', [all[0]?.slice(0, 40) ?? ''], [], /^the last line breaks off where entry 1 /],
    ['what is no entry', all.with(16, '7\n'), [], /^entry 17 was edited$/],
    ['no JSON', all.with(16, '{{{\n'), [], /^entry 17 was edited$/],
    [
      'a cut',
      all.slice(0, 200),
      [`300:${hash(300)}`],
      /^entries are missing: the head that was given saw entry 300$/,
    ],
    [
      'another chain',
      all,
      [`17:${hash(18)}`],
      /^entry 17 is not the one that the head that was given names$/,
    ],
  ])('finds %s', async (_, lines, heads, words) => {
    const [code, said] = await run(lines, ...heads);
    expect(said).toMatch(words);
    expect(code).toBe(1);
  });

  test('tells of entries that Redis lost as dimg verify does', async () => {
    const last = entries[14] ?? { n: 0, hash: '' };
    const fact = { at: 1, run: entries[0]?.run ?? 1, kind: 'lost', from: 11, vouched: ['host-3'] } as Fact;
    const gone = [...all.slice(0, 10), ...texts(chain(last, [fact, fact])).map((line) => `${line}\n`)];
    const [code, said] = await run(gone, `15:${last.hash}`);
    expect(said.split('\n')).toEqual([
      'entries 11 to 15 are not here: entry 16 says that Redis had lost them',
      expect.stringMatching(/^whole up to 17 but for that, head sha256:/),
    ]);
    expect(code).toBe(1);
    expect((await run(gone, `15:${hash(3)}`))[1]).toBe(
      'entry 15 is not the one that the head that was given names',
    );
    expect((await run(gone.toSpliced(9, 1)))[1]).toMatch(/^entries 10 to 15|^entry 10 does not follow/);
    expect((await run([...all.slice(0, 15), ...gone.slice(10)]))[0]).toBe(0);
  });

  test('finds a byte that is no text', async () => {
    const bytes = Buffer.from(all.join(''));
    bytes[(all[0]?.length ?? 0) + 20] = 0xff;
    expect(await run(bytes)).toEqual([1, 'entry 2 was edited']);
  });

  test.each<[string, string | Buffer]>([
    ['text', 'notes of mine\nand more\n'],
    ['gzip', gzipSync(all.join(''))],
    ['lines of Windows', all.join('').replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${all.join('')}`],
  ])('says of %s that it is no mirror', async (_, text) => {
    const [code, said] = await run(Buffer.from(text));
    expect(said).toMatch(/audit\.jsonl is no mirror of an audit: line 1 is no entry$/);
    expect(code).toBe(2);
  });

  test.each<[string[], RegExp]>([
    [[], /^name a file: /],
    [[join(dir, 'none')], /^can't read .*none: No such file or directory$/],
    [[dir], /^can't read .*: Is a directory$/],
    [[join(dir, 'audit.jsonl'), '840:abc'], /^a head is a number and a whole hash, and this is 840:abc$/],
  ])('says in a line what it can not do: %j', async (args, words) => {
    const [code, said] = await python(...args);
    expect(said).toMatch(words);
    expect(code).toBe(2);
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../playground/parts/available.ts';
import { Entry } from '../src/domain/audit.ts';
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

  function run(lines: readonly string[], ...heads: string[]): Promise<[number, string]> {
    const file = join(dir, 'audit.jsonl');
    writeFileSync(file, lines.join(''));
    return new Promise((resolve) => {
      const child = execFile('python3', [script, file, ...heads], (_, out, err) =>
        resolve([child.exitCode ?? -1, `${out}${err}`.trim()]),
      );
    });
  }

  test('finds a chain whole that dimg made, whatever text is in it', async () => {
    expect(await run(all, `300:${hash(300)}`, `7:${hash(7)}`)).toEqual([
      0,
      `300 entries, whole, head ${hash(300)}`,
    ]);
    expect(await run([])).toEqual([0, expect.stringMatching(/^0 entries, whole, head sha256:0{64}$/)]);
  });

  test.each<[string, string[], string[], RegExp]>([
    ['an edit', all.with(16, all[16]?.replace('"run":', '"run":1') ?? ''), [], /^entry 17 was edited/],
    ['a key twice', all.with(16, all[16]?.replace('{', '{"by":"U0EVE",') ?? ''), [], /^entry 17 was edited/],
    ['a removal', all.toSpliced(16, 1), [], /^entry 17 was edited, or does not follow/],
    ['a swap', [...all.slice(0, 5), all[6] ?? '', all[5] ?? '', ...all.slice(7)], [], /^entry 6 /],
    ['a torn line', all.with(299, all[299]?.slice(0, 40) ?? ''), [], /^entry 300 /],
    ['a cut', all.slice(0, 200), [`300:${hash(300)}`], /^entries are missing: 300$/],
    ['another chain', all, [`17:${hash(18)}`], /^entry 17 is another one than the head that was given$/],
  ])('finds %s', async (_, lines, heads, words) => {
    const [code, said] = await run(lines, ...heads);
    expect(said).toMatch(words);
    expect(code).toBe(1);
  });
});

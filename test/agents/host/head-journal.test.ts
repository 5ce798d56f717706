import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHeadJournal, thinned } from '../../../agents/host/head-journal.ts';
import type { Log } from '../../../agents/host/ports.ts';
import { sha256 } from '../../../src/domain/hash.ts';
import { ReportBody } from '../../../src/domain/protocol.ts';
import { temporaryFolder } from './_folder.ts';

const head = (n: number, chain = '') => ({ n, hash: sha256(`${chain}${n}`) });
const AT = 1_769_860_800_000;
function noting() {
  const said: string[] = [];
  const note = (msg: string) => void said.push(msg);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  return { said, log };
}
const open = (file: string, log = noting().log) => openHeadJournal(file, () => AT, log);
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { n: number; hash: string; at: number });

describe('the journal of heads', () => {
  const fresh = () => join(temporaryFolder(), 'audit-heads.jsonl');

  test('notes a head that is new, once, and keeps it over a restart', async () => {
    const file = fresh();
    const journal = await open(file);
    for (const n of [1, 1, 4, 4, 9]) await journal.saw(head(n));
    await journal.saw(null);
    expect(linesOf(file)).toEqual([1, 4, 9].map((n) => ({ ...head(n), at: AT })));
    const again = await open(file);
    expect(again.seen()).toEqual(linesOf(file));
    await again.saw(head(9));
    await again.saw(head(10));
    expect(linesOf(file).map(({ n }) => n)).toEqual([1, 4, 9, 10]);
  });

  test('notes a head that went back or is another one, and leaves the old ones', async () => {
    const file = fresh();
    const journal = await open(file);
    for (const one of [head(800), head(840), head(830, 'new'), head(840, 'new'), head(2, 'newer')])
      await journal.saw(one);
    expect(linesOf(file).map(({ n, hash }) => ({ n, hash }))).toEqual([
      head(800),
      head(840),
      head(830, 'new'),
      head(840, 'new'),
      head(2, 'newer'),
    ]);
  });

  test('takes nothing that is no head', async () => {
    const file = fresh();
    const journal = await open(file);
    await journal.saw(head(3));
    for (const bad of [
      { n: Number.NaN, hash: head(1).hash },
      { n: 0, hash: head(1).hash },
      { n: 4, hash: 'x' },
    ])
      await journal.saw(bad);
    expect(journal.seen()).toHaveLength(1);
  });

  test('is not spoiled by a line that a crash has cut', async () => {
    const file = fresh();
    await (await open(file)).saw(head(3));
    appendFileSync(file, '{"n":4,"ha');
    const journal = await open(file);
    await journal.saw(head(5));
    await journal.saw(head(6));
    expect(linesOf(file).map(({ n }) => n)).toEqual([3, 5, 6]);
  });

  test('that can not be written says so once, goes on, and is whole later', async () => {
    const file = fresh();
    await (await open(file)).saw(head(1));
    const { said, log } = noting();
    const folder = join(file, '..', 'sub');
    const blocked = await open(join(folder, 'heads'), log);
    for (const n of [2, 3, 4]) await blocked.saw(head(n));
    expect(said).toEqual(['heads of the audit can’t be written down']);
    expect(blocked.seen().map(({ n }) => n)).toEqual([2, 3, 4]);
    mkdirSync(folder);
    await blocked.saw(head(5));
    expect(linesOf(join(folder, 'heads')).map(({ n }) => n)).toEqual([2, 3, 4, 5]);
    expect(said).toHaveLength(2);
  });

  test('that can not be read is not written over', async () => {
    const dir = temporaryFolder();
    const file = join(dir, 'heads');
    mkdirSync(file);
    const journal = await open(file);
    await journal.saw(head(7));
    rmdirSync(file);
    writeFileSync(file, `${JSON.stringify({ ...head(1), at: AT })}\n`);
    chmodSync(file, 0o600);
    await journal.saw(head(8));
    expect(linesOf(file).map(({ n }) => n)).toEqual([1, 7, 8]);
  });

  test('does not grow for ever, and never forgets the highest', async () => {
    const file = fresh();
    const old = Array.from({ length: 30_000 }, (_, i) => ({ ...head(i + 1), at: AT }));
    writeFileSync(file, old.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const journal = await open(file);
    await journal.saw(head(5, 'new'));
    const kept = linesOf(file);
    expect(kept.length).toBeLessThan(10_100);
    expect(kept.slice(-2000).map(({ n }) => n)).toEqual([...old.slice(-1999).map(({ n }) => n), 5]);
    expect(kept[0]?.n).toBe(1);
    const seen = journal.seen();
    expect(seen.some(({ n }) => n === 30_000)).toBe(true);
    expect(ReportBody.safeParse({ kind: 'heads', heads: seen }).success).toBe(true);
  });
});

describe('thinning', () => {
  const heads = (ns: readonly number[]) => ns.map((n) => ({ ...head(n), at: AT }));
  const many = heads(Array.from({ length: 5000 }, (_, i) => i + 1));

  test('keeps the newest, and of the older ones one in sixteen', () => {
    const kept = thinned(many, 2000, 8000);
    expect(kept.slice(-2000)).toEqual(many.slice(-2000));
    expect(kept.slice(0, -2000).map(({ n }) => n)).toEqual([
      1,
      ...Array.from({ length: 187 }, (_, i) => 16 * (i + 1)),
    ]);
    expect(thinned(kept, 2000, 8000)).toEqual(kept);
  });

  test('keeps both where the number went back, and the highest whatever comes', () => {
    const set = heads([
      ...Array.from({ length: 100 }, (_, i) => i + 1),
      37,
      ...Array.from({ length: 60 }, (_, i) => 38 + i),
    ]);
    const kept = thinned(set, 10, 50).map(({ n }) => n);
    expect(kept.indexOf(37)).toBe(kept.indexOf(100) + 1);
    const near = thinned(
      heads([17, 18, 19, 20, 18, 19, ...Array.from({ length: 10 }, (_, i) => 21 + i)]),
      10,
      50,
    );
    expect(near.slice(0, 3).map(({ n }) => n)).toEqual([17, 20, 18]);
    expect(thinned(set, 10, 0).some(({ n }) => n === 100)).toBe(true);
  });

  test('of heads that jump about keeps what was seen first', () => {
    const jumping = heads([
      ...Array.from({ length: 100 }, (_, i) => 16 * i + 1),
      ...Array.from({ length: 5000 }, (_, i) => (i % 2 ? 1 : 9e12 + i)),
    ]);
    const kept = thinned(jumping, 100, 500);
    expect(kept.length).toBeLessThanOrEqual(601);
    expect(kept[0]).toEqual(jumping[0]);
    expect(kept[1]).toEqual(jumping[1]);
  });
});

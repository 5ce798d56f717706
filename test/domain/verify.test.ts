import { describe, expect, test } from 'vitest';
import { chain, type Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { canonical, sha256 } from '../../src/domain/hash.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Finding, KeptHead } from '../../src/domain/verify-entry.ts';
import { findingWords, verdictWords } from '../../src/domain/verify-words.ts';
import { type Random, randomOf } from '../property/_random.ts';
import { ANA, NOW, runId } from './_build.ts';
import { someChain, someFacts, texts, verify } from './_chain.ts';

const rehash = (entry: Entry): Entry => {
  const { hash: _, ...body } = entry;
  return { ...body, hash: sha256(canonical(body)) };
};
const heads = (entries: readonly Entry[], where = 'host-1'): KeptHead[] =>
  entries.map(({ n, hash }) => ({ n, hash, where }));
const brief = (findings: readonly Finding[]) => findings.map(({ kind, n }) => `${kind} ${n}`);
const at = (entries: readonly Entry[], i: number): Entry => {
  const entry = entries[i];
  if (!entry) throw new Error(`There is no entry at ${i}.`);
  return entry;
};

/** One deed of a forger: the lines afterwards, the heads that are kept elsewhere, and what must be found. */
interface Deed {
  lines: string[];
  heads?: KeptHead[];
  recorded?: { n: number; hash: string };
  found: string[];
}

/** Changes a field, adds one or takes one away; never into what it was. */
function edited(random: Random, entry: Entry): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...entry };
  const field = random.pick([...Object.keys(entry), 'extra', 'reason', 'by']);
  if (field in copy && random.chance(0.3)) delete copy[field];
  else if (typeof copy[field] === 'number') copy[field] = (copy[field] as number) + 1 + random.below(99);
  else if (field === 'prev' || field === 'hash') copy[field] = sha256(`${random.below(1e9)}`);
  else copy[field] = `${copy[field]}x`;
  return copy;
}

const DEEDS: Record<string, (random: Random, entries: Entry[]) => Deed> = {
  'edit any field'(random, entries) {
    const i = random.below(entries.length);
    const lines = texts(entries.with(i, edited(random, at(entries, i)) as unknown as Entry));
    return { lines, found: [`edited ${i + 1}`] };
  },
  'write the same otherwise'(random, entries) {
    const i = random.below(entries.length);
    const line = JSON.stringify(at(entries, i));
    const other = random.pick([
      line.replace(',', ', '),
      line.replace('{', '{"by":"U0EVE",'),
      line.replace(/}$/, `,"at":${NOW}}`),
      line.replace(/"at":(\d+)/, '"at":$1.0'),
      line.replace('"run"', '"\\u0072un"'),
      `${line} `,
      `[${line}]`,
      '',
    ]);
    return { lines: texts(entries).with(i, other), found: [`edited ${i + 1}`] };
  },
  'edit with a fitting hash'(random, entries) {
    const i = random.below(entries.length - 1);
    const forged = rehash({ ...at(entries, i), at: NOW - 1 - random.below(1000) });
    return { lines: texts(entries.with(i, forged)), found: [`remade ${i + 1}`] };
  },
  'edit the last with a fitting hash'(random, entries) {
    const last = at(entries, entries.length - 1);
    const forged = rehash({ ...last, at: NOW - 1 - random.below(1000) });
    const recorded = { n: last.n, hash: last.hash };
    return { lines: texts(entries.with(-1, forged)), recorded, found: [`recorded ${last.n}`] };
  },
  'link it elsewhere with a fitting hash'(random, entries) {
    const i = 1 + random.below(entries.length - 2);
    const forged = rehash({ ...at(entries, i), prev: sha256('elsewhere') });
    return { lines: texts(entries.with(i, forged)), found: [`remade ${i + 1}`] };
  },
  delete(random, entries) {
    const i = random.below(entries.length - 1);
    const many = 1 + random.below(Math.min(5, entries.length - 1 - i));
    const kept = random.chance(0.5) ? heads(entries) : [];
    return { lines: texts(entries.toSpliced(i, many)), heads: kept, found: [`missing ${i + 1}`] };
  },
  swap(random, entries) {
    const i = random.below(entries.length - 1);
    const j = i + 1 + random.below(entries.length - i - 1);
    const lines = texts(entries.with(i, at(entries, j)).with(j, at(entries, i)));
    // Of neighbours one is enough to put things right; of three in reverse the middle one stays in neither order.
    const first = j === i + 1 ? [] : [`misplaced ${j === i + 2 ? i + 2 : i + 1}`];
    return { lines, found: [...first, `misplaced ${j + 1}`] };
  },
  'move back'(random, entries) {
    const i = random.below(entries.length - 2);
    const j = i + 2 + random.below(entries.length - i - 2);
    return {
      lines: texts(entries.toSpliced(i, 1).toSpliced(j, 0, at(entries, i))),
      found: [`misplaced ${i + 1}`],
    };
  },
  'move forward'(random, entries) {
    const j = 1 + random.below(entries.length - 1);
    const i = random.below(j);
    return {
      lines: texts(entries.toSpliced(j, 1).toSpliced(i, 0, at(entries, j))),
      found: [`misplaced ${j + 1}`],
    };
  },
  duplicate(random, entries) {
    const i = random.below(entries.length);
    const to = random.below(entries.length + 1);
    return { lines: texts(entries.toSpliced(to, 0, at(entries, i))), found: [`twice ${i + 1}`] };
  },
  'insert one that fits where it stands'(random, entries) {
    const i = random.below(entries.length);
    const before = entries[i - 1] ?? GENESIS;
    const forged = chain({ n: before.n, hash: before.hash }, [
      { at: NOW, run: runId(7), kind: 'denied', by: ANA },
    ]);
    return { lines: texts(entries.toSpliced(i, 0, ...forged)), found: [`twice ${i + 1}`] };
  },
  'insert what fits nowhere'(random, entries) {
    const i = random.below(entries.length);
    const before = entries[i - 1] ?? GENESIS;
    const [later] = chain({ n: before.n + 50, hash: before.hash }, [
      { at: NOW, run: runId(7), kind: 'denied' },
    ]);
    const line = random.pick([
      'null',
      'not JSON',
      JSON.stringify(later),
      JSON.stringify({ ...at(entries, Math.max(0, i - 1)), at: 1 }),
      JSON.stringify({ ...at(entries, i), at: 1 }),
    ]);
    return { lines: texts(entries).toSpliced(i, 0, line), found: [`inserted ${i + 1}`] };
  },
  'cut the tail'(random, entries) {
    const left = random.below(entries.length);
    const seen = left + random.below(entries.length - left);
    const kept = heads(entries.filter((_, i) => i === seen || (i < seen && random.chance(0.3))));
    return { lines: texts(entries.slice(0, left)), heads: kept, found: [`missing ${left + 1}`] };
  },
  'make the chain anew'(random, entries) {
    const k = random.below(entries.length);
    const before = entries[k - 1] ?? GENESIS;
    const anew = chain({ n: before.n, hash: before.hash }, [
      { at: NOW, run: runId(7), kind: 'denied', by: ANA },
      ...someFacts(random, entries.length - k - 1 + random.below(3)),
    ]);
    const seen = k + random.below(entries.length - k);
    const kept = entries.filter((_, i) => i === seen || random.chance(0.2));
    const last = anew.at(-1) ?? GENESIS;
    const differing = kept.filter(({ n }) => n > k && n <= last.n).map(({ n }) => `differs ${n}`);
    return {
      lines: texts([...entries.slice(0, k), ...anew]),
      heads: heads(kept),
      recorded: { n: last.n, hash: last.hash },
      found: differing,
    };
  },
};

describe('a chain that nobody touched', () => {
  test('is whole, from any heads that were kept of it', () => {
    const random = randomOf(5);
    for (let i = 0; i < 200; i++) {
      const entries = someChain(random, random.below(40));
      const last = entries.at(-1);
      const recorded = last ? { n: last.n, hash: last.hash } : null;
      const kept = heads(random.some(entries, 0.5));
      const verdict = verify(texts(entries), kept, random.chance(0.5) ? recorded : undefined);
      expect(verdict.findings).toEqual([]);
      expect(verdict.head).toEqual(recorded ?? GENESIS);
      expect(verdict.entries).toBe(entries.length);
    }
  });

  test('is told by its length and its head', () => {
    const entries = someChain(randomOf(6), 840);
    const words = plain(verdictWords(verify(texts(entries))));
    expect(words).toBe(`840 entries, whole from 1 to 840, head ${at(entries, 839).hash}`);
    expect(plain(verdictWords(verify([])))).toBe('no entries yet');
    expect(plain(verdictWords(verify(texts(entries.slice(1)))))).toBe('839 entries, not whole: 1 finding');
  });
});

describe('of 1,000 deeds of a forger', () => {
  const names = Object.keys(DEEDS);
  const rounds = Math.ceil(1000 / names.length);
  test.each(names)('each is found at its entry: %s', (name) => {
    const random = randomOf(names.indexOf(name) + 1);
    for (let round = 0; round < rounds; round++) {
      const entries = someChain(random, 3 + random.below(30));
      const deed = DEEDS[name]?.(random, entries);
      if (!deed) throw new Error(name);
      const recorded = deed.recorded ?? (name === 'cut the tail' ? undefined : entries.at(-1));
      const { findings, total } = verify(
        deed.lines,
        deed.heads,
        recorded && { n: recorded.n, hash: recorded.hash },
      );
      expect([round, brief(findings)]).toEqual([round, deed.found]);
      expect(total).toBe(findings.length);
    }
  });
});

describe('findings', () => {
  const entries = someChain(randomOf(7), 20);
  const said = (...args: Parameters<typeof verify>) =>
    verify(...args).findings.map((f) => plain(findingWords(f)));

  test.each<[string, Parameters<typeof verify>, string[]]>([
    ['an edit', [texts(entries.with(16, { ...at(entries, 16), at: 1 }))], ['entry 17 was edited']],
    ['a removal', [texts(entries.toSpliced(17, 1))], ['entry 18 is missing']],
    [
      'a cut',
      [texts(entries.slice(0, 10)), heads(entries.slice(0, 19), 'host-3')],
      ['entries 11 to 19 are missing: host-3 saw entry 19'],
    ],
    [
      'a chain made anew',
      [
        texts([...entries.slice(0, 16), ...chain(at(entries, 15), someFacts(randomOf(1), 4))]),
        [...heads(entries.slice(16, 17), 'the card of #1042'), ...heads(entries.slice(0, 16))],
      ],
      ['entry 17 is not the one that the card of #1042 names: the chain was made anew from there or before'],
    ],
    [
      'an edit with a fitting hash',
      [texts(entries.with(16, rehash({ ...at(entries, 16), at: 1 })))],
      ['entry 17 was edited and given a fitting hash: entry 18 follows another one'],
    ],
    ['a beginning cut off', [texts(entries.slice(3))], ['entries 1 to 3 are missing']],
    [
      'a first entry that follows something',
      [texts(entries.with(0, rehash({ ...at(entries, 0), prev: sha256('x') })))],
      ['entry 1 was edited and given a fitting hash: it does not follow entry 0'],
    ],
    ['a repetition', [texts(entries.toSpliced(17, 0, at(entries, 16)))], ['there are two entries 17']],
    [
      'a record that was lost',
      [texts(entries), [], null],
      ['Redis has lost its record of the newest entry, which is 20'],
    ],
    [
      'a record that was set back',
      [texts(entries), [], { n: 12, hash: at(entries, 11).hash }],
      ['Redis records entry 12 as the newest, and the chain goes to 20'],
    ],
    [
      'a record that is ahead',
      [texts(entries.slice(0, 19)), [], { n: 20, hash: at(entries, 19).hash }],
      ['entry 20 is missing: the head that Redis records saw entry 20'],
    ],
  ])('are said of %s', (_, args, words) => {
    expect(said(...args)).toEqual(words);
  });

  describe('of entries that Redis lost', () => {
    const [first, last] = [at(entries, 9), at(entries, 14)];
    const lost = { at: NOW, run: runId(9), kind: 'lost', from: 11, vouched: ['host-3'] } satisfies Fact;
    /** 1 to 10, then 16, which says that 11 to 15 are lost, then more. */
    const gone = [...entries.slice(0, 10), ...chain(last, [lost, ...someFacts(randomOf(5), 4)])];
    const words =
      /^entries 11 to 15 are not here: entry 16 says that Redis had lost them .*; host-3 saw entry 15$/;

    test('are told as that, and never as whole', () => {
      const verdict = verify(texts(gone), heads(entries.slice(0, 15)), gone.at(-1));
      expect(verdict.findings).toEqual([
        { kind: 'lost', n: 11, to: 15, by: 16, at: NOW, vouched: ['host-3'] },
      ]);
      expect(said(texts(gone))).toEqual([expect.stringMatching(words)]);
      expect(plain(verdictWords(verdict))).toMatch(
        /^15 entries, whole up to 20 but for what Redis lost \(11 to 15\), head sha256:/,
      );
    });

    test('do not excuse an edit, a removal or another head beside them', () => {
      const edited = gone.with(3, { ...at(gone, 3), at: 1 });
      expect(brief(verify(texts(edited)).findings)).toEqual(['edited 4', 'lost 11']);
      expect(plain(verdictWords(verify(texts(edited))))).toContain('not whole: 2 findings');
      expect(brief(verify(texts(gone.toSpliced(12, 1))).findings)).toEqual(['lost 11', 'missing 18']);
      // More is missing than it says.
      expect(brief(verify(texts(gone.toSpliced(8, 2))).findings)).toEqual(['missing 9']);
      // The one before it is known to have been another one.
      const other = [{ n: 15, hash: first.hash, where: 'the card of #7' }];
      expect(brief(verify(texts(gone), other).findings)).toEqual(['lost 11', 'differs 15']);
      expect(brief(verify(texts(gone.toSpliced(10, 1)), []).findings)).toEqual(['missing 11']);
    });

    test('are no finding where they are here after all, as in a mirror', () => {
      const here = [...entries.slice(0, 15), ...gone.slice(10)];
      expect(verify(texts(here)).total).toBe(0);
      expect(brief(verify(texts([...entries.slice(0, 13), ...gone.slice(10)])).findings)).toEqual([
        'lost 14',
      ]);
    });

    test('may be all that there were', () => {
      const all = chain(last, [{ ...lost, from: 1 }, ...someFacts(randomOf(5), 2)]);
      expect(brief(verify(texts(all)).findings)).toEqual(['lost 1']);
    });
  });

  test('are found together, each at its place', () => {
    const lines = texts(entries.with(3, { ...at(entries, 3), at: 1 }).toSpliced(9, 2));
    expect(brief(verify(lines, heads(entries)).findings)).toEqual(['edited 4', 'missing 10']);
    const next = texts(entries.with(5, { ...at(entries, 5), at: 1 }).toSpliced(4, 1));
    expect(brief(verify(next).findings)).toEqual(['missing 5', 'edited 6']);
    const every = texts(entries.filter((_, i) => i % 2 === 0));
    expect(brief(verify(every).findings)).toEqual(
      [2, 4, 6, 8, 10, 12, 14, 16, 18].map((n) => `missing ${n}`),
    );
    const run = texts(entries.map((entry, i) => (i > 3 && i < 8 ? { ...entry, at: 1 } : entry)));
    expect(brief(verify(run).findings)).toEqual([5, 6, 7, 8].map((n) => `edited ${n}`));
  });

  test('are of a forged entry in the place of a removed one, though it comes elsewhere', () => {
    const forged = rehash({ ...at(entries, 4), at: 1 });
    for (const put of [8, 19]) {
      const { findings } = verify(texts(entries.toSpliced(4, 1).toSpliced(put, 0, forged)));
      expect(brief(findings)).toEqual(['remade 5', 'missing 5']);
    }
    const early = verify(
      texts(entries.toSpliced(8, 1).toSpliced(2, 0, rehash({ ...at(entries, 8), at: 1 }))),
    );
    expect(brief(early.findings)).toEqual(['inserted 3', 'missing 9']);
  });

  test('are of what no entry holds, though every hash fits', () => {
    const strange = [
      ...someFacts(randomOf(1), 3),
      { at: NOW, run: runId(1), kind: 'expired', extra: 1 } as const,
    ];
    const lines = texts(chain(GENESIS, [...strange, ...someFacts(randomOf(2), 2)]));
    expect(brief(verify(lines).findings)).toEqual(['edited 4']);
  });

  test('are counted where there are too many to hold', () => {
    const { findings, total } = verify(Array.from({ length: 5000 }, () => 'nothing'));
    expect([findings.length, total, findings[0]]).toEqual([1000, 5000, { kind: 'edited', n: 1 }]);
    const many = someChain(randomOf(8), 6000).filter((_, i) => i % 2 === 0);
    expect(verify(texts(many)).total).toBe(2999);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { verifyFile } from '../src/verify-file.ts';
import { someChain, texts } from './domain/_chain.ts';
import { randomOf } from './property/_random.ts';

const dir = mkdtempSync(join(tmpdir(), 'dimg-verify-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const entries = someChain(randomOf(1), 40);
const all = texts(entries).map((line) => `${line}\n`);
const head = (n: number) => entries[n - 1]?.hash ?? '';

let files = 0;
function file(content: string | Buffer): string {
  const path = join(dir, `file-${++files}`);
  writeFileSync(path, content);
  return path;
}

async function verify(
  args: string[],
  given: { env?: NodeJS.ProcessEnv; stdin?: string; chunk?: number } = {},
) {
  const { env = {}, stdin = '', chunk = 1000 } = given;
  const bytes = Buffer.from(stdin);
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) =>
    bytes.subarray(i * chunk, (i + 1) * chunk),
  );
  const said = { out: '', err: '' };
  const code = await verifyFile(args, env, {
    in: Readable.from(pieces),
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said, lines: said.out.split('\n').slice(0, -1) };
}

describe('a mirror', () => {
  test('that is whole ends with 0, and says against what it was held', async () => {
    const { code, lines } = await verify([file(all.join(''))]);
    expect(code).toBe(0);
    expect(lines).toEqual([
      `40 entries, whole from 1 to 40, head ${head(40)}`,
      'held against no head: a tail that was cut, or a chain that was made anew, does not show without one',
    ]);
    const held = await verify([file(all.join('')), '--head', `40:${head(40)}`, '--head', `7:${head(7)}`]);
    expect([held.code, held.lines[1]]).toEqual([0, 'held against 2 heads']);
    const empty = file('');
    const words = `${empty} is empty: no entry was ever written, or all were cut`;
    const nothing = await verify([empty]);
    expect([nothing.code, nothing.lines[0]]).toEqual([0, words]);
    const cut = await verify([empty, '--head', `40:${head(40)}`]);
    expect([cut.code, ...cut.lines.slice(0, 2)]).toEqual([
      1,
      words,
      'entries 1 to 40 are missing: the head that was given saw entry 40',
    ]);
  });

  test('is read from the configuration, or from standard input in whatever pieces', async () => {
    const config = file(`audit: { file: ${file(all.join(''))} }`);
    expect((await verify([], { env: { DIMG_CONFIG: config } })).code).toBe(0);
    for (const chunk of [1, 7, 100_000])
      expect((await verify(['-'], { stdin: all.join(''), chunk })).lines[0]).toMatch(/^40 entries, whole/);
  });

  test.each<[string, string[], string[], string[]]>([
    ['an edit', all.with(16, all[16]?.replace('"run":', '"run":1') ?? ''), [], ['entry 17 was edited']],
    [
      'an edit of several in a row',
      all.map((line, i) => (i < 5 || i === 9 ? line.replace('"run":', '"run":1') : line)),
      [],
      ['entries 1 to 5 were edited', 'entry 10 was edited'],
    ],
    [
      'another one, by two heads',
      all,
      ['--head', `40:${head(39)}`, '--heads', file(`{"n":40,"hash":"${head(38)}","at":1}\n`)],
      [
        expect.stringMatching(
          /^entry 40 is not the one that the head that was given and .*file-\d+ name: the chain was made anew/,
        ),
      ],
    ],
    [
      'a first line that is torn',
      [all[0]?.slice(0, 50) ?? ''],
      [],
      [expect.stringMatching(/^the last line breaks off where entry 1 /)],
    ],
    ['a removal', all.toSpliced(17, 1), [], ['entry 18 is missing']],
    [
      'a cut, by a head',
      all.slice(0, 20),
      ['--head', `40:${head(40)}`],
      ['entries 21 to 40 are missing: the head that was given saw entry 40'],
    ],
    [
      'another chain, by a head',
      texts(someChain(randomOf(2), 40)).map((line) => `${line}\n`),
      ['--head', `40:${head(40)}`],
      [
        'entry 40 is not the one that the head that was given names: the chain was made anew from there or before',
      ],
    ],
    [
      'a last line that is torn',
      [...all.slice(0, 30), all[30]?.slice(0, 50) ?? ''],
      [],
      [
        'the last line breaks off where entry 31 would be: its writer was stopped in the middle, or it was cut',
      ],
    ],
    [
      'an empty line',
      all.toSpliced(3, 0, '\n'),
      [],
      ['before entry 4 stands what the chain does not hold: it was put in'],
    ],
  ])('in which there is %s ends with 1', async (_, lines, args, found) => {
    const { code, lines: said, err } = await verify([file(lines.join('')), ...args]);
    expect(said.slice(1, -1)).toEqual(found);
    expect([code, err]).toEqual([1, '']);
  });

  test('whose last line lacks nothing but its break is whole', async () => {
    expect((await verify([file(all.join('').trimEnd())])).code).toBe(0);
  });

  test('in which all stands the other way round says where', async () => {
    const { code, lines } = await verify([file(all.toReversed().join(''))]);
    expect(code).toBe(1);
    expect(lines).toContain('entry 40 is not in its place: it stands at the beginning');
    expect(lines.join('\n')).not.toContain('entry 0');
  });

  test('is held against the journals of agents', async () => {
    const journal = (chain: typeof entries) =>
      file(chain.map(({ n, hash }) => `${JSON.stringify({ n, hash, at: 1 })}\n`).join(''));
    const whole = journal(entries);
    const cut = file(all.slice(0, 30).join(''));
    const found = await verify([cut, '--heads', whole]);
    expect([found.code, found.lines[1]]).toEqual([1, `entries 31 to 40 are missing: ${whole} saw entry 40`]);
    expect(found.lines.at(-1)).toBe('held against 40 heads');
    const torn = file(`${readFileSync(whole, 'utf8')}{"n":41,"ha`);
    expect((await verify([file(all.join('')), '--heads', torn])).code).toBe(0);
    const other = journal(someChain(randomOf(2), 3));
    expect((await verify([file(all.join('')), '--heads', other])).lines[1]).toBe(
      `entry 1 is not the one that ${other} names: the chain was made anew from there or before`,
    );
  });
});

describe('what can not be read', () => {
  test.each<[string, string[], RegExp]>([
    ['no file at all', [], /^dimg verify: name a file: DIMG_CONFIG is not set, .*\.\n$/],
    ['two files', ['a', 'b'], /^dimg verify: "b" is one word too many\.\n$/],
    [
      'a file that is not there',
      [join(dir, 'none')],
      /^dimg verify: can't read .*none: there is no such file\.\n$/,
    ],
    ['a folder', [dir], /^dimg verify: can't read .*: it is a folder, name a file in it\.\n$/],
    [
      'an option that there is not',
      ['--haed', 'x'],
      /^dimg verify: there is no option --haed: did you mean --head\?\n$/,
    ],
    [
      'a head that is none',
      ['-', '--head', '840:abc'],
      /^dimg verify: --head must be a number and a whole hash/,
    ],
    ['a head without its number', ['-', '--head', `0:${head(1)}`], /--head must be/],
    [
      'a journal that is none',
      ['-', '--heads', file('{"n":1}\n')],
      /is no journal of heads: see its line 1\.\n$/,
    ],
    [
      'a journal that is not there',
      ['-', '--heads', join(dir, 'none')],
      /can't read .*none: there is no such file\.\n$/,
    ],
    ['a journal that is empty', ['-', '--heads', file('')], /file-\d+ holds no heads\.\n$/],
    ['a head without its value', ['-', '--head'], /^dimg verify: --head needs a value\.\n$/],
    ['another option for a value', ['-', '--head', '--heads'], /^dimg verify: --head needs a value\.\n$/],
    ['a value where there is none', ['--help=me'], /^dimg verify: --help takes no value\.\n$/],
    [
      'an option of one letter',
      ['-x'],
      /^dimg verify: there is no option -x: there is --help, --head, --heads\.\n$/,
    ],
    ['text', [file('notes of mine\n')], /^dimg verify: .* is no mirror of an audit: line 1 is no entry\.\n$/],
    ['text without an end', [file('notes')], /line 1 is no entry\.\n$/],
    ['other JSON', [file('{"a":1}\n')], /line 1 is no entry\.\n$/],
    ['gzip', [file(gzipSync(all.join('')))], /line 1 is no entry\.\n$/],
    [
      'lines of Windows',
      [file(all.join('').replaceAll('\n', '\r\n'))],
      /line 1 is no entry, it ends as lines of Windows do\.\n$/,
    ],
    [
      'a byte order mark',
      [file(`\ufeff${all.join('')}`)],
      /line 1 is no entry, it begins with a byte order mark\.\n$/,
    ],
  ])('ends with 2 and one line: %s', async (_, args, words) => {
    const { code, out, err } = await verify(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(words);
    expect(err.trimEnd()).not.toContain('\n');
  });

  test('is nothing that a configuration names', async () => {
    const config = file('audit: {}');
    expect((await verify([], { env: { DIMG_CONFIG: config } })).err).toBe(
      `dimg verify: name a file: ${config} names none under audit.file. See dimg verify --help.\n`,
    );
  });

  test('is a configuration that is wrong', async () => {
    const { code, err } = await verify([], { env: { DIMG_CONFIG: file('audit: { file: here }') } });
    expect([code, err]).toEqual([2, expect.stringMatching(/audit\.file must be a whole path/)]);
  });

  test('and its usage is shown when asked for', async () => {
    const { code, out } = await verify(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/^dimg verify \[FILE\].*--heads FILE/s);
  });
});

test('it loads neither Slack’s packages nor Redis’s', () => {
  const root = join(import.meta.dirname, '..');
  const seen = new Set<string>();
  const packages = new Set<string>();
  const walk = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(
      /^(?:import|export)\s(?!type\s)[^'";]*?from '([^']+)';/gms,
    ))
      if (name.startsWith('.')) walk(join(dirname(path), name));
      else packages.add(name);
  };
  walk(join(root, 'src/verify-file.ts'));
  expect([...seen].map((path) => relative(root, path))).toContain('src/domain/verify.ts');
  expect([...packages].filter((name) => !name.startsWith('node:')).sort()).toEqual(['yaml', 'zod']);
});

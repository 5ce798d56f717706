import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { readAuditFile } from './config.ts';
import { plain, plural } from './domain/markup.ts';
import { AuditHead } from './domain/protocol.ts';
import { openVerify } from './domain/verify.ts';
import type { KeptHead } from './domain/verify-entry.ts';
import { findingLines, verdictWords } from './domain/verify-words.ts';
import { readOptions, unreadable } from './options.ts';

const VERIFY_HELP = `dimg verify [FILE] [--head N:sha256:…]… [--heads FILE]…
Reads a mirror of the audit, needs neither Redis nor Slack, and says whether it is whole.
FILE is the mirror, "-" standard input; without it audit.file of the configuration in DIMG_CONFIG.
  --head N:sha256:…  a head that /dimg show or the audit channel names
  --heads FILE       the journal of heads that an agent keeps, audit-heads.jsonl in its DIMG_STATE_DIR
Ends with 0 where all is whole, 1 where something was found, 2 where it can't be read or is no mirror.`;

export interface Streams {
  in: AsyncIterable<Buffer | string>;
  out(text: string): void;
  err(text: string): void;
}

/** Verifies a mirror file. Resolves to the exit code. */
export async function verifyFile(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  streams: Streams,
): Promise<number> {
  const fail = (words: string): number => {
    streams.err(`dimg verify: ${words.replace(/[.?]?$/, (end) => end || '.')}\n`);
    return 2;
  };
  try {
    const { values, positionals } = readOptions(
      args,
      {
        help: { type: 'boolean', short: 'h' },
        head: { type: 'string', multiple: true, default: [] },
        heads: { type: 'string', multiple: true, default: [] },
      },
      1,
    );
    if (values.help) {
      streams.out(`${VERIFY_HELP}\n`);
      return 0;
    }
    const file = positionals[0] ?? fileOf(env);
    const heads = [
      ...values.head.map(readHead),
      ...(await Promise.all(values.heads.map(readJournal))).flat(),
    ];
    return await verify(file, heads, streams);
  } catch (error) {
    return fail((error as Error).message);
  }
}

// --- internal ---

function fileOf(env: NodeJS.ProcessEnv): string {
  const file = readAuditFile(env);
  if (file !== undefined) return file;
  const why = env.DIMG_CONFIG
    ? `${env.DIMG_CONFIG} names none under audit.file`
    : 'DIMG_CONFIG is not set, which could name a configuration with one';
  throw new Error(`name a file: ${why}. See dimg verify --help`);
}

async function verify(file: string, heads: readonly KeptHead[], streams: Streams): Promise<number> {
  const { out } = streams;
  const name = file === '-' ? 'standard input' : file;
  const look = openVerify(heads);
  let isFirst = true;
  for await (const { text, whole } of lines(read(file, name, streams))) {
    if (isFirst && !mayBeFirst(text, whole))
      throw new Error(`${name} is no mirror of an audit: line 1 is no entry${strange(text)}`);
    isFirst = false;
    if (whole || isJson(text)) look.take(text);
    else look.torn();
  }
  const verdict = look.end();
  out(
    isFirst
      ? `${name} is empty: no entry was ever written, or all were cut\n`
      : `${plain(verdictWords(verdict))}\n`,
  );
  const found = findingLines(verdict.findings);
  for (const { words } of found) out(`${plain(words)}\n`);
  const left = verdict.total - verdict.findings.length;
  if (left > 0) out(`and ${left.toLocaleString('en-US')} more\n`);
  if (heads.length > 0) out(`held against ${plural(heads.length, 'head')}\n`);
  else
    out(
      'held against no head: a tail that was cut, or a chain that was made anew, does not show without one\n',
    );
  return verdict.total > 0 ? 1 : 0;
}

async function* read(file: string, name: string, streams: Streams): Streams['in'] {
  try {
    yield* file === '-' ? streams.in : createReadStream(file);
  } catch (error) {
    throw new Error(unreadable(name, error), { cause: error });
  }
}

/** Whether a file that begins so is a mirror, be it one that was edited. A first line may break off. */
function mayBeFirst(text: string, whole: boolean): boolean {
  if (!whole && !isJson(text)) return text.startsWith('{"') && !text.includes('\ufffd');
  const value: unknown = isJson(text) ? JSON.parse(text) : null;
  return value !== null && typeof value === 'object' && 'n' in value && !text.endsWith('\r');
}

function strange(text: string): string {
  if (text.startsWith('\ufeff')) return ', it begins with a byte order mark';
  return text.endsWith('\r') ? ', it ends as lines of Windows do' : '';
}

/** Lines without their breaks; only the last one may have none. */
async function* lines(bytes: Streams['in']): AsyncGenerator<{ text: string; whole: boolean }> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of bytes) {
    const parts = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split('\n');
    parts[0] = rest + parts[0];
    rest = parts.pop() ?? '';
    for (const text of parts) yield { text, whole: true };
  }
  rest += decoder.decode();
  if (rest !== '') yield { text: rest, whole: false };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readHead(text: string): KeptHead {
  const [, n, hash] = /^(\d+):(sha256:[0-9a-f]{64})$/.exec(text) ?? [];
  const head = AuditHead.safeParse({ n: Number(n), hash, at: 0 });
  if (!head.success)
    throw new Error(`--head must be a number and a whole hash, such as 840:sha256:…, and this is ${text}`);
  return { n: head.data.n, hash: head.data.hash, where: 'the head that was given' };
}

async function readJournal(file: string): Promise<KeptHead[]> {
  const all = (
    await readFile(file, 'utf8').catch((error) => {
      throw new Error(unreadable(file, error), { cause: error });
    })
  ).split('\n');
  // The last one has no line break, so it may be cut: then it is no head yet.
  const cut = all.pop() ?? '';
  const whole = [...all, ...(isJson(cut) ? [cut] : [])];
  if (whole.length === 0) throw new Error(`${file} holds no heads`);
  return whole.map((text, i) => {
    const head = isJson(text) ? AuditHead.safeParse(JSON.parse(text)) : null;
    if (!head?.success) throw new Error(`${file} is no journal of heads: see its line ${i + 1}`);
    return { n: head.data.n, hash: head.data.hash, where: file };
  });
}

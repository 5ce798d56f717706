/**
 * How fast a chain of the audit is verified: beside SHA-256 of the same bytes, in one piece and line by line, which
 * nobody can do without. `node --import tsx bench/verify.ts [entries] [rounds]`
 */
import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chain, type Fact, GENESIS, type Head } from '../src/domain/audit.ts';
import { HostName, ImageId, RunId, UserId } from '../src/domain/ids.ts';
import { openVerify } from '../src/domain/verify.ts';
import { circumstances, median, table } from './_figures.ts';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const CHUNK = 10_000;

const dir = mkdtempSync(join(tmpdir(), 'dimg-bench-verify-'));
const file = join(dir, 'audit.jsonl');
try {
  const handle = await open(file, 'w');
  const { size, heads } = await make(handle);
  await handle.close();

  const verified = async () => {
    const look = openVerify(heads);
    let most = 0;
    let n = 0;
    for await (const line of linesOf(file)) {
      look.take(line);
      if (++n % CHUNK === 0) most = Math.max(most, process.memoryUsage().heapUsed);
    }
    const { total, entries } = look.end();
    if (total > 0 || entries !== ENTRIES) throw new Error('The chain is not whole.');
    return most;
  };
  const hashedByLine = async () => {
    for await (const line of linesOf(file)) createHash('sha256').update(line, 'utf8').digest('hex');
  };
  const hashed = async () => {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk);
    hash.digest('hex');
  };

  const rounds: { verify: number; byLine: number; once: number; heap: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let heap = 0;
    const verify = await timed(async () => {
      heap = await verified();
    });
    rounds.push({ verify, heap, byLine: await timed(hashedByLine), once: await timed(hashed) });
  }
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick));
  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  console.log(
    table(
      [
        ...['entries', 'MB', 'heads', 'verify s', 'entries/s', 'SHA-256 by line s', 'SHA-256 s'],
        ...['verify ÷ by line', 'verify ÷ SHA-256', 'heap MB'],
      ],
      [
        [
          ENTRIES.toLocaleString('en-US'),
          (size / 1e6).toFixed(0),
          heads.length.toLocaleString('en-US'),
          seconds(of(({ verify }) => verify)),
          Math.round(ENTRIES / (of(({ verify }) => verify) / 1000)).toLocaleString('en-US'),
          seconds(of(({ byLine }) => byLine)),
          seconds(of(({ once }) => once)),
          of(({ verify, byLine }) => verify / byLine).toFixed(1),
          of(({ verify, once }) => verify / once).toFixed(1),
          (of(({ heap }) => heap) / 1e6).toFixed(0),
        ],
      ],
    ),
  );
  console.log(circumstances());
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Entries as runs make them: most are outcomes. */
async function make(handle: FileHandle) {
  const heads: { n: number; hash: string; where: string }[] = [];
  let head: Head = GENESIS;
  let size = 0;
  for (let from = 0; from < ENTRIES; from += CHUNK) {
    const facts = Array.from({ length: Math.min(CHUNK, ENTRIES - from) }, (_, i) => fact(from + i));
    const entries = chain(head, facts);
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    size += (await handle.write(text)).bytesWritten;
    head = entries.at(-1) ?? head;
    for (const { n, hash } of entries) if (n % 200 === 0) heads.push({ n, hash, where: 'host-1' });
  }
  return { size, heads };
}

function fact(i: number): Fact {
  const base = { at: 1_769_860_800_000 + i * 250, run: RunId.parse(1 + Math.floor(i / 20)) };
  const host = HostName.parse(`host-${i % 50}`);
  const digest = `sha256:${i.toString(16).padStart(64, 'a')}`;
  switch (i % 20) {
    case 0:
      return {
        ...base,
        kind: 'requested',
        by: UserId.parse('U0ANA'),
        channel: 'C0OPS',
        command: 'prune all',
      };
    case 1:
      return { ...base, kind: 'planned', host, plan: digest, items: 17, bytes: 1_234_567_890 };
    case 2:
      return { ...base, kind: 'confirmed', by: UserId.parse('U0ANA'), plan: digest };
    case 19:
      return { ...base, kind: 'ended', state: 'done', items: 16, bytes: 1_234_567_890 };
    default:
      return {
        ...{
          ...base,
          kind: 'outcome',
          host,
          image: ImageId.parse(digest),
          outcome: 'deleted',
          bytes: 12_345_678,
        },
        references: [`registry.example/team/app:${i}`],
      };
  }
}

function linesOf(path: string) {
  return createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

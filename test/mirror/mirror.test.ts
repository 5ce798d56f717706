import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { chain, type Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { type Markup, plain } from '../../src/domain/markup.ts';
import { openMirror } from '../../src/mirror/mirror.ts';
import { openAudit } from '../../src/store/audit.ts';
import type { Redis } from '../../src/store/connect.ts';
import { own as names } from '../../src/store/keys.ts';
import { takeLock } from '../../src/store/lock.ts';
import { openTold } from '../../src/store/told.ts';
import { runId } from '../domain/_build.ts';
import { someFacts, texts, verify } from '../domain/_chain.ts';
import { randomOf } from '../property/_random.ts';
import { ownRedis, silent } from '../store/_redis.ts';

const dir = mkdtempSync(join(tmpdir(), 'dimg-mirror-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;
const fresh = () => join(dir, `audit-${++files}.jsonl`);
const linesOf = (file: string) => readFileSync(file, 'utf8').split('\n');
/** The lines of a whole file: nothing follows the last break. */
function wholeLines(file: string): string[] {
  const lines = linesOf(file);
  expect(lines.pop()).toBe('');
  return lines;
}

async function write(redis: Redis, entries: readonly Entry[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const entry of entries) pipeline.xadd(names.audit, `${entry.n}-0`, 'e', JSON.stringify(entry));
  await pipeline.exec();
}

const untold = { tell: async () => true, over: async () => {} };

function open(redis: Redis, file: string) {
  const told: Markup[] = [];
  const shared = openTold(redis);
  const logged: string[] = [];
  const note = (msg: string) => void logged.push(msg);
  return openMirror({
    file,
    audit: openAudit(redis),
    lock: (name, ms) => takeLock(redis, names.mirrorLock(name), ms),
    log: { info: note, warn: note, error: note },
    tell: (name, problem) => shared.once(name, plain(problem), async () => void told.push(problem)),
    over: shared.forget,
  }).then((mirror) => ({ ...mirror, told: () => told.map(plain), logged }));
}

describe.skipIf(skipWithout('the mirror of the audit', 'redis'))('a mirror', () => {
  const own = ownRedis('mirror');
  const facts = someFacts(randomOf(3), 1300);
  const entries = chain(GENESIS, facts);
  beforeEach(() => own.redis.flushall());

  test('has every entry, as it is stored, and goes on where it ended', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 700));
    await (await open(own.redis, file)).sync();
    expect(wholeLines(file)).toEqual(texts(entries.slice(0, 700)));
    await write(own.redis, entries.slice(700));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    await mirror.sync();
    expect(wholeLines(file)).toEqual(texts(entries));
    expect(verify(wholeLines(file)).findings).toEqual([]);
    expect(await mirror.state()).toEqual({ last: { n: 1300, hash: entries.at(-1)?.hash }, problem: null });
  });

  test.each([1, 20, 199])(
    'whose last line a crash has cut after %i characters is whole again',
    async (length) => {
      const file = fresh();
      await write(own.redis, entries.slice(0, 10));
      const [next = ''] = texts(entries.slice(6, 7));
      for (const before of [entries.slice(0, 6), []]) {
        const torn = before.length > 0 ? next : texts(entries)[0];
        writeFileSync(
          file,
          `${texts(before)
            .map((line) => `${line}\n`)
            .join('')}${torn?.slice(0, length)}`,
        );
        const mirror = await open(own.redis, file);
        await mirror.sync();
        expect(wholeLines(file)).toEqual(texts(entries.slice(0, 10)));
        expect(mirror.logged).toEqual(['a line of the audit’s mirror that a crash had cut is written anew']);
      }
    },
  );

  test('goes on where Redis says itself that it lost what the file has, or more', async () => {
    const lost = { at: 1, run: runId(1), kind: 'lost', from: 4, vouched: ['host-3'] } satisfies Fact;
    for (const has of [10, 7]) {
      const file = fresh();
      await own.redis.flushall();
      await write(own.redis, entries.slice(0, has));
      const mirror = await open(own.redis, file);
      await mirror.sync();
      await own.redis.flushall();
      const next = chain(entries[9] ?? GENESIS, [lost, ...facts.slice(0, 3)]);
      await write(own.redis, [...entries.slice(0, 3), ...next]);
      await mirror.sync();
      expect(wholeLines(file)).toEqual(texts([...entries.slice(0, has), ...next]));
      expect(mirror.told()).toEqual([]);
      expect(verify(wholeLines(file)).findings.map(({ kind, n }) => `${kind} ${n}`)).toEqual(
        has === 10 ? [] : ['lost 8'],
      );
    }
  });

  test.each<[string, string, RegExp]>([
    [
      'the start of an entry that Redis has lost',
      texts(entries)[6]?.slice(0, 90) ?? '',
      /breaks off after entry 6 in what Redis does not have there/,
    ],
    ['other words', '{"at":1 and more', /breaks off after entry 6 in what Redis does not have there/],
    ['a whole entry that Redis has lost', texts(entries)[6] ?? '', /ends at 7, and Redis has no entry 7/],
  ])('whose last line is %s is left as it is', async (_, torn, words) => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 6));
    const text = `${texts(entries.slice(0, 6)).join('\n')}\n${torn}`;
    writeFileSync(file, text);
    const mirror = await open(own.redis, file);
    await mirror.sync();
    await mirror.sync();
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(mirror.told()).toEqual([expect.stringMatching(words)]);
  });

  test.each([1, 6])('whose entry %i lacks nothing but its line break is made whole', async (n) => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 9));
    writeFileSync(file, texts(entries.slice(0, n)).join('\n'));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    expect(wholeLines(file)).toEqual(texts(entries.slice(0, 9)));
    expect(mirror.told()).toEqual([]);
  });

  test('whose last line breaks off within a character is made whole', async () => {
    const file = fresh();
    await write(own.redis, entries);
    const at = entries.findIndex(({ reason }) => reason?.includes('🐳'));
    const line = Buffer.from(texts(entries)[at] ?? '');
    const before = Buffer.from(
      texts(entries.slice(0, at))
        .map((one) => `${one}\n`)
        .join(''),
    );
    writeFileSync(file, Buffer.concat([before, line.subarray(0, line.indexOf('🐳') + 2)]));
    await (await open(own.redis, file)).sync();
    expect(wholeLines(file)).toEqual(texts(entries));
  });

  test('written by several at once has every entry once', async () => {
    const file = fresh();
    const connections = [own.redis, await own.another(), await own.another()];
    const mirrors = await Promise.all(connections.map((redis) => open(redis, file)));
    for (const mirror of mirrors) mirror.start();
    for (let from = 0; from < entries.length; from += 13) {
      await write(own.redis, entries.slice(from, from + 13));
      for (const mirror of mirrors) mirror.kick();
    }
    await Promise.all(mirrors.map((mirror) => mirror.close()));
    await mirrors[0]?.sync();
    expect(wholeLines(file)).toEqual(texts(entries));
  });

  test('written twice without a lock has every entry once as well', async () => {
    const file = fresh();
    const unlocked = () =>
      openMirror({
        ...{ file, audit: openAudit(own.redis), lock: async () => async () => {} },
        log: { info() {}, warn() {}, error() {} },
        ...untold,
      });
    const mirrors = await Promise.all([unlocked(), unlocked(), unlocked()]);
    for (let from = 0; from < entries.length; from += 100) {
      await write(own.redis, entries.slice(from, from + 100));
      await Promise.all(mirrors.map((mirror) => mirror.sync()));
    }
    expect(wholeLines(file)).toEqual(texts(entries));
  });

  test('waits while another one writes', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 3));
    const held = await openMirror({
      ...{ file, audit: openAudit(own.redis), lock: async () => null, ...untold },
      log: { info() {}, warn() {}, error() {} },
    });
    expect(await held.sync()).toBe(false);
    expect(linesOf(file)).toEqual(['']);
  });

  test.each<[string, (redis: Redis) => Promise<unknown>, RegExp]>([
    [
      'was emptied',
      (redis) => redis.flushall(),
      /ends at 20, and Redis has no entry 20: it was cut, emptied or set back$/,
    ],
    ['was cut', (redis) => redis.xdel(names.audit, '19-0', '20-0'), /ends at 20, and Redis has no entry 20/],
    [
      'has a chain made anew',
      async (redis) => {
        await redis.del(names.audit);
        await write(redis, chain(GENESIS, facts.toReversed().slice(0, 30)));
      },
      /ends at 20, and Redis has another entry 20: it was edited or made anew$/,
    ],
  ])('of a Redis that %s stays as it is, and says so once', async (_, spoil, words) => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 20));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    const before = readFileSync(file, 'utf8');
    await spoil(own.redis);
    await mirror.sync();
    await mirror.sync();
    expect(mirror.told()).toEqual([expect.stringMatching(words)]);
    expect(mirror.logged).toEqual(['the audit’s mirror can’t go on']);
    expect(plain((await mirror.state()).problem ?? [])).toMatch(words);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('tells of a problem that another bot has told of, or one before, only once it comes again', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 3));
    const bots = [await open(own.redis, file), await open(own.redis, file)];
    for (const bot of bots) await bot.sync();
    const told = () => bots.flatMap((bot) => bot.told());
    const lost = /^the mirror file ends at 3/;
    await own.redis.flushall();
    for (const bot of bots) await bot.sync();
    bots.push(await open(own.redis, file));
    for (const bot of bots) await bot.sync();
    expect(told()).toEqual([expect.stringMatching(lost)]);
    // It was over while none of these ran.
    await write(own.redis, entries.slice(0, 3));
    await (await open(own.redis, file)).sync();
    await own.redis.del(names.audit);
    bots.push(await open(own.redis, file));
    await bots[3]?.sync();
    expect(told()).toHaveLength(2);
  });

  test('leaves telling to the bot that is at it, until it has told', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 3));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    await own.redis.flushall();
    const { once } = openTold(own.redis);
    const name = String(statSync(file).ino);
    const words = 'the mirror file ends at 3, and Redis has no entry 3: it was cut, emptied or set back';
    const failing = once(name, words, async () => {
      await mirror.sync();
      expect(mirror.told()).toEqual([]);
      throw new Error('Slack is away');
    });
    await expect(failing).rejects.toThrow('Slack is away');
    expect(await once(name, words, async () => {})).toBe(true);
    expect(await once(name, words, async () => expect.fail('it was told'))).toBe(true);
  });

  test('that could not tell tells later, and then no more', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 3));
    const told: string[] = [];
    const logged: string[] = [];
    const note = (msg: string) => void logged.push(msg);
    let away = 2;
    const mirror = await openMirror({
      ...{ file, audit: openAudit(own.redis), lock: async () => async () => {} },
      log: { info: note, warn: note, error: note },
      tellAgainMs: 50,
      async tell(_, problem) {
        if (away-- > 0) throw new Error('Slack is away');
        return told.push(plain(problem)) > 0;
      },
      over: async () => {},
    });
    await mirror.sync();
    await own.redis.flushall();
    for (let i = 0; i < 5; i++) await mirror.sync();
    expect([told, away]).toEqual([[], 1]);
    await expect.poll(async () => (await mirror.sync()) && told.length).toBe(1);
    expect(told).toEqual([expect.stringMatching(/^the mirror file ends at 3/)]);
    expect(logged).toEqual([
      'the audit’s mirror can’t go on',
      'nobody could be told about the audit’s mirror',
    ]);
    await write(own.redis, entries.slice(0, 4));
    await mirror.sync();
    await own.redis.flushall();
    await mirror.sync();
    expect(told).toHaveLength(2);
  });

  test('takes nothing that does not follow', async () => {
    const file = fresh();
    const forged = { ...entries[5], at: 1 } as Entry;
    await write(own.redis, entries.slice(0, 8).with(5, forged));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    expect(wholeLines(file)).toEqual(texts(entries.slice(0, 5)));
    expect(mirror.told()).toEqual([
      'the mirror file ends at 5: what Redis has after it does not follow, see /dimg verify',
    ]);
  });

  test('leaves a file alone that is something else', async () => {
    await write(own.redis, entries.slice(0, 5));
    for (const text of ['notes of mine\nand more', 'notes', '{"a":1}\n{', '{"a":1}', '{"settings":{"at"']) {
      const file = fresh();
      writeFileSync(file, text);
      const mirror = await open(own.redis, file);
      await mirror.sync();
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(mirror.told()).toEqual(['the mirror file is none: its last line is no entry of an audit']);
    }
  });

  test('tells how it is now, not how it was', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 4));
    const mirror = await open(own.redis, file);
    expect(await mirror.state()).toEqual({ last: { n: 4, hash: entries[3]?.hash }, problem: null });
    await own.redis.flushall();
    expect(plain((await mirror.state()).problem ?? [])).toMatch(/^the mirror file ends at 4/);
    await write(own.redis, entries.slice(0, 9));
    expect(await mirror.state()).toEqual({ last: { n: 9, hash: entries[8]?.hash }, problem: null });
    rmSync(file);
    mkdirSync(file);
    expect(plain((await mirror.state()).problem ?? [])).toMatch(/^the mirror file can't be written: EISDIR/);
    rmSync(file, { recursive: true });
    expect((await mirror.state()).problem).toBeNull();
    expect(mirror.logged.slice(-2)).toEqual([
      'the audit’s mirror could not be written',
      'the audit’s mirror is written again',
    ]);
  });

  test('that somebody took away is made again', async () => {
    const file = fresh();
    await write(own.redis, entries.slice(0, 5));
    const mirror = await open(own.redis, file);
    await mirror.sync();
    rmSync(file);
    await mirror.sync();
    expect(wholeLines(file)).toHaveLength(5);
  });

  test('follows what is written, and ends with what there is', async () => {
    const file = fresh();
    const mirror = await open(own.redis, file);
    mirror.start();
    await write(own.redis, entries.slice(0, 5));
    mirror.kick();
    await expect.poll(() => linesOf(file).length, { timeout: 5000 }).toBe(6);
    await write(own.redis, entries.slice(5, 9));
    await mirror.close();
    expect(wholeLines(file)).toHaveLength(9);
  });

  test('ends at once, also in the middle of its work', async () => {
    let go = () => {};
    const free = new Promise<void>((resolve) => {
      go = resolve;
    });
    const lock = vi.fn(async () => free.then(() => async () => {}));
    const audit = { texts: async () => [] };
    const mirror = await openMirror({ file: fresh(), audit, lock, log: silent, ...untold });
    // Whoever waits by the clock waits for ever.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      mirror.start();
      await vi.waitUntil(() => lock.mock.calls.length === 1);
      const closed = mirror.close();
      go();
      await closed;
    } finally {
      vi.useRealTimers();
    }
  });

  test('can not be where it can not be written', async () => {
    for (const file of [join(dir, 'none', 'audit.jsonl'), dir, '/dev/null'])
      await expect(open(own.redis, file)).rejects.toThrow();
    expect(existsSync(join(dir, 'none'))).toBe(false);
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { chain, type Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { connect, type Redis } from '../../src/store/connect.ts';
import { texts } from '../domain/_chain.ts';
import { silent } from '../store/_redis.ts';
import { rendered } from './_card.ts';
import { OPS, openStage, type Stage } from './_world.ts';

const STREAM = '{dimg}:audit';
const HEAD = '{dimg}:audit:head';
const AUDIT = 'C0AUDIT';
const BIN = join(import.meta.dirname, '../../dist/src/bin.js');

describe.skipIf(skipWithout('verifying the audit', 'redis', 'engines', 'busybox'))('the audit', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dimg-e2e-verify-'));
  const mirror = join(dir, 'audit.jsonl');
  let stage: Stage;
  let redis: Redis;
  /** The chain as the product left it. */
  let whole: string[] = [];

  const stored = async () => (await redis.xrange(STREAM, '-', '+')).map(([, [, text]]) => text ?? '');
  /** Puts another chain in the place of the stored one, as somebody would who has Redis. */
  async function replace(lines: readonly string[]): Promise<void> {
    const last = JSON.parse(lines.at(-1) ?? '{}') as Entry;
    const change = redis.multi().del(STREAM);
    lines.forEach((line, i) => {
      change.xadd(STREAM, `${i + 1}-0`, 'e', line);
    });
    await change.hset(HEAD, { n: last.n, hash: last.hash }).exec();
  }

  beforeAll(async () => {
    stage = await openStage('e2e-verify', {
      botConfig: `approval: { approvers: [U0BO] }\naudit: { file: ${mirror}, channel: ${AUDIT} }\n`,
      async load(world) {
        world.slack.addChannel({ id: AUDIT, members: ['U0BO', 'U0DIMG'] });
        for (const host of ['host-1', 'host-2'])
          await loadImages(world.engine(host).docker, {
            one: { tags: [], layers: [{ name: `one ${host}`, bytes: 10_000 }] },
            two: { tags: ['app:2'], layers: [{ name: `two ${host}`, bytes: 10_000 }] },
          });
      },
    });
    redis = connect(stage.world.redis.url, silent, 2_500);
    await redis.connect();
    const card = await stage.ana.asks('/dimg prune all');
    await stage.ana.presses(card, 'Delete');
    await card.ends();
    const force = await stage.ana.asks('/dimg rmi host-1 app:2 -f');
    await stage.bo.types(`/dimg deny ${force.number} =HYPERLINK("https://evil.example","free disk")`);
    await force.waitFor(({ state }) => state === 'denied');
    // The mirror and the agents' journals follow.
    await vi.waitFor(async () => {
      expect(readFileSync(mirror, 'utf8').split('\n').length - 1).toBe((await stored()).length);
      for (const host of ['host-1', 'host-2'])
        expect(readFileSync(journal(host), 'utf8')).toContain('sha256');
    }, 20_000);
    whole = await stored();
  });
  afterEach(() => replace(whole));
  afterAll(async () => {
    redis?.disconnect();
    await stage?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function verify(): Promise<string[]> {
    const known = stage.slack.messages(OPS).length;
    await stage.ana.types('/dimg verify');
    const fresh = () => stage.slack.messages(OPS).slice(known);
    const said = await stage.slack.waitFor(
      () => fresh().find(({ text }) => text.startsWith('audit of ')),
      30_000,
      'the verdict',
    );
    return rendered(said);
  }
  /** What the offline command says of the mirror, and how it ends. */
  const offline = (...args: string[]) => dimg('verify', mirror, ...args);
  function dimg(...args: string[]): Promise<{ code: number; lines: string[] }> {
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [BIN, ...args], (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, lines: `${out}${err}`.trim().split('\n') }),
      );
    });
  }
  const entries = () => whole.map((line) => JSON.parse(line) as Entry);
  const journal = (host: string) => join(stage.scope.dir, `state-${host}`, 'audit-heads.jsonl');

  test('is whole: in Redis, in the mirror, by cards, agents and the audit channel', async () => {
    const [verdict, against] = await verify();
    const last = entries().at(-1);
    expect(verdict).toBe(`${last?.n} entries, whole from 1 to ${last?.n}, head \`${last?.hash}\``);
    expect(against).toMatch(
      new RegExp(
        `^held against the heads of 2 cards in this channel, of 2 lines in the audit channel, of host-1 \\(newest entry \\d+\\), of host-2 \\(newest entry \\d+\\) and of the mirror file \\(newest entry ${last?.n}\\)$`,
      ),
    );
    expect(readFileSync(mirror, 'utf8')).toBe(whole.map((line) => `${line}\n`).join(''));
    const { code, lines } = await offline('--heads', journal('host-1'), '--head', `${last?.n}:${last?.hash}`);
    expect([code, lines[0]]).toEqual([
      0,
      `${last?.n} entries, whole from 1 to ${last?.n}, head ${last?.hash}`,
    ]);
  });

  test('is one of three things that dimg is for', async () => {
    const { code, lines } = await dimg('--help');
    expect([code, lines[0]]).toEqual([0, 'Usage: dimg <bot|agent|verify> [--help]']);
    for (const name of ['bot', 'agent', 'verify'])
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^  ${name} +\\w`)));
    expect(await dimg('verfy')).toMatchObject({
      code: 2,
      lines: expect.arrayContaining(['dimg: there is no "verfy". Did you mean verify?']),
    });
    const wrong = await dimg('bot', '--allow-volatil');
    expect([wrong.code, wrong.lines[0]]).toEqual([
      2,
      'dimg bot: there is no option --allow-volatil: did you mean --allow-volatile?',
    ]);
  });

  test('has its head on every final card, in full and unseen, and in the audit channel', () => {
    const ends = entries().filter(({ kind }) => kind === 'ended');
    const seen = (channel: string) =>
      stage.slack
        .messages(channel)
        .flatMap(({ metadata }) => (metadata?.event_type === 'dimg_run' ? [metadata.event_payload] : []));
    const heads = ends.map(({ run, n, hash }) => ({ run, audit_n: n, audit_hash: hash }));
    for (const channel of [OPS, AUDIT]) {
      expect(seen(channel)).toMatchObject(heads);
      expect(seen(channel)).toHaveLength(heads.length);
    }
    expect(stage.slack.messages(AUDIT).flatMap(rendered)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^#1 done · prune 2 hosts · deleted 2 of 2, 20 kB · audit ${ends[0]?.n} \`${ends[0]?.hash}\`$`,
        ),
      ),
      expect.stringMatching(/^#2 denied · rmi host-1 · /),
    ]);
  });

  test('in which an entry was edited in Redis names that entry', async () => {
    const at = entries().findIndex(({ kind }) => kind === 'confirmed');
    await replace(texts(entries().map((entry, i) => (i === at ? { ...entry, by: 'U0CY' } : entry))));
    const [verdict, ...found] = await verify();
    expect(verdict).toBe(`${whole.length} entries, not whole: 1 finding`);
    expect(found[0]).toBe(`• entry ${at + 1} was edited`);
    expect(found[1]).toMatch(/^held against /);
  });

  test('with what is no entry is not shown as if it were whole', async () => {
    await replace(whole.with(4, '{"n":5,"who":"nobody"}'));
    expect((await verify())[1]).toBe('• entry 5 was edited');
    expect(await stage.ana.told('/dimg history')).toBe(
      "Entry 5 of the audit can't be read: see `/dimg verify`.",
    );
  });

  test('whose tail was cut together with its head is missed, put back from the mirror, and told of', async () => {
    await replace(whole.slice(0, -2));
    // Hosts are waited for: as if both were heard just now.
    for (const host of ['host-1', 'host-2']) await redis.zadd('{dimg}:seen', Date.now() + 10_000, host);
    const told = await stage.slack.waitFor(
      () => stage.slack.messages(AUDIT).find(({ text }) => text.startsWith('Redis had lost')),
      40_000,
      'what was lost',
    );
    expect(rendered(told).join('\n')).toContain('2 entries of the audit are back from its mirror.');
    expect(await stored()).toEqual(whole);
    const [verdict, against] = await verify();
    expect(verdict).toContain(`${whole.length} entries, whole from 1 to ${whole.length}`);
    expect(against).toMatch(/^held against the heads of 2 cards/);
    expect((await offline()).code).toBe(0);
  });

  test('is verified without agents and without Slack’s past, and says so', async () => {
    const fault = stage.slack.fault({
      method: 'conversations.history',
      kind: 'error',
      error: 'missing_scope',
      times: 9,
    });
    // As of a host that was last heard of long ago.
    const seen = await redis.zscore('{dimg}:seen', 'host-2');
    await redis.zadd('{dimg}:seen', 1, 'host-2');
    const [verdict, against] = await verify();
    fault.stop();
    await redis.zadd('{dimg}:seen', seen ?? '', 'host-2');
    expect(verdict).toContain(`${whole.length} entries, whole`);
    expect(against).toMatch(
      /^held against the heads of host-1 \(newest entry \d+\) and of the mirror file \(newest entry \d+\); this channel was not read: Slack does not let dimg read it \(`missing_scope`\); the audit channel was not read: .*; host-2 is offline/,
    );
  });

  test('is a file for a spreadsheet, which carries nothing out', async () => {
    await stage.ana.types('/dimg history host-1 --csv');
    const file = await stage.slack.waitFor(
      () => stage.slack.files().find(({ name }) => name === 'audit.csv'),
      10_000,
      'the file',
    );
    const rows = file.content.toString().split('\r\n');
    expect(rows.shift()).toMatch(/^n,at,run,kind,by,/);
    expect(rows.pop()).toBe('');
    expect(rows.map((row) => Number(row.split(',')[0]))).toEqual(
      entries()
        .map(({ n }) => n)
        .toReversed(),
    );
    const denied = rows.find((row) => row.includes(',denied,U0BO'));
    expect(denied).toContain(`"'=HYPERLINK(`);
    expect(file.channel).toBe(OPS);
  });

  test('of a bot whose mirror can not be written is not begun', async () => {
    const config = join(dir, 'bot.yaml');
    writeFileSync(config, `audit: { file: ${dir}/none/audit.jsonl }`);
    const { slack } = stage.world;
    const bot = await stage.scope.spawn(process.execPath, [BIN, 'bot'], {
      name: 'bot-without-mirror',
      env: {
        ...{ REDIS_URL: stage.world.redis.url, DIMG_CONFIG: config, SLACK_API_URL: slack.apiUrl },
        ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken },
      },
    });
    expect(await bot.exited).toMatchObject({ code: 2 });
    expect(bot.log()).toMatch(/^dimg bot: audit\.file: can't be written: ENOENT.*\.$/m);
  });

  // Last: an agent whose heartbeat falls into it keeps the forged head.
  test('that was made anew from its beginning is found by cards and by agents', async () => {
    const facts = entries().map(
      ({ n: _n, prev: _prev, hash: _hash, ...fact }): Fact => ({ ...fact, at: fact.at - 1 }),
    );
    const anew = chain(GENESIS, facts);
    await replace(texts(anew));
    const found = await verify();
    const ends = entries().filter(({ kind }) => kind === 'ended');
    const said = (n: number | undefined, by: string) =>
      found.some((line) => line.startsWith(`• entry ${n} is not the one that `) && line.includes(by));
    expect(said(ends[0]?.n, 'the card of #1')).toBe(true);
    expect(said(ends[1]?.n, 'the card of #2')).toBe(true);
    for (const host of ['host-1', 'host-2']) {
      const [seen] = readFileSync(journal(host), 'utf8').split('\n');
      expect(said((JSON.parse(seen ?? '') as Entry).n, host)).toBe(true);
    }
  });
});

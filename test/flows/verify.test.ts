import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/commands/_load.ts';
import { chain, type Entry, GENESIS } from '../../src/domain/audit.ts';
import { UserError } from '../../src/domain/error.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { plain, say } from '../../src/domain/markup.ts';
import { ANSWER_MS, type HostStatus, Job, type ReportBody } from '../../src/domain/protocol.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { answered, askToVerify, giveUpAsking } from '../../src/flows/survey.ts';
import { verifyAndTell } from '../../src/flows/verify-chain.ts';
import type { Answer, Ask } from '../../src/ports.ts';
import { ANA, aHostStatus, host, NOW } from '../domain/_build.ts';
import { someChain, someFacts, texts } from '../domain/_chain.ts';
import { randomOf } from '../property/_random.ts';

const commands = await loadCommands();
const command = commands.get('verify');
if (command?.kind !== 'verify') throw new Error('there is no such command');
const { show } = command;
const ask: Ask = {
  id: 'survey-1',
  hosts: [],
  command: 'verify',
  user: ANA,
  replyTo: 'url',
  channel: 'C0OPS',
};
const entries = someChain(randomOf(9), 1234);
const head = (n: number) => ({ n, hash: entries[n - 1]?.hash ?? '' });
const heads = (...ns: number[]): ReportBody => ({
  kind: 'heads',
  heads: ns.map((n) => ({ ...head(n), at: NOW })),
});

/** A bot with this chain; what it says, and to whom. */
function botWith(lines: readonly string[], given: Partial<Deps> = {}, grow = 0) {
  const said: { to: string; lines: string[]; notice?: string | undefined }[] = [];
  const hear = async (to: string, answer: Answer) =>
    void said.push({ to, lines: answer.lines.map(plain), notice: answer.notice });
  let stored = lines.map((text, i) => ({ id: `${i + 1}-0`, text }));
  const last = JSON.parse(lines.at(-1) ?? 'null') as Entry | null;
  const deps = {
    audit: {
      channels: async () => ['C0OPS', 'C0DEV'],
      newest: async () => ({
        id: stored.at(-1)?.id ?? null,
        recorded: last && { n: last.n, hash: last.hash },
      }),
      async texts({ count, after, upTo }: { count: number; after: string | null; upTo?: string }) {
        const from = stored.findIndex((one) => one.id === after) + 1;
        const end = upTo === undefined ? stored.length : stored.findIndex((one) => one.id === upTo) + 1;
        const page = stored.slice(from, Math.min(from + count, end));
        // Meanwhile others write.
        if (grow-- > 0) stored = [...stored, { id: `${stored.length + 1}-0`, text: 'later' }];
        return page;
      },
    },
    postedHeads: { in: async () => ({ heads: [] }) },
    mirror: null,
    auditChannel: undefined,
    voice: { post: hear, reply: hear },
    log: { info() {}, warn() {}, error() {} },
    aside: () => {},
    ...given,
  } as unknown as Deps;
  return { deps, said };
}

describe('the verdict', () => {
  test('is told in the channel, with what the chain was held against', async () => {
    const { deps, said } = botWith(texts(entries), {
      auditChannel: 'C0AUDIT',
      mirror: { kick() {}, state: async () => ({ last: head(1200), problem: null }) },
      postedHeads: {
        in: async (channel) =>
          channel === 'C0DEV'
            ? { unread: say`Slack is busy` }
            : { heads: [{ ...head(channel === 'C0OPS' ? 840 : 1000), where: 'the card of #7' }] },
      },
    });
    await verifyAndTell(
      deps,
      ask,
      [
        [host('host-1'), heads(5, 1234)],
        [host('host-2'), heads()],
        [host('host-3'), { kind: 'refused', why: { kind: 'offline', seenAt: NOW } }],
        [host('host-4'), { kind: 'refused', why: { kind: 'no-answer' } }],
        [host('host-5'), { kind: 'refused', why: { kind: 'refused', message: 'what is that?' } }],
      ],
      show,
    );
    expect(said).toEqual([
      {
        to: 'C0OPS',
        notice: 'audit of 1,234 entries: whole',
        lines: [
          `1,234 entries, whole from 1 to 1234, head ${head(1234).hash}`,
          'held against the heads of 1 card in this channel, of 1 line in the audit channel, of host-1 (newest entry 1234) and of the mirror file (newest entry 1200); C0DEV was not read: Slack is busy; host-2 has noted none yet; host-3 is offline; host-4 did not answer; host-5 did not say: what is that?',
        ],
      },
    ]);
  });

  test('names what hosts, cards and the mirror saw and Redis has no more', async () => {
    const { deps, said } = botWith(texts(entries.slice(0, 1000)), {
      mirror: {
        kick() {},
        state: async () => ({ last: head(1100), problem: say`the mirror file ends at 1100, …` }),
      },
      postedHeads: { in: async () => ({ heads: [{ ...head(1200), where: 'the card of #1042' }] }) },
    });
    await verifyAndTell(deps, ask, [[host('host-3'), heads(900, 1200)]], show);
    expect(said[0]?.lines.slice(0, 3)).toEqual([
      '1,000 entries, not whole: 1 finding',
      '• entries 1001 to 1200 are missing: host-3 and the card of #1042 saw entry 1200',
      '• the mirror file ends at 1100, …',
    ]);
  });

  test('shows twenty findings, and counts the others', async () => {
    const { deps, said } = botWith(texts(entries.filter((_, i) => i % 2 === 0)));
    await verifyAndTell(deps, ask, [], show);
    expect(said[0]?.lines).toHaveLength(23);
    expect(said[0]?.lines[20]).toBe('• entry 40 is missing');
    expect(said[0]?.lines[21]).toBe('and 596 more');
    expect(said[0]?.notice).toBe('audit of 617 entries: 616 findings');
  });

  test('is of the chain as it was when its head was read, whatever is written meanwhile', async () => {
    const { deps, said } = botWith(texts(entries), {}, 10);
    await verifyAndTell(deps, ask, [], show);
    expect(said[0]?.lines[0]).toMatch(/^1,234 entries, whole/);
  });

  test('is of no chain where there is none', async () => {
    const { deps, said } = botWith([]);
    await verifyAndTell(deps, ask, [], show);
    expect(said[0]?.lines).toEqual([
      'no entries yet',
      'held against no head; there are none in this channel; there are none in C0DEV; no mirror is configured',
    ]);
  });

  test('says which channels were not read, and how far back', async () => {
    const names = Array.from({ length: 13 }, (_, i) => `C0${String.fromCharCode(65 + i)}`);
    const { deps, said } = botWith(texts(entries), {
      postedHeads: {
        in: async (channel) => ({
          heads: [{ ...head(7), where: 'the card of #7' }],
          ...(channel === 'C0OPS' && { newest: 1000 }),
        }),
      },
    });
    deps.audit.channels = async () => names;
    await verifyAndTell(deps, ask, [], show);
    const others = names.slice(0, 9).map((name) => `1 card in ${name}`);
    const last = others.pop();
    expect(said[0]?.lines[1]).toBe(
      `held against the heads of 1 card in this channel, of ${others.join(', of ')} and of ${last}; only the newest 1,000 messages of this channel were read; 4 more channels were not read; no mirror is configured`,
    );
  });

  test('of many that saw an entry names a card', async () => {
    const { deps, said } = botWith(texts(entries.slice(0, 1000)), {
      postedHeads: { in: async () => ({ heads: [{ ...head(1200), where: 'the card of #1042' }] }) },
    });
    const names = ['host-1', 'host-2', 'host-3', 'host-4'];
    await verifyAndTell(
      deps,
      ask,
      names.map((name) => [host(name), heads(1200)]),
      show,
    );
    expect(said[0]?.lines[1]).toBe(
      '• entries 1001 to 1200 are missing: the card of #1042, host-1, host-2 and 2 more saw entry 1200',
    );
  });

  test('says of entries in a row in one line that they were edited', async () => {
    const spoilt = texts(entries).map((text, i) => (i < 40 ? text.replace('"run":', '"run":1') : text));
    const { deps, said } = botWith(spoilt);
    await verifyAndTell(deps, ask, [], show);
    expect(said[0]?.lines).toEqual([
      '1,234 entries, not whole: 40 findings',
      '• entries 1 to 40 were edited',
      expect.stringMatching(/^held against/),
    ]);
  });

  test('of a chain made anew says who has seen another', async () => {
    const anew = chain(GENESIS, someFacts(randomOf(1), 1234));
    const { deps, said } = botWith(texts(anew));
    await verifyAndTell(deps, ask, [[host('host-1'), heads(3)]], show);
    expect(said[0]?.lines[1]).toBe(
      '• entry 3 is not the one that host-1 names: the chain was made anew from there or before',
    );
  });

  test.each([
    [new UserError("I can't reach Redis."), "I can't reach Redis."],
    [new Error('secret'), "The audit could not be verified: dimg's log says why."],
  ])('that could not be had is owned up to, to the person who asked: %s', async (error, words) => {
    const { deps, said } = botWith([], {
      audit: { channels: () => Promise.reject(error) } as unknown as Deps['audit'],
    });
    await verifyAndTell(deps, ask, [], show);
    expect(said).toMatchObject([{ to: 'url', lines: [words] }]);
  });
});

describe('asking to verify', () => {
  function asking(hosts: HostStatus[]) {
    const puts: { ask: Ask; dueAt: number }[] = [];
    const jobs: Job[] = [];
    const beside: Promise<void>[] = [];
    const answers = new Map<HostName, ReportBody>();
    const { deps, said } = botWith(texts(entries), {
      aside: (work) => void beside.push(work),
      clock: () => NOW,
      newId: () => '1',
      commands,
      hosts: { list: async () => hosts },
      jobs: { send: async (job) => void jobs.push(job), again: async () => {} },
      asks: {
        put: async (one, dueAt) => void puts.push({ ask: one, dueAt }),
        async answer(_, name, body) {
          answers.set(name, body);
          const [put] = puts;
          return put && answers.size === put.ask.hosts.length ? { ask: put.ask, answers } : null;
        },
        take: async () => (puts[0] ? { ask: puts[0].ask, answers } : null),
        claim: async () => async () => {},
        during: async (_, work) => work,
        replied: async () => {},
        due: async () => [],
      },
    });
    const asked = { user: ANA, team: 'T1', channel: 'C0OPS', text: 'verify', replyTo: 'url', delivery: 'd' };
    return { deps, said, puts, jobs, beside, ask: () => askToVerify(deps, asked) };
  }

  test('asks those who are online, and waits for no other', async () => {
    const one = asking([aHostStatus('host-2', { seenAt: 0 }), aHostStatus('host-1')]);
    expect(await one.ask()).toBeNull();
    expect(one.jobs).toMatchObject([{ kind: 'heads', host: 'host-1', notAfter: NOW + ANSWER_MS }]);
    expect(Job.safeParse(one.jobs[0]).success).toBe(true);
    expect(one.said).toEqual([]);
    await answered(one.deps, 'survey-1', host('host-1'), heads(7));
    // The end of the bot waits for it.
    expect(one.beside).toHaveLength(1);
    await one.beside[0];
    expect(one.said[0]?.lines.at(-1)).toMatch(
      /of host-1 \(newest entry 7\); .*; host-2 is offline; no mirror is configured$/,
    );
    expect(one.said[0]?.to).toBe('C0OPS');
  });

  test('without any host is answered at the next look', async () => {
    const none = asking([]);
    await none.ask();
    expect(none.puts).toMatchObject([{ ask: { hosts: [], channel: 'C0OPS' }, dueAt: NOW }]);
    await giveUpAsking(none.deps, 'survey-1');
    await expect.poll(() => none.said[0]?.lines[0]).toMatch(/whole from 1 to 1234/);
  });
});

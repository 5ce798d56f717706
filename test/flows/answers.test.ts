import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { Command } from '../../src/commands/_define.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { UserError } from '../../src/domain/error.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { report } from '../../src/flows/report.ts';
import { request } from '../../src/flows/request.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Answer, Asks } from '../../src/ports.ts';
import { ANA, aHostStatus, aRun, HOST, NOW } from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

let commands: ReadonlyMap<string, Command>;
beforeAll(async () => {
  commands = await loadCommands();
});

describe.skipIf(skipWithout('answers to commands', 'redis'))('the answer to a command', () => {
  const own = ownRedis('flows-answers');
  let made = 0;
  // Each test has its own questions.
  beforeEach(() => own.redis.del('{dimg}:asks:due'));
  const refused: ReportBody = { kind: 'refused', why: { kind: 'no-answer' } };

  /** A bot whose answers are taken when the test says so. */
  function begin(hosts = [aHostStatus(HOST)]) {
    const { deps, jobs } = botOn(own.redis, { hosts });
    const said: { to: string; answer: Answer; taken(): void }[] = [];
    const hear = (to: string, answer: Answer) =>
      new Promise<void>((resolve) => said.push({ to, answer, taken: resolve }));
    const beside: Promise<void>[] = [];
    const kept: string[] = [];
    const over: string[] = [];
    const real = deps.asks;
    const asks: Asks = {
      ...real,
      during: (id, work) => {
        kept.push(id);
        return real.during(id, work);
      },
      replied: async (id) => {
        over.push(id);
        return real.replied(id);
      },
    };
    Object.assign(deps, {
      ...{ asks, commands, voice: { post: hear, reply: hear } },
      aside: (work: Promise<void>) => void beside.push(work),
      newId: () => `${++made}`,
    });
    const ask = (text: string, delivery = `trigger ${++made}`) =>
      request(deps, { user: ANA, team: 'T1', channel: 'C0OPS', text, replyTo: 'url', delivery });
    const told = (job: string, body: ReportBody) =>
      report(deps, { v: 1, host: HOST, epoch: 'epoch-1', job, seq: 1, body });
    return { deps, jobs, said, beside, kept, over, ask, told };
  }

  test.each([
    ['df host-3', 'url', refused],
    ['verify', 'C0OPS', { kind: 'heads', heads: [] } as ReportBody],
  ])('%s that Slack does not take holds up no report', async (text, to, body) => {
    const { jobs, said, beside, kept, over, ask, told } = begin();
    await ask(text);
    const id = jobs[0]?.id ?? '';
    expect(await told(id, body)).toBe('settled');
    await expect.poll(() => said.map((one) => one.to)).toEqual([to]);
    // It is kept from coming up again, and the end of the bot waits for it.
    expect([beside.length, kept, over]).toEqual([1, [id], []]);
    said[0]?.taken();
    await beside[0];
    expect(over).toEqual([id]);
  });

  test('that is given up holds up nothing else that goes by the clock', async () => {
    const { deps, said, ask } = begin();
    await ask('df host-3');
    await ask('df host-3');
    await sweep({ ...deps, clock: () => NOW + 60_000 });
    expect(said).toHaveLength(2);
  });

  test.each(['show 1', 'history', 'df host-3', 'verify'])(
    'to %s, delivered twice, comes once',
    async (text) => {
      const { deps, jobs, said, ask } = begin();
      await stored(deps, aRun({ state: 'done', endedAt: NOW }));
      const both = [ask(text, `twice ${text}`), ask(text, `twice ${text}`)];
      await expect.poll(() => said.length + jobs.length).toBe(1);
      said[0]?.taken();
      expect(await Promise.all(both)).toEqual([null, null]);
      await ask(text, `twice ${text}`);
      expect(said.length + jobs.length).toBe(1);
    },
  );

  const hosts = [aHostStatus('host-1'), aHostStatus('host-2')];
  test('of which nothing was sent follows no later', async () => {
    const { deps, said, ask } = begin(hosts);
    deps.jobs.send = async () => {
      throw new UserError('not reached');
    };
    await expect(ask('df all')).rejects.toThrow('not reached');
    await sweep({ ...deps, clock: () => NOW + 60_000 });
    expect(said).toEqual([]);
  });

  test('of which some was sent follows, and is no failure', async () => {
    const { deps, said, ask } = begin(hosts);
    deps.jobs.send = async ({ host }) => {
      if (host === 'host-1') throw new UserError('not reached');
    };
    expect(await ask('df all')).toBeNull();
    await sweep({ ...deps, clock: () => NOW + 60_000 });
    expect(said).toHaveLength(1);
  });
});

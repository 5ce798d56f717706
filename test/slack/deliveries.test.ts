import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Slack, startSlack } from '../../playground/slack/index.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { press } from '../../src/flows/press.ts';
import { request } from '../../src/flows/request.ts';
import { openApp } from '../../src/slack/app.ts';
import { realTime } from '../../src/slack/backoff.ts';
import { awaitSlack } from '../../src/slack/start.ts';
import { openVoice } from '../../src/slack/voice.ts';
import { aHostStatus, HOST } from '../domain/_build.ts';
import { botOn } from '../flows/_bot.ts';
import { clientOf } from '../playground/slack/_app.ts';
import { ownRedis, silent } from '../store/_redis.ts';

const channel = 'C0OPS';
const COPIES = 11;
/** Ten times as fast: nobody waits ten seconds for a hello. */
const real = realTime(Date.now);
const time = { ...real, sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms / 10, signal) };

describe.skipIf(skipWithout('what Slack delivers', 'redis'))('what Slack delivers', () => {
  const own = ownRedis('slack-deliveries');
  let slack: Slack;
  let make: (command?: Parameters<typeof openApp>[1]['command']) => ReturnType<typeof openApp>;
  let app: Awaited<ReturnType<typeof openApp>>;
  const told: string[] = [];

  beforeAll(async () => {
    slack = await startSlack();
    const bare = botOn(own.redis, { hosts: [aHostStatus(HOST, { seenAt: Date.now() })], now: Date.now }).deps;
    const voice = openVoice(clientOf(slack), time, silent);
    const deps = { ...bare, commands: await loadCommands(), voice };
    make = (command = (asked) => request(deps, asked)) =>
      openApp(
        {
          ...{ botToken: slack.botToken, botId: 'B0DIMG', botUserId: 'U0DIMG' },
          clientOptions: {
            slackApiUrl: slack.apiUrl,
            retryConfig: { retries: 0 },
            rejectRateLimitedCalls: true,
          },
          by: { appToken: slack.appToken },
        },
        {
          command,
          press: async (pressed) => {
            told.push(pressed.delivery);
            return press(deps, pressed);
          },
          deny: async () => null,
          reply: voice.reply,
          home: async () => {},
        },
        { log: silent, time },
      );
    app = await make();
    await app.start();
  });
  afterAll(async () => {
    await app?.end(3_000);
    await slack?.close();
  });

  /** Numbers may be taken in vain: what is counted is what is stored. */
  const numbers = async () =>
    (await own.redis.keys('{dimg}:run:*')).flatMap((key) => /:run:(\d+)$/.exec(key)?.[1] ?? []).map(Number);
  const runs = async () => (await numbers()).length;
  const stored = async (n: number) => JSON.parse((await own.redis.hget(`{dimg}:run:${n}`, 'json')) ?? 'null');
  const connected = () => slack.waitFor(() => slack.connections() === 1, 5_000, 'a connection');
  const ask = () =>
    slack.command({ user: 'U0ANA', channel, text: 'prune host-3', times: COPIES, renamed: true });

  test('eleven times, each in an envelope of its own, is one run', async () => {
    const before = await runs();
    const delivery = await ask();
    expect(delivery.error).toBeUndefined();
    await slack.waitFor(
      () => slack.history.filter(({ kind }) => kind === 'ack').length >= COPIES,
      5_000,
      'an acknowledgement of each',
    );
    expect(await runs()).toBe(before + 1);
    expect(await stored(Math.max(...(await numbers())))).toMatchObject({
      requester: 'U0ANA',
      state: 'planning',
    });
  });

  test('as one press eleven times is answered once', async () => {
    const { ts = '' } = await clientOf(slack).chat.postMessage({
      ...{ channel, text: '#1' },
      blocks: [
        {
          type: 'actions',
          elements: [
            { type: 'button', action_id: 'cancel', value: '1', text: { type: 'plain_text', text: 'Cancel' } },
          ],
        },
      ],
    });
    const before = slack.ephemerals().length;
    await slack.press({ user: 'U0ANA', channel, ts, label: 'Cancel', times: COPIES, renamed: true });
    await slack.waitFor(
      () => told.length >= COPIES && slack.ephemerals().length > before,
      5_000,
      'an answer',
    );
    await wait(300);
    expect(new Set(told).size).toBe(1);
    expect(
      slack
        .ephemerals()
        .slice(before)
        .map(({ text }) => text),
    ).toEqual([expect.stringContaining('which message is the card of #1, so nothing was done: press again')]);
  });

  test.each([
    ['is asked to go', () => slack.disconnect('refresh_requested')],
    ['is warned', () => slack.disconnect('warning')],
    ['is cut', () => slack.cut()],
    [
      'is cut, and gets no other one for a while',
      () => {
        slack.fault({ method: 'apps.connections.open', kind: 'http', times: 2 });
        slack.fault({ method: 'apps.connections.open', kind: 'error', times: 2 });
        slack.fault({ method: 'apps.connections.open', kind: 'drop' });
        slack.fault({ method: 'apps.connections.open', kind: 'ratelimited' });
        slack.cut();
      },
    ],
    [
      'is cut, and Slack says no hello',
      () => {
        slack.fault({ method: 'hello', kind: 'hang' });
        slack.cut();
      },
    ],
    [
      'is away for a while',
      () => {
        slack.outage(true);
        setTimeout(() => slack.outage(false), 400);
      },
    ],
  ])('to a connection that %s reaches the next one soon', async (_, happen) => {
    await connected();
    const opened = () =>
      slack.history.filter((one) => one.kind === 'connection' && one.change === 'opened').length;
    const before = opened();
    happen();
    await slack.waitFor(() => opened() > before, 5_000, 'another connection');
    await connected();
    const known = await runs();
    expect((await ask()).error).toBeUndefined();
    expect(await runs()).toBe(known + 1);
  });

  test('to one bot too many come once another connection has ended', async () => {
    await connected();
    const others = await Promise.all(Array.from({ length: 9 }, openSocket));
    const late = await make();
    let isIn = false;
    const coming = late.start().then(() => {
      isIn = true;
    });
    const opened = () =>
      slack.history.filter((one) => one.kind === 'call' && one.method === 'apps.connections.open');
    const before = opened().length;
    await slack.waitFor(() => opened().length >= before + 2, 5_000, 'another try');
    expect([isIn, slack.connections()]).toEqual([false, 10]);
    for (const socket of others) socket.terminate();
    await coming;
    await late.end(3_000);
    await connected();
  });

  test('is heard no more once the app is ended, also while an answer hangs', async () => {
    await app.end(3_000);
    let heard = 0;
    const hanging = await make(() => {
      heard++;
      return new Promise(() => {});
    });
    await hanging.start();
    await slack.command({ user: 'U0ANA', channel, text: 'hosts' });
    await slack.waitFor(() => heard === 1, 5_000, 'a command');
    await hanging.end(100);
    await slack.waitFor(() => slack.connections() === 0, 5_000, 'the end of the connection');
    app = await make();
    await app.start();
  });

  /** A connection of another process. */
  async function openSocket(): Promise<WebSocket> {
    const { url = '' } = await clientOf(slack, slack.appToken).apps.connections.open();
    const socket = new WebSocket(url);
    await once(socket, 'message');
    return socket;
  }

  test('to a bot that starts is waited for while Slack is away, and not where the token is wrong', async () => {
    const stop = new AbortController();
    slack.outage(true);
    let over = false;
    const client = clientOf(slack);
    const waiting = awaitSlack(client, time, silent, stop.signal).finally(() => {
      over = true;
    });
    await wait(300);
    expect(over).toBe(false);
    slack.outage(false);
    expect(await waiting).toMatchObject({ bot_id: 'B0DIMG' });
    const wrong = await awaitSlack(clientOf(slack, 'xoxb-wrong'), time, silent, stop.signal);
    expect(wrong).toEqual({
      refused: expect.objectContaining({ message: expect.stringContaining('invalid_auth') }),
    });
    slack.outage(true);
    const left = awaitSlack(client, time, silent, stop.signal);
    stop.abort();
    expect(await left).toBeNull();
    slack.outage(false);
    await connected();
  });
});

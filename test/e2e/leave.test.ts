import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { openStage, type Stage, wait } from './_world.ts';

/** Docker sends SIGKILL so long after SIGTERM. */
const DOCKER_MS = 10_000;
const IN_ORDER = { code: 0, signal: null };

/** Simulated engines: it is the bot that is looked at. */
describe.skipIf(skipWithout('orderly ends of the bot', 'redis'))('a bot that is told to end', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('e2e-leave', { hosts: ['host-1'], kind: 'simulated' });
  });
  afterAll(() => stage?.close());
  const startedBefore = () => stage.slack.messages().length;

  test('finishes the commands in hand, and writes their cards', async () => {
    const before = startedBefore();
    const asked = [1, 2, 3, 4].map(() => stage.ana.types('/dimg prune host-1'));
    await Promise.all(asked);
    expect(await stage.bot().stop(DOCKER_MS)).toEqual(IN_ORDER);
    const cards = () => stage.slack.messages().slice(before);
    // What it did not come to the next one does.
    await stage.startBot();
    await stage.slack.waitFor(
      () => cards().length >= 4 && cards().every(({ text }) => text.includes(' empty ')),
      15_000,
      'four cards that end',
    );
    expect(cards()).toHaveLength(4);
  });

  test('while Redis hangs, leaves in time with an answer to whoever waits', async () => {
    const told = stage.slack.ephemerals(stage.ana.id).length;
    stage.world.redis.pause();
    try {
      const asked = stage.ana.types('/dimg prune host-1');
      await wait(300);
      expect(await stage.bot().stop(DOCKER_MS)).toEqual(IN_ORDER);
      await asked;
      await stage.slack.waitFor(() => stage.slack.ephemerals(stage.ana.id).length > told, 5_000, 'an answer');
    } finally {
      stage.world.redis.resume();
    }
    await stage.startBot();
  });

  test('while Redis is away, leaves in time', async () => {
    await stage.world.redis.stop();
    await wait(500);
    expect(await stage.bot().stop(DOCKER_MS)).toEqual(IN_ORDER);
    await stage.world.redis.restart();
    await stage.startBot();
  });

  test('twice hurries', async () => {
    const hanging = stage.slack.fault({ method: 'chat.postMessage', kind: 'hang', times: 2 });
    await stage.ana.types('/dimg prune host-1');
    await stage.slack.waitFor(() => hanging.left() < 2, 10_000, 'a card that Slack does not take');
    stage.bot().kill('SIGTERM');
    await stage.bot().until('it has heard', () => stage.bot().log().includes('"msg":"stopping"'));
    const since = performance.now();
    stage.bot().kill('SIGTERM');
    expect(await stage.bot().exited).toEqual(IN_ORDER);
    // Once it would wait for the card until its drain is over.
    expect(performance.now() - since).toBeLessThan(5_000);
    hanging.stop();
    await stage.startBot();
  });

  test('before it is ready, as Redis is away, leaves at once', async () => {
    await stage.world.redis.stop();
    const env = {
      ...process.env,
      SLACK_BOT_TOKEN: 'xoxb-1',
      SLACK_APP_TOKEN: 'xapp-1',
      REDIS_URL: stage.world.redis.url,
    };
    const bin = join(import.meta.dirname, '..', '..', 'dist', 'src', 'bin.js');
    const bot = await stage.scope.spawn(process.execPath, [bin, 'bot'], { name: 'early', env });
    await bot.until('it tries', () => bot.log().includes('lost the connection to Redis'), 15_000);
    expect(await bot.stop(DOCKER_MS)).toEqual(IN_ORDER);
    await stage.world.redis.restart();
  });
});

import { describe, expect, test, vi } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { HostName } from '../../../src/domain/ids.ts';
import { key } from '../../../src/domain/protocol.ts';
import { standBetween } from './_between.ts';
import { useHost } from './_host.ts';
import { loadMany, prune, startAgent, startBot } from './_setup.ts';

// Nobody can wait here for as long as a host may be silent.
vi.mock('../../../src/domain/protocol.ts', async (load) => ({
  ...(await load<typeof import('../../../src/domain/protocol.ts')>()),
  HEARTBEAT_MS: 100,
}));

describe.skipIf(skipWithout('the end of a slow deletion', 'engines', 'redis'))('an agent that ends', () => {
  const host = useHost('last-beats');

  test('is heard until its last deletion is done, and not after', async () => {
    await loadMany(host.engine, 1);
    const name = HostName.parse('host-8');
    const between = await standBetween(host.scope, host.engine, name);
    const agent = await startAgent(host.scope, host.redis, between, {
      DIMG_HOST: name,
      DIMG_AGENT_CONFIG: host.config,
    });
    const bot = await startBot(host.redis, name);
    const job = await bot.executeJob(await bot.plan(prune({ all: true })));
    between.hold('after');
    await bot.send(job);
    await between.holds();
    const ended = agent.stop();
    await agent.until('stopping');
    const beats = async () => Number(await bot.client.zscore(key.seen, name));
    for (let seen = await beats(), n = 0; n < 5; n++) {
      await expect.poll(beats, { timeout: 5000 }).toBeGreaterThan(seen);
      seen = await beats();
    }
    between.release();
    expect(await ended).toBe(0);
    const last = await beats();
    expect((await bot.finish(job)).outcomes.map(({ outcome }) => outcome)).toEqual(['deleted']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await beats()).toBe(last);
    await bot.close();
  });
});

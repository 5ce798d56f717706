import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAgent } from '../../../agents/host/main.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { startRedis } from '../../../playground/parts/redis.ts';
import { startRegistry } from '../../../playground/parts/registry.ts';
import { startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { HostName } from '../../../src/domain/ids.ts';
import { Heartbeat, key } from '../../../src/domain/protocol.ts';
import { aHostStatus } from '../../domain/_build.ts';
import { temporaryFolder } from '../host/_folder.ts';
import { HOST, startAgent, startBot } from '../host/_setup.ts';
import { all, MAIN } from './_there.ts';

const NO_ENGINE = { host: 'unix:///nowhere/docker.sock' };

describe.skipIf(skipWithout('an agent of registries', 'redis', 'registry'))('an agent of registries', () => {
  let scope: Scope;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let client: Redis;
  beforeAll(async () => {
    scope = createScope('serve-there');
    redis = await startRedis(scope);
    client = new Redis(redis.url);
  });
  afterAll(async () => {
    client?.disconnect();
    await scope?.close();
  });

  const config = (registries: object[], more: object = {}) => {
    const file = join(mkdtempSync(join(scope.dir, 'config-')), 'agent.yaml');
    writeFileSync(file, JSON.stringify({ engine: false, registries, ...more }));
    return { DIMG_AGENT_CONFIG: file };
  };
  const beat = async (name: string) => {
    const text = await client.hget(key.hosts, name);
    return text === null ? null : Heartbeat.parse(JSON.parse(text));
  };
  const aRegistry = async () => {
    const part = await startRegistry(scope);
    return { front: await startFront(scope, part), pusher: openPusher(part) };
  };

  test('serves two, is ready once, and is no host', async () => {
    await client.flushall();
    const [one, two] = [await aRegistry(), await aRegistry()];
    const registries = [
      { name: 'one', url: one.front.url, repositories: ['*'] },
      { name: 'two', url: two.front.url, repositories: ['*'] },
    ];
    const agent = await startAgent(scope, redis, NO_ENGINE, config(registries));
    expect(agent.lines.filter(({ msg }) => msg === 'ready')).toMatchObject([{ registries: ['one', 'two'] }]);
    expect(agent.lines.find(({ msg }) => msg === 'ready')).not.toHaveProperty('engine');
    expect(Object.keys(await client.hgetall(key.hosts)).sort()).toEqual(['one', 'two']);
    const [first, second] = [await beat('one'), await beat('two')];
    expect(first).toMatchObject({
      registry: { url: one.front.url, by: HOST },
      engine: null,
      problem: null,
      counts: null,
    });
    expect(first?.identity).not.toBe(second?.identity);
    expect(first?.epoch).not.toBe(second?.epoch);
    expect(await agent.stop()).toBe(0);
  });

  test('is there, and says so, while its registry hangs', async () => {
    await client.flushall();
    const { front } = await aRegistry();
    front.fault({ path: /^\/v2\/$/, times: 99, hang: 'before' });
    const begun = Date.now();
    const agent = await startAgent(
      ...([
        scope,
        redis,
        NO_ENGINE,
        config([{ name: 'slow', url: front.url, repositories: ['*'] }]),
      ] as const),
    );
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(await beat('slow')).toMatchObject({ problem: { kind: 'registry', what: 'no-answer' } });
    await agent.stop();
  }, 30_000);

  test('looks into all that it may on its own, and into the others though one is refused', async () => {
    const { front, pusher } = await aRegistry();
    for (const name of ['team/a', 'team/b', 'team/c', 'other'])
      await pusher.image(name, { tags: ['1'], layers: [{ name, bytes: 50 }] });
    front.fault({ path: /team\/a\/tags/, times: 99, answer: { status: 403 } });
    const agent = await startAgent(
      ...([
        scope,
        redis,
        NO_ENGINE,
        config([{ name: 'main', url: front.url, repositories: ['team/*'] }]),
      ] as const),
    );
    const paths = () => front.requests.map(({ path }) => path).filter((path) => path.includes('/tags/'));
    await expect.poll(paths).toEqual(['team/a', 'team/b', 'team/c'].map((name) => `/v2/${name}/tags/list`));
    await agent.stop();
  });

  test('knows which hosts there are after Redis has lost them, and prunes nothing', async () => {
    await client.flushall();
    const { front, pusher } = await aRegistry();
    await pusher.image('app', { tags: ['1'] });
    const { seenAt: _, ...host } = aHostStatus('host-1');
    await client.hset(key.hosts, 'host-1', JSON.stringify(host));
    await client.zadd(key.seen, Date.now(), 'host-1');
    await client.hset(key.has(HostName.parse('host-1')), 'at', Date.now());
    const state = temporaryFolder();
    const agent = await startAgent(
      ...([
        scope,
        redis,
        NO_ENGINE,
        { ...config([{ name: 'main', url: front.url, repositories: ['*'] }]), DIMG_STATE_DIR: state },
      ] as const),
    );
    await expect
      .poll(() => existsSync(join(state, 'registry-main/hosts.json')), { timeout: 5_000 })
      .toBe(true);
    const bot = await startBot(redis, MAIN);
    const survey = async (id: string, epoch: string) => {
      const header = { v: 1, host: MAIN, epoch, notAfter: Date.now() + 60_000 };
      await bot.send({ ...header, id, kind: 'survey', selection: all('app') });
      return (await bot.report(id, 'plan')).plan;
    };
    const epoch = (await beat('main'))?.epoch ?? '';
    expect(await survey('survey-1', epoch)).toMatchObject({ problems: [], items: [{}] });
    await client.flushall();
    expect(await survey('survey-2', epoch)).toMatchObject({
      ...{ items: [], problems: [{ kind: 'unheard', hosts: ['host-1'] }] },
    });
    await bot.close();
    await agent.stop();
  });

  test('ends soon in the middle of a look', async () => {
    const { front, pusher } = await aRegistry();
    for (let i = 0; i < 3; i++) await pusher.image(`a${i}`, { tags: ['1'] });
    front.fault({ path: /\/a0\/tags/, times: 99, answer: { status: 429, headers: { 'retry-after': '2' } } });
    const agent = await startAgent(
      ...([
        scope,
        redis,
        NO_ENGINE,
        config([{ name: 'main', url: front.url, repositories: ['*'] }]),
      ] as const),
    );
    await expect.poll(() => front.requests.some(({ path }) => path.includes('/a0/tags'))).toBe(true);
    const begun = Date.now();
    expect(await agent.stop()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(4_000);
    const asked = front.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    // Nothing goes on behind its back.
    expect(front.requests).toHaveLength(asked);
    expect(agent.lines.some(({ msg }) => msg === 'the registry could not be looked into')).toBe(false);
  });

  test.each<[string, object, object]>([
    [
      "a registry can't have the name of the host",
      { name: 'host-1', url: 'http://r', repositories: ['*'] },
      { engine: true },
    ],
    ['registries.ca', { name: 'main', url: 'https://r', repositories: ['*'], ca: '/nowhere/ca.pem' }, {}],
  ])('ends with 2 where %s', async (words, registry, more) => {
    const said: string[] = [];
    const code = await runAgent(
      {
        ...{ DIMG_HOST: 'host-1', REDIS_URL: redis.url, DIMG_STATE_DIR: temporaryFolder() },
        ...config([registry], more),
      },
      { err: (text) => void said.push(text), out: () => {} },
    );
    expect(code).toBe(2);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^DIMG_AGENT_CONFIG: .*\n$/);
    expect(said[0]).toContain(words);
  });
});

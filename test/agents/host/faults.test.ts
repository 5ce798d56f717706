import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { HostName } from '../../../src/domain/ids.ts';
import { useHost } from './_host.ts';
import { loadMany, prune, startAgent, startBot } from './_setup.ts';

describe.skipIf(skipWithout('faults on a real engine', 'engines', 'redis'))('faults', () => {
  const host = useHost('faults');
  const many = (n: number) => loadMany(host.engine, n);

  test('with the engine away jobs are refused with its address; with the engine back they are done', async () => {
    await many(1);
    await host.engine.stop();
    const { body } = await host.bot.ask(prune());
    expect(body).toEqual({ kind: 'refused', why: { kind: 'unreachable', at: host.engine.host } });
    const second = await startAgent(host.scope, host.redis, host.engine, { DIMG_HOST: 'host-2' });
    const text = await host.bot.client.hget('{dimg}:hosts', 'host-2');
    expect(JSON.parse(text ?? '')).toMatchObject({
      engine: null,
      problem: { kind: 'unreachable', at: host.engine.host },
    });
    await second.stop();
    await host.engine.restart();
    expect((await host.bot.plan(prune({ all: true }))).items).toHaveLength(1);
  }, 20_000);

  test('an engine that is killed in the middle: every item ends, and as the engine has it', async () => {
    await many(60);
    const plan = await host.bot.plan(prune({ all: true }));
    const job = await host.bot.executeJob(plan);
    const seen = host.witness.events.filter(({ action }) => action === 'delete').length;
    await host.bot.send(job);
    while (host.witness.events.filter(({ action }) => action === 'delete').length < seen + 5) await sleep(1);
    await host.engine.kill();
    await sleep(300);
    await host.engine.restart();
    const { outcomes } = await host.bot.finish(job);
    expect(outcomes.map(({ image }) => image).toSorted()).toEqual(
      plan.items.map(({ image }) => image).toSorted(),
    );
    const left = new Set((await host.witness.snapshot()).images.map(({ id }) => id));
    for (const { image, outcome } of outcomes) {
      expect(outcome).not.toBe('unknown');
      expect(left.has(image)).toBe(outcome !== 'deleted' && outcome !== 'absent');
    }
  }, 40_000);

  test('a Redis that is killed in the middle loses no report', async () => {
    await many(60);
    const plan = await host.bot.plan(prune({ all: true }));
    const job = await host.bot.executeJob(plan);
    await host.bot.send(job);
    await host.bot.report(job.id, 'started');
    await host.redis.kill();
    await sleep(500);
    await host.redis.restart();
    const { outcomes } = await host.bot.finish(job);
    expect(new Set(outcomes.map(({ image }) => image)).size).toBe(60);
    expect((await host.witness.snapshot()).images).toEqual([]);
  }, 40_000);

  test('an agent that is stopped finishes the image at hand, reports, and ends with 0', async () => {
    await many(60);
    const agent = await startAgent(host.scope, host.redis, host.engine, {
      DIMG_AGENT_CONFIG: host.config,
      DIMG_HOST: 'host-3',
    });
    const bot = await startBot(host.redis, HostName.parse('host-3'));
    const plan = await bot.plan(prune({ all: true }));
    const job = await bot.executeJob(plan);
    await bot.send(job);
    await bot.report(job.id, 'outcomes');
    expect(await agent.stop()).toBe(0);
    const { outcomes } = await bot.finish(job);
    const left = new Set((await host.witness.snapshot()).images.map(({ id }) => id));
    expect(outcomes).toHaveLength(60);
    for (const { image, outcome } of outcomes) expect(left.has(image)).toBe(outcome !== 'deleted');
    await bot.close();
  }, 20_000);

  test('two live agents under one name both refuse; the same one started again goes on', async () => {
    const state = mkdtempSync(join(host.scope.dir, 'state-'));
    const name = { DIMG_HOST: 'host-4' };
    const bot = await startBot(host.redis, HostName.parse('host-4'));
    const first = await startAgent(host.scope, host.redis, host.engine, { ...name, DIMG_STATE_DIR: state });
    await first.stop();
    const again = await startAgent(host.scope, host.redis, host.engine, { ...name, DIMG_STATE_DIR: state });
    expect((await bot.ask(prune())).body.kind).toBe('plan');
    const other = await startAgent(host.scope, host.redis, host.engine, name);
    await again.stop();
    expect((await bot.ask(prune())).body).toMatchObject({
      kind: 'refused',
      why: { message: expect.stringContaining('another agent') },
    });
    expect(other.lines.some(({ level, msg }) => level === 'error' && /another agent/.test(String(msg)))).toBe(
      true,
    );
    await other.stop();
    await bot.close();
  }, 20_000);
});

import { describe, expect, test } from 'vitest';
import { openLoss } from '../../../agents/host/loss.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { key } from '../../../src/domain/protocol.ts';
import { useHost } from './_host.ts';
import { HOST, load, prune } from './_setup.ts';

describe.skipIf(skipWithout('a Redis that forgets', 'engines', 'redis'))(
  'a Redis that has forgotten all',
  () => {
    const host = useHost('forgets');
    const prepared = async () => {
      await load(host.engine, { app: { tags: [], layers: [{ name: 'app', bytes: 4000 }] } });
      return host.bot.executeJob(await host.bot.plan(prune()));
    };
    const executed = async () => {
      const job = await prepared();
      await host.bot.send(job);
      await host.bot.finish(job);
      return job;
    };

    test('is told what every job was about and how it ended, and what the journal knows', async () => {
      const hash = `sha256:${'7'.repeat(64)}`;
      await host.bot.client.hset(key.auditHead, { n: '7', hash });
      const first = await executed();
      const second = await executed();
      await host.bot.acknowledge();
      const known = async () => JSON.parse((await host.bot.client.hget(key.known, HOST)) ?? 'null');
      // A heartbeat follows each execution.
      await expect.poll(known, { timeout: 5000 }).toMatchObject({ run: second.run, audit: { n: 7, hash } });
      await expect.poll(() => host.bot.client.scard(key.acked(HOST)), { timeout: 5000 }).toBe(0);
      const third = await prepared();
      await host.bot.client.flushall();
      // Sooner than the clock would, its end calls for a heartbeat.
      await host.bot.send(third);
      await host.agent.until('Redis has forgotten something: all jobs that are kept are told again');
      for (const job of [first, second]) {
        await host.bot.report(job.id, 'finished');
        const said = await host.bot.said(job.id);
        expect(said.map(({ body }) => body.kind)).toEqual(['took', 'started', 'outcomes', 'finished']);
        expect(said.every(({ epoch }) => epoch === job.epoch)).toBe(true);
        expect(said[0]?.body).toMatchObject({ planDigest: job.planDigest, items: job.items });
      }
      expect(await known()).toMatchObject({ run: third.run, audit: { n: 7 } });
      const again = host.witness.events.filter(({ action }) => action === 'delete');
      expect(again).toHaveLength(3);
    });
  },
);

describe('a loss', () => {
  const head = (n: number, digit = '1') => ({ n, hash: `sha256:${digit.repeat(64)}` });
  const ours = { identity: 'i', epoch: 'e', ageMs: 15_000 };

  test('is that our own heartbeat is gone, or the audit’s head is an earlier one or another; each is told once', () => {
    const lost = openLoss({ seen: null, known: false });
    expect(lost({ before: null, auditHead: null })).toBe(false);
    expect(lost({ before: ours, auditHead: head(3) })).toBe(false);
    expect(lost({ before: ours, auditHead: head(4) })).toBe(false);
    expect(lost({ before: ours, auditHead: head(3) })).toBe(true);
    expect(lost({ before: ours, auditHead: head(3) })).toBe(false);
    expect(lost({ before: ours, auditHead: head(3, '2') })).toBe(true);
    expect(lost({ before: null, auditHead: head(3, '2') })).toBe(true);
    expect(lost({ before: ours, auditHead: null })).toBe(true);
    expect(lost({ before: ours, auditHead: null })).toBe(false);
  });

  test('is noticed by the next start too, but not by a host that has told of nothing', () => {
    expect(openLoss({ seen: null, known: false })({ before: null, auditHead: head(9) })).toBe(false);
    expect(openLoss({ seen: null, known: true })({ before: null, auditHead: head(9) })).toBe(true);
    expect(openLoss({ seen: { ...head(9) }, known: false })({ before: ours, auditHead: head(8) })).toBe(true);
  });
});

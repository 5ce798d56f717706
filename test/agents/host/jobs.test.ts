import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { planDigest } from '../../../src/domain/plan.ts';
import { key } from '../../../src/domain/protocol.ts';
import { useHost } from './_host.ts';
import { HOST, load, prune, rmi } from './_setup.ts';

describe.skipIf(skipWithout('jobs on a real engine', 'engines', 'redis'))('a job', () => {
  const host = useHost('jobs');

  /** An execute job for one dangling image, and what the agent says to a change of it. */
  const prepared = async () => {
    await load(host.engine, {
      app: { tags: ['app:1'], layers: [{ name: 'app', bytes: 4000 }] },
      dangling: { tags: [], layers: [{ name: 'dangling', bytes: 2000 }] },
    });
    return host.bot.executeJob(await host.bot.plan(prune()));
  };
  const refusal = async (job: Record<string, unknown> & { id: string }) => {
    const before = await host.witness.snapshot();
    await host.bot.send(job);
    const { why } = await host.bot.report(job.id, 'refused');
    expect(diff(before, await host.witness.snapshot())).toMatchObject({ imagesGone: [], tagsGone: [] });
    return why;
  };

  test('that is past its expiry is refused', async () => {
    const job = { ...(await prepared()), notAfter: Date.now() - 1 };
    expect(await refusal(job)).toEqual({ kind: 'expired' });
  });

  test('for another start of the agent is refused', async () => {
    expect(await refusal({ ...(await prepared()), epoch: 'other' })).toEqual({ kind: 'restarted' });
  });

  test('whose items were changed is refused', async () => {
    const job = await prepared();
    const items = job.items.map((item) => ({ ...item, force: true }));
    expect(await refusal({ ...job, items })).toMatchObject({ kind: 'refused' });
  });

  test('for another host is refused', async () => {
    const job = await prepared();
    expect(
      await refusal({ ...job, host: 'other', planDigest: planDigest('other' as never, job.items, []) }),
    ).toMatchObject({ kind: 'refused' });
  });

  test('that can not be read is refused, with what is wrong', async () => {
    const job = await prepared();
    expect(await refusal({ ...job, surprise: true })).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('surprise'),
    });
  });

  test('that disguises a deletion as an untag is refused', async () => {
    await prepared();
    const plan = await host.bot.plan(rmi(['app:1']));
    const items = plan.items.map((item) => ({ ...item, action: 'untag' as const }));
    const job = await host.bot.executeJob({ ...plan, items, digest: planDigest(HOST, items, []) });
    expect(await refusal(job)).toMatchObject({ kind: 'refused' });
  });

  test('is done once, however often it comes, and told about again', async () => {
    const job = await prepared();
    // Other tests had the same image, and the engine was emptied after each.
    const seen = host.witness.events.length;
    await Promise.all([host.bot.send(job), host.bot.send(job), host.bot.send(job)]);
    await host.bot.finish(job);
    const before = (await host.bot.said(job.id)).length;
    // Later it has expired as well, was made for another start, and holds what is not understood.
    await host.bot.send({ ...job, notAfter: Date.now() - 1, epoch: 'other', surprise: true });
    await expect.poll(async () => (await host.bot.said(job.id)).length, { timeout: 5000 }).toBe(before + 3);
    const said = await host.bot.said(job.id);
    expect(said.slice(-3)).toEqual(await host.bot.reports(job.id));
    expect(said.slice(-3).map(({ body }) => body.kind)).toEqual(['started', 'outcomes', 'finished']);
    const deleted = host.witness.events
      .slice(seen)
      .filter(({ action, id }) => action === 'delete' && id === job.items[0]?.image);
    expect(deleted).toHaveLength(1);
  });

  test('of a cancelled run ends with every image left', async () => {
    const job = await prepared();
    await host.bot.cancel(job.run);
    await host.bot.send(job);
    const { outcomes } = await host.bot.finish(job);
    expect(outcomes).toMatchObject([{ outcome: 'skipped', why: { kind: 'cancelled' } }]);
    expect((await host.witness.snapshot()).images).toHaveLength(2);
  });

  test('to survey is answered like a plan', async () => {
    await prepared();
    await host.bot.send({
      ...(await host.bot.header()),
      id: 'survey-1',
      kind: 'survey',
      selection: prune({ all: true }) as never,
    });
    const { plan } = await host.bot.report('survey-1', 'plan');
    expect(plan.items).toHaveLength(2);
  });

  test('for the heads of the audit that it has seen is answered with those of its heartbeats', async () => {
    const head = { n: '7', hash: `sha256:${'7'.repeat(64)}` };
    await host.bot.client.hset(key.auditHead, head);
    const job = await prepared();
    await host.bot.send(job);
    await host.bot.finish(job);
    // A heartbeat follows each execution.
    for (let i = 0; i < 100; i++) {
      await host.bot.send({ ...(await host.bot.header()), id: `heads-${i}`, kind: 'heads' });
      const { heads } = await host.bot.report(`heads-${i}`, 'heads');
      if (heads.length > 0) {
        expect(heads).toEqual([{ n: 7, hash: head.hash, at: expect.any(Number) }]);
        return;
      }
    }
    throw new Error('it never saw a head');
  });

  test('reports are numbered from 1', async () => {
    const job = await prepared();
    await host.bot.send(job);
    await host.bot.finish(job);
    const reports = await host.bot.reports(job.id);
    expect(reports.map(({ seq, body }) => [seq, body.kind])).toEqual([
      [1, 'started'],
      [2, 'outcomes'],
      [3, 'finished'],
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { Entry, firstBreak } from '../../src/domain/audit.ts';
import { UserError } from '../../src/domain/error.ts';
import { requested } from '../../src/domain/facts.ts';
import type { Run } from '../../src/domain/run.ts';
import { openAudit } from '../../src/store/audit.ts';
import { openRuns } from '../../src/store/runs.ts';
import { ANA, aRun, HOST, NOW, runId } from '../domain/_build.ts';
import { ownRedis } from './_redis.ts';

describe.skipIf(skipWithout('runs in Redis', 'redis'))('a stored run', () => {
  const own = ownRedis('store-runs');
  const open = () => openRuns(own.redis, () => NOW, 90);
  const draft = (id: Run['id']): Run => ({ ...aRun(), id, state: 'proposed', expiresAt: NOW + 1000 });
  const create = async (delivery: string): Promise<Run> => {
    const run = await open().create(delivery, draft, requested, 'http://127.0.0.1/reply');
    if (!run) throw new Error('it was taken for a repetition');
    return run;
  };

  test('is made once, however often its command is delivered', async () => {
    const made = await Promise.all(
      Array.from({ length: 50 }, () => open().create('same', draft, requested, 'r')),
    );
    expect(made.filter((run) => run !== null)).toHaveLength(1);
  });

  test('is not made at all where anything goes wrong in the middle, and may be asked for again', async () => {
    const head = await own.redis.hgetall('{dimg}:audit:head');
    await own.redis.hset('{dimg}:audit:head', 'n', '0');
    await expect(create('torn')).rejects.toThrow(UserError);
    expect(await own.redis.exists('{dimg}:delivery:torn')).toBe(0);
    await own.redis.hset('{dimg}:audit:head', head);
    expect(await create('torn')).toMatchObject({ state: 'proposed' });
    await expect(create('torn')).rejects.toThrow('repetition');
  });

  test('is stored with the one that follows from it, or neither is', async () => {
    const run = await create('followed');
    const next = draft(await open().reserve());
    const after: Run = { ...run, again: { by: ANA, at: NOW, run: next.id } };
    const made = { run: next, facts: requested(next), replyTo: 'there' };
    const facts = [{ at: NOW, run: run.id, kind: 'again' as const, by: ANA, again: next.id }];
    const stale = { ...run, rev: run.rev + 7 };
    expect(await open().commitWith(stale, after, facts, made)).toBeNull();
    expect([await open().load(next.id), await open().load(run.id)]).toEqual([null, run]);
    const stored = await open().commitWith(run, after, facts, made);
    expect(stored).toMatchObject({ rev: run.rev + 1, again: { run: next.id } });
    const entries = (await openAudit(own.redis).read({ count: 2 })).toReversed();
    expect(entries.map(({ kind, run: of }) => [kind, of])).toEqual([
      ['again', run.id],
      ['requested', next.id],
    ]);
    expect(stored?.audit).toEqual({ n: entries[0]?.n, hash: entries[0]?.hash });
    expect(await open().load(next.id)).toMatchObject({ id: next.id, audit: { n: entries[1]?.n } });
    expect(await open().replyTo(next.id)).toBe('there');
    expect(await open().commitWith(run, after, facts, made)).toBeNull();
  });

  test('is read as it was written, and an unknown one is none', async () => {
    const run = await create('read');
    expect(await open().load(run.id)).toEqual(run);
    expect(await open().load(runId(999_999))).toBeNull();
    expect(await open().replyTo(run.id)).toBe('http://127.0.0.1/reply');
  });

  test('of a thousand changes at once, over two connections, takes one', async () => {
    const run = await create('race');
    const stores = [open(), openRuns(await own.another(), () => NOW, 90)];
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        stores[i % 2]?.commit(run, { ...run, state: 'cancelled', endedAt: i }, [
          { at: NOW, run: run.id, kind: 'cancelled', by: ANA },
        ]),
      ),
    );
    const won = results.filter((result) => result !== null);
    expect(won).toHaveLength(1);
    expect(await open().load(run.id)).toEqual(won[0]);
    const entries = (await openAudit(own.redis).read({ count: 5000 })).filter(
      (entry) => entry.run === run.id,
    );
    expect(entries.filter(({ kind }) => kind === 'cancelled')).toHaveLength(1);
  });

  test('keeps one unbroken audit chain while many runs change at once, and names its entry', async () => {
    const stores = [open(), openRuns(await own.another(), () => NOW, 90)];
    const runs = await Promise.all(
      Array.from({ length: 60 }, (_, i) => stores[i % 2]?.create(`chain ${i}`, draft, requested, 'r')),
    );
    await Promise.all(
      runs.map((run, i) =>
        run
          ? stores[i % 2]?.commit(run, { ...run, state: 'expired' }, [
              { at: NOW, run: run.id, kind: 'expired' },
            ])
          : null,
      ),
    );
    const entries = (await openAudit(own.redis).read({ count: 5000 })).toReversed();
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
    expect(firstBreak(entries)).toBeNull();
    for (const run of runs) {
      const stored = run && (await open().load(run.id));
      const last = entries.findLast((entry) => entry.run === stored?.id);
      expect(stored?.audit).toEqual({ n: last?.n, hash: last?.hash });
    }
  });

  test('comes up when its time has come, and no more once it is over', async () => {
    const run = await create('due');
    expect(await open().due(NOW + 999)).not.toContain(run.id);
    expect(await open().due(NOW + 1000)).toContain(run.id);
    expect(await open().open()).toContain(run.id);
    await open().commit(run, { ...run, state: 'expired' }, []);
    expect(await open().due(NOW + 100_000)).not.toContain(run.id);
    expect(await open().open()).not.toContain(run.id);
  });

  test('keeps the time that its newest change has set, whatever was thought of an older one', async () => {
    const before = await create('look');
    const executing: Run = { ...before, state: 'executing', executingSince: NOW };
    const stored = await open().commit(before, executing, []);
    if (!stored) throw new Error('nobody else changed it');
    const soon = NOW + 5_000;
    expect(await open().due(soon)).toContain(before.id);
    await open().lookAgain(before, NOW + 1_800_000);
    expect(await open().due(soon)).toContain(before.id);
    await open().lookAgain(stored, NOW + 1_800_000);
    expect(await open().due(soon)).not.toContain(before.id);
    await own.redis.zadd('{dimg}:due', NOW, '999999');
    await open().lookAgain({ id: runId(999_999), rev: 0 }, NOW);
    expect(await open().due(NOW)).not.toContain(runId(999_999));
  });

  test('keeps the first plan of a host, which is the one that was shown', async () => {
    const run = await create('plans');
    const plan = {
      host: HOST,
      takenAt: NOW,
      items: [],
      kept: [],
      cache: [],
      problems: [],
      reclaim: 0,
      digest: 'sha256:first',
    };
    expect((await open().savePlan(run.id, plan)).digest).toBe('sha256:first');
    expect((await open().savePlan(run.id, { ...plan, digest: 'sha256:second' })).digest).toBe('sha256:first');
    const part = run.hosts[HOST];
    if (!part) throw new Error('the run has no such host');
    const planned: Run = {
      ...run,
      hosts: {
        [HOST]: {
          ...part,
          plan: {
            digest: 'sha256:first',
            items: 0,
            untag: 0,
            untagReferences: 0,
            containers: 0,
            cache: 0,
            kept: 0,
            reclaim: 0,
            irrecoverable: 0,
            irrecoverableTagged: 0,
            problems: [],
          },
        },
      },
    };
    expect((await open().plans(planned)).get(HOST)?.digest).toBe('sha256:first');
  });

  test.each<[string, (head: Record<string, string>) => Promise<unknown>]>([
    ['is lost', () => own.redis.del('{dimg}:audit:head')],
    ['was set back', ({ n }) => own.redis.hset('{dimg}:audit:head', 'n', Number(n) - 1)],
  ])('is left as it is where the head of the audit %s, and so is the audit', async (how, spoil) => {
    const run = await create(how);
    const head = await own.redis.hgetall('{dimg}:audit:head');
    const everything = async () =>
      Promise.all((await own.redis.keys('*')).sort().map(async (name) => [name, await own.redis.dump(name)]));
    await spoil(head);
    const before = await everything();
    const cancelled: Run = { ...run, state: 'cancelled', endedAt: NOW, cancel: { by: ANA, at: NOW } };
    const facts = [
      { at: NOW, run: run.id, kind: 'cancelled' as const, by: ANA },
      { at: NOW, run: run.id, kind: 'ended' as const, state: 'cancelled' as const },
    ];
    const done = open().commit(run, cancelled, facts);
    await expect(done).rejects.toThrow(UserError);
    await expect(done).rejects.toThrow(
      'The audit in Redis is not what it was, so nothing was done: see /dimg verify.',
    );
    expect(await everything()).toEqual(before);
    expect(await open().load(run.id)).toEqual(run);
    await own.redis.hset('{dimg}:audit:head', head);
    expect(await open().commit(run, cancelled, facts)).toMatchObject({ state: 'cancelled' });
  });

  test('has entries that are what the audit says they are', async () => {
    const run = await create('entries');
    const [newest] = await openAudit(own.redis).read({ count: 1 });
    expect(Entry.parse(newest)).toMatchObject({ run: run.id, kind: 'requested', by: run.requester });
    const from = `${(newest?.n ?? 0) - 3}-0`;
    const upTo = `${(newest?.n ?? 0) - 1}-0`;
    const texts = await openAudit(own.redis).texts({ count: 10, after: from, upTo });
    expect(texts.map(({ id }) => id)).toEqual([`${(newest?.n ?? 0) - 2}-0`, upTo]);
    const older = await openAudit(own.redis).read({ count: 10, before: newest?.n ?? 0 });
    expect(older.map(({ n }) => n)).not.toContain(newest?.n);
  });

  test('can not be reached while Redis is away, and a sentence says so', async () => {
    await own.server.stop();
    await expect(open().load(runId(1))).rejects.toThrow(/can't reach Redis/);
    await expect(create('away')).rejects.toThrow(/nothing was started/);
    await own.server.restart();
    await expect
      .poll(
        () =>
          open()
            .load(runId(1))
            .catch(() => 'away'),
        { timeout: 10_000 },
      )
      .not.toBe('away');
  });
});

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openDoubts } from '../../../agents/host/doubts.ts';
import { hostFinder } from '../../../agents/host/host-work.ts';
import { EngineTrouble } from '../../../agents/host/ports.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { busyboxImage } from '../../../playground/parts/images.ts';
import { HostName } from '../../../src/domain/ids.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Item } from '../../../src/domain/plan.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { direct } from './_direct.ts';
import { temporaryFolder } from './_folder.ts';
import { useHost } from './_host.ts';
import { jobOf, openIn, outcomeOf } from './_journal.ts';
import { load, loadMany, prune, rmi, startAgent, startBot } from './_setup.ts';

const lacking = skipWithout('an engine that hangs', 'engines', 'redis', 'busybox');
describe.skipIf(lacking)('an engine that hangs', () => {
  const host = useHost('hangs');
  const many = (n: number) => loadMany(host.engine, n);
  const deletions = () => host.witness.events.filter(({ action }) => action === 'delete').length;
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const clock = { now: Date.now, sleep: (ms: number) => sleep(Math.min(ms, 200)) };

  test('an agent that is told to end twice ends at once, and its next start says what became of each image', async () => {
    await many(20);
    const name = HostName.parse('host-7');
    const env = {
      DIMG_HOST: name,
      DIMG_AGENT_CONFIG: host.config,
      DIMG_STATE_DIR: mkdtempSync(join(host.scope.dir, 'state-')),
    };
    const agent = await startAgent(host.scope, host.redis, host.engine, env);
    const bot = await startBot(host.redis, name);
    const job = await bot.executeJob(await bot.plan(prune({ all: true })));
    const seen = deletions();
    await bot.send(job);
    while (deletions() < seen + 2) await sleep(1);
    host.engine.pause();
    const ended = agent.stop();
    await sleep(50);
    agent.hurry();
    expect(await ended).toBe(0);
    host.engine.resume();
    const next = await startAgent(host.scope, host.redis, host.engine, env);
    await bot.report(job.id, 'finished');
    const last = new Map<string, Outcome>();
    await expect
      .poll(
        async () => {
          last.clear();
          for (const outcome of await bot.outcomesOf(job.id)) {
            // Only what was unknown is ever put right.
            const before = last.get(outcome.image);
            if (before && before.outcome !== 'unknown') expect(outcome).toEqual(before);
            last.set(outcome.image, outcome);
          }
          return [...last.values()].filter(({ outcome }) => outcome !== 'unknown').length;
        },
        { timeout: 10_000 },
      )
      .toBe(20);
    const left = new Set((await host.witness.snapshot()).images.map(({ id }) => id));
    for (const [image, { outcome }] of last)
      expect([outcome, left.has(image as never)]).toEqual([outcome, outcome !== 'deleted']);
    await next.stop();
    await bot.close();
  });

  /** A job that some earlier start of the agent has begun, and who brings it to its end. */
  async function broken(items: readonly Item[]) {
    const { engine } = direct(host.engine, { callLimitMs: 300 });
    const journal = await openIn(temporaryFolder());
    const job = { ...jobOf(1), items: [...items] };
    await journal.accept(job);
    const said: ReportBody[] = [];
    const outbox = {
      async say(id: string, body: ReportBody) {
        said.push(body);
        const seq = 1 + (journal.job(id)?.reports.size ?? 0);
        if (body.kind !== 'took') await journal.note({ t: 'report', at: 1, job: id, seq, body });
      },
    };
    const passed = { ms: 0 };
    const life = await engine.life();
    const doubts = openDoubts({
      ...{ journal, outbox, finder: hostFinder(engine), clock, monotonic: () => passed.ms, log: silent },
    });
    return {
      ...{ job, said, outbox, passed, doubts },
      /** So many milliseconds in which the engine answers each time that it is asked. */
      async answers(ms: number): Promise<void> {
        for (let left = ms; left > 0; left -= 20_000) {
          passed.ms += 20_000;
          await doubts.look();
        }
      },
      begun: (item: number) => journal.note({ t: 'intent', at: Date.now(), job: job.id, item }),
      tried: (item: number, name: string, at: { life?: string; ago?: number } = {}) =>
        journal.note({
          ...{ t: 'tried', job: job.id, item, name },
          ...{ at: Date.now() - (at.ago ?? 0), life: at.life ?? life },
        }),
    };
  }
  const outcomesOf = (said: readonly ReportBody[]) =>
    said.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : []));

  test('what was told as unknown is looked up once it answers again, and told anew', async () => {
    await many(2);
    const plan = await direct(host.engine).plan(prune({ all: true }));
    const { job, said, outbox, passed, answers, doubts, tried } = await broken(plan.items);
    doubts.hold(job.id);
    for (const [i, { image }] of plan.items.entries()) await tried(i, image);
    const unknown = plan.items.map((item) => outcomeOf(item, 'unknown'));
    await outbox.say(job.id, { kind: 'started' });
    await outbox.say(job.id, {
      kind: 'outcomes',
      outcomes: unknown.map((one) => ({ ...one, why: { kind: 'no-answer' } })),
    });
    await outbox.say(job.id, { kind: 'finished', tookMs: 1, before: null, after: null, raced: [] });
    // One of them went after all.
    await host.engine.docker.getImage(String(plan.items[0]?.image)).remove();
    host.engine.pause();
    const before = said.length;
    doubts.leave(job.id);
    await expect(doubts.look()).rejects.toThrow(EngineTrouble);
    const stop = new AbortController();
    const running = doubts.run(stop.signal);
    await sleep(500);
    expect(said).toHaveLength(before);
    host.engine.resume();
    await expect.poll(() => said.length, { timeout: 15_000 }).toBe(before + 1);
    const [gone, there] = plan.items.map(({ image }) => image);
    expect(said.at(-1)).toEqual({
      kind: 'outcomes',
      outcomes: [expect.objectContaining({ image: gone, outcome: 'deleted' })],
    });
    // The engine may be at the other one yet, and new jobs leave it alone, until no deletion takes so long.
    expect([gone, there].map((image) => (image && doubts.about(image)?.kind) ?? null)).toEqual([
      null,
      'refused',
    ]);
    stop.abort();
    // However long it hung: what it had in hand it goes on with when it wakes.
    passed.ms += 3_600_000;
    await doubts.look();
    expect(said).toHaveLength(before + 1);
    await answers(540_000);
    expect(said).toHaveLength(before + 1);
    await answers(80_000);
    await running;
    expect(said.slice(before + 1)).toMatchObject([
      { kind: 'outcomes', outcomes: [{ image: there, outcome: 'failed', why: { kind: 'no-answer' } }] },
    ]);
    expect(there && doubts.about(there)).toBeNull();
    await doubts.look();
    expect(said).toHaveLength(before + 2);
  }, 40_000);

  test('names that were taken from an image which stays are given back, once nothing can come of it any more', async () => {
    const { app } = await load(host.engine, { app: { tags: ['app:1', 'app:2', 'app:3'], layers: [] } });
    const { items } = await direct(host.engine).plan(rmi([app]));
    const { said, answers, doubts, tried } = await broken(items);
    for (const name of ['app:1', 'app:2']) await tried(0, name);
    await host.engine.docker.getImage('app:1').remove();
    await doubts.look();
    expect(outcomesOf(said)).toMatchObject([{ outcome: 'unknown', why: { kind: 'restarted' } }]);
    await answers(620_000);
    expect(outcomesOf(said).slice(1)).toMatchObject([{ outcome: 'failed', removed: [] }]);
    expect((await host.witness.snapshot()).images).toMatchObject([{ tags: ['app:1', 'app:2', 'app:3'] }]);
  });

  test('of an engine that was started since, or asked hours ago, nothing is waited for', async () => {
    await many(3);
    const { items } = await direct(host.engine).plan(prune({ all: true }));
    const { said, doubts, begun, tried } = await broken(items);
    const [, asked, never] = items.map(({ image }) => image);
    await tried(0, String(items[0]?.image), { life: 'another' });
    await tried(1, String(asked), { ago: 3 * 3_600_000 });
    // Nobody asked the engine to delete this one: somebody else did it.
    await begun(2);
    await host.engine.docker.getImage(String(never)).remove();
    await doubts.look();
    expect(outcomesOf(said).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'absent']);
  });

  test('a container that it may still be removing is in doubt, and told as ours only where it was asked for', async () => {
    const busybox = { job: busyboxImage(['job:1']) };
    await load(host.engine, busybox);
    const { docker } = host.engine;
    for (const name of ['done', 'made'])
      await runContainer(docker, { image: 'job:1', name, state: 'created' });
    const { items } = await direct(host.engine).plan(prune({ all: true, stoppedContainers: 0 }));
    const { said, answers, doubts, tried } = await broken(items);
    const [asked, other] = items[0]?.containers ?? [];
    await tried(0, String(asked?.id));
    await doubts.look();
    await docker.getContainer(String(other?.id)).remove();
    await answers(300_000);
    expect(outcomesOf(said)).toMatchObject([{ outcome: 'unknown', why: { kind: 'restarted' } }]);
    await docker.getContainer(String(asked?.id)).remove();
    await doubts.look();
    expect(outcomesOf(said).slice(1)).toMatchObject([{ outcome: 'failed', containers: [asked?.name] }]);
  });
});

import { writeFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { ANA, BO, FORMER, openSkew } from './_stage.ts';

/** One of each kind, as it was first seen. */
type Kinds = Record<string, unknown>;

/** Writes down what a former version stores and sends, for `golden.test.ts`. */
test('records what is stored and sent', async () => {
  const stage = await openSkew('skew-record', {
    botConfig: 'approval: { approvers: [U0BO, U0CY], expires: 12s }\n',
  });
  const seen: Record<'jobs' | 'reports' | 'heartbeats' | 'runs' | 'plans' | 'asks', Kinds> = {
    ...{ jobs: {}, reports: {}, heartbeats: {}, runs: {}, plans: {}, asks: {} },
  };
  const monitor = await new Redis(stage.world.redis.url).monitor();
  monitor.on('monitor', (_time: string, args: string[]) => {
    for (const arg of args) {
      const value = tryJson(arg);
      if (value === null || typeof value !== 'object') continue;
      const it = value as Record<string, unknown>;
      if (it.rev !== undefined) seen.runs[`${it.state} ${(it.selection as { kind: string }).kind}`] ??= it;
      else if (it.body !== undefined) seen.reports[(it.body as { kind: string }).kind] ??= it;
      else if (it.notAfter !== undefined) seen.jobs[it.kind as string] ??= it;
      else if (it.identity !== undefined) seen.heartbeats[it.counts ? 'counted' : 'first'] ??= it;
      else if (it.takenAt !== undefined && it.kept !== undefined) seen.plans[it.cache ? 'plan' : 'x'] = it;
      else if (it.replyTo !== undefined) seen.asks.ask ??= it;
    }
  });
  await Promise.all([stage.world.startBot({}, FORMER), stage.world.startAgent('host-1', {}, FORMER)]);
  stage.seed(3);
  await stage.engine.docker
    .createContainer({ Image: stage.seed(1)[0] as string, name: 'held' })
    .catch(() => {});
  const done = await stage.asks('/dimg prune host-1');
  await stage.press(ANA, done, 'Delete');
  await done.ends();
  await stage.asks('/dimg prune host-1', 'end');
  await stage.asks('/dimg rmi host-1 nothing:1', 'end');
  stage.engine.seed([{ tags: ['app:1', 'app:2'], digests: [], layers: [{ name: 'app', bytes: 5 }] }]);
  const denied = await stage.asks('/dimg rmi host-1 app:1 -f');
  await stage.type(BO, `/dimg deny ${denied.number} because`);
  await denied.ends();
  const cancelled = await stage.asks('/dimg rmi host-1 app:1 -f');
  await stage.press(ANA, cancelled, 'Cancel');
  const untagged = await stage.asks('/dimg rmi host-1 app:1');
  await stage.press(ANA, untagged, 'Delete');
  await untagged.ends();
  const undo = await stage.asks(`/dimg undo ${untagged.number}`, 'end');
  await undo.ends();
  const expired = await stage.asks('/dimg rmi host-1 app:2 -f');
  for (const line of ['/dimg df host-1', '/dimg images host-1', '/dimg verify']) await stage.type(ANA, line);
  expect((await expired.ends(30_000)).state).toBe('expired');
  // Everything was planned, and most of it has changed: nothing is done.
  const ids = stage.seed(4);
  const stale = await stage.asks('/dimg prune host-1');
  for (const [i, id] of ids.entries())
    if (i > 0) await stage.engine.docker.getImage(id).tag({ repo: `kept-${i}`, tag: '1' });
  await stage.press(ANA, stale, 'Delete');
  await stale.ends();
  monitor.disconnect();
  await stage.close();
  writeFileSync(process.env.DIMG_RECORD ?? '', `${JSON.stringify(seen, null, 1)}\n`);
});

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { UserError } from '../../src/domain/error.ts';
import { type Markup, plain } from '../../src/domain/markup.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { again } from '../../src/flows/again.ts';
import { ANA, aHostStatus, aPart, aRun, BEN, CLEO, HOST, NOW, pruning, runId } from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

describe.skipIf(skipWithout('asking for the same again', 'redis'))('Run again', () => {
  const own = ownRedis('flows-again');
  const hosts = [aHostStatus(HOST), aHostStatus('host-9')];
  const stale = (given: Partial<Run> = {}): Run =>
    aRun({ state: 'stale', endedAt: NOW, hosts: { [HOST]: aPart({ stage: 'ended' }) }, ...given });
  let presses = 0;
  const press = (deps: Deps, run: Run, user = BEN) =>
    again(deps, { user, team: 'T1', run: run.id, channel: 'C0DEV', replyTo: 'r', delivery: `${++presses}` });
  const said = (words: Markup | null) => words && plain(words);

  test('makes a new run of the same by the presser, in that channel, with the hosts as they are now', async () => {
    const { deps } = botOn(own.redis, { hosts });
    const selection = pruning({ all: true, keep: 2 });
    const old = await stored(deps, stale({ selection, where: 'host-*', rollout: { canary: 1 } }));
    expect(await press(deps, old)).toBeNull();
    const marked = await deps.runs.load(old.id);
    const next = await deps.runs.load(marked?.again?.run ?? runId(999));
    expect(marked?.again).toEqual({ by: BEN, at: NOW, run: next?.id });
    expect(next).toMatchObject({
      ...{ state: 'planning', requester: BEN, channel: 'C0DEV', where: 'host-*', selection },
      ...{ rollout: { canary: 1 }, dryRun: false, skipConfirmation: false, approvals: [] },
    });
    expect(Object.keys(next?.hosts ?? {})).toEqual([HOST, 'host-9']);
    expect(next).not.toHaveProperty('confirmed');
    const facts = (await deps.audit.read({ count: 3 })).map(({ run, kind, by }) => ({ run, kind, by }));
    expect(facts).toEqual([
      { run: next?.id, kind: 'requested', by: BEN },
      { run: old.id, kind: 'again', by: BEN },
    ]);
  });

  test('asks for -f as -f was', async () => {
    const { deps } = botOn(own.redis, { hosts });
    const old = await stored(deps, stale({ skipConfirmation: true }));
    await press(deps, old);
    const marked = await deps.runs.load(old.id);
    expect(await deps.runs.load(marked?.again?.run ?? runId(999))).toMatchObject({ skipConfirmation: true });
  });

  test('of many presses on two bots makes one run, and the others are told of it', async () => {
    const bots = [botOn(own.redis, { hosts }), botOn(await own.another(), { hosts })];
    const [{ deps } = botOn(own.redis, { hosts })] = bots;
    const old = await stored(deps, stale());
    const words = await Promise.all(
      Array.from({ length: 200 }, (_, i) => press(bots[i % 2]?.deps ?? deps, old, i % 3 ? ANA : BEN)),
    );
    const marked = await deps.runs.load(old.id);
    expect(words.filter((one) => one === null)).toHaveLength(1);
    expect(new Set(words.flatMap((one) => said(one) ?? []))).toEqual(
      new Set([`#${old.id} was asked for again already: see #${marked?.again?.run}.`]),
    );
    // No number was lost over it.
    expect(await deps.runs.reserve()).toBe((marked?.again?.run ?? 0) + 1);
  });

  test('goes on where a bot died between its mark and the new run', async () => {
    const { deps } = botOn(own.redis, { hosts });
    const run = await deps.runs.reserve();
    const old = await stored(deps, stale({ again: { by: ANA, at: NOW, run } }));
    expect(await press(deps, old)).toBeNull();
    expect(await deps.runs.load(run)).toMatchObject({ requester: ANA, state: 'planning' });
    expect(said(await press(deps, old))).toBe(`#${old.id} was asked for again already: see #${run}.`);
  });

  test.each(['reserve', 'commitWith'] as const)(
    'that fails at %s can be pressed again at once',
    async (at) => {
      const { deps } = botOn(own.redis, { hosts });
      const old = await stored(deps, stale());
      const fails = async () => Promise.reject(new UserError('not now'));
      await expect(press({ ...deps, runs: { ...deps.runs, [at]: fails } }, old)).rejects.toThrow('not now');
      expect(await press(deps, old, ANA)).toBeNull();
      expect((await deps.runs.load(old.id))?.again?.by).toBe(ANA);
    },
  );

  test.each<[string, Parameters<typeof botOn>[1], RegExp]>([
    ['guests may not', { hosts, stranger: BEN }, /Guests may not/],
    ['nor who may not delete there', { hosts, rights: { operators: [CLEO] } }, /You may not delete/],
    ['nor anybody while the host is silent', { hosts: [aHostStatus(HOST, { seenAt: 0 })] }, /is offline/],
  ])('%s, and the button stays for others', async (_, world, words) => {
    const { deps } = botOn(own.redis, world);
    const old = await stored(deps, stale());
    await expect(press(deps, old)).rejects.toThrow(words);
    expect((await deps.runs.load(old.id))?.again).toBeUndefined();
    const { deps: better } = botOn(own.redis, { hosts });
    expect(await press(better, old, ANA)).toBeNull();
  });

  test('is not for runs that ended otherwise, nor for none', async () => {
    const { deps } = botOn(own.redis, { hosts });
    const done = await stored(deps, stale({ state: 'done' }));
    expect(said(await press(deps, done))).toBe(`#${done.id} is done: ask with a command instead.`);
    expect(said(await press(deps, aRun({ id: runId(4711) })))).toBe('There is no run #4711.');
  });
});

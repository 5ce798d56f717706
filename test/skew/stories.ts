import { afterEach, describe, expect, test } from 'vitest';
import { ANA, BO, FORMER, OWN, openSkew } from './_stage.ts';

const MANY = 300;

/** Whichever of the two is upgraded first, and also in the middle of a run: nothing is lost, and cards are true. */
describe('this version and a former one', () => {
  let stage: Awaited<ReturnType<typeof openSkew>>;
  afterEach(() => stage?.close());
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test.each([
    ['a former bot with this agent', FORMER, OWN],
    ['this bot with a former agent', OWN, FORMER],
  ])('%s: plans, deletes, denies and undoes', async (_, bot, agent) => {
    stage = await openSkew('skew-pair');
    await Promise.all([stage.world.startBot({}, bot), stage.world.startAgent('host-1', {}, agent)]);
    stage.seed(3);
    const card = await stage.asks('/dimg prune host-1');
    await stage.press(ANA, card, 'Delete');
    expect((await card.ends()).text).toContain('done · prune host-1 · deleted 3 of 3');
    expect(await stage.images()).toEqual([]);
    stage.engine.seed([{ tags: ['app:1'], layers: [{ name: 'app', bytes: 5 }] }]);
    const force = await stage.asks('/dimg rmi host-1 app:1 -f');
    await stage.type(BO, `/dimg deny ${force.number} no`);
    expect((await force.ends()).state).toBe('denied');
    expect(await stage.images()).toHaveLength(1);
    const again = await stage.asks('/dimg rmi host-1 app:1 -f');
    await stage.press(BO, again, 'Approve');
    expect((await again.ends()).text).toContain('deleted 1 of 1');
    expect((await (await stage.asks('/dimg prune host-1', 'empty')).ends()).state).toBe('empty');
    await stage.type(ANA, '/dimg df host-1');
    await stage.slack.waitFor(() => stage.slack.ephemerals(ANA).length > 0, 20_000, 'an answer to df');
  });

  test.each([
    ['a former agent', FORMER],
    ['this agent', OWN],
  ])('a bot that is upgraded while %s deletes', async (_, agent) => {
    stage = await openSkew('skew-bot');
    const former = await stage.world.startBot({}, FORMER);
    await stage.world.startAgent('host-1', {}, agent);
    const ids = stage.seed(MANY);
    const card = await stage.asks('/dimg prune host-1');
    const proposed = await stage.asks('/dimg prune host-1');
    await stage.press(ANA, card, 'Delete');
    await stage.midway(ids.length, async () => {
      expect(await former.stop(15_000)).toMatchObject({ code: 0 });
    });
    await stage.world.startBot();
    expect((await card.ends(60_000)).text).toContain(`done · prune host-1 · deleted ${MANY} of ${MANY}`);
    expect(await stage.images()).toEqual([]);
    // What the former one had proposed this one takes a decision on.
    await stage.press(ANA, proposed, 'Cancel');
    expect((await proposed.ends()).state).toBe('cancelled');
  });

  test.each([
    ['a former bot', FORMER],
    ['this bot', OWN],
  ])('an agent that is upgraded in the middle of its deletions, with %s', async (_, bot) => {
    stage = await openSkew('skew-agent');
    await stage.world.startBot({}, bot);
    const former = await stage.world.startAgent('host-1', {}, FORMER);
    const ids = stage.seed(MANY);
    const card = await stage.asks('/dimg prune host-1');
    await stage.press(ANA, card, 'Delete');
    let ended: Promise<unknown> = Promise.resolve();
    await stage.midway(ids.length, async () => {
      ended = former.stop(30_000);
      await wait(500);
    });
    expect(await ended).toMatchObject({ code: 0 });
    await stage.world.startAgent('host-1');
    const end = await card.ends(90_000);
    const left = (await stage.images()).length;
    expect(left).toBeGreaterThan(0);
    expect(end.state).toBe('partial');
    expect(end.text).toContain(`deleted ${MANY - left} of ${MANY}`);
    const next = await stage.asks('/dimg prune host-1');
    await stage.press(ANA, next, 'Delete');
    expect((await next.ends()).text).toContain(`deleted ${left} of ${left}`);
    expect(await stage.images()).toEqual([]);
  });

  test('an agent that was killed in the middle is upgraded: what it can not say is unknown, and nothing is told wrongly', async () => {
    stage = await openSkew('skew-killed');
    await stage.world.startBot();
    const former = await stage.world.startAgent('host-1', {}, FORMER);
    const ids = stage.seed(MANY);
    const card = await stage.asks('/dimg prune host-1');
    await stage.press(ANA, card, 'Delete');
    await stage.midway(ids.length, async () => {
      former.kill('SIGKILL');
      await former.exited;
    });
    await stage.world.startAgent('host-1');
    const end = await card.ends(90_000);
    const gone = MANY - (await stage.images()).length;
    expect(end.state).toBe('unknown');
    expect(Number(/deleted (\d+) of/.exec(end.text)?.[1])).toBeLessThanOrEqual(gone);
  });
});

import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import { advance } from '../../src/flows/advance.ts';
import type { CardQueue } from '../../src/ports.ts';
import { openFinder } from '../../src/slack/find.ts';
import { metadataOf } from '../../src/slack/metadata.ts';
import { type Writing, writeCard } from '../../src/slack/write-card.ts';
import { ANA, anItem, aPlan, aRun, HOST, removing } from '../domain/_build.ts';
import { randomOf } from '../property/_random.ts';
import { ownRedis, silent } from '../store/_redis.ts';
import { RIGHTS } from './_card.ts';
import { aPosting, openMarks } from './_posting.ts';
import { openStorm, type Storm } from './_storm.ts';
import { useThread } from './_thread.ts';
import { judge } from './_witness.ts';

const { card: _, planningSince: __, ...blank } = aRun();

test.skipIf(skipWithout('an update that Slack carries out late', 'redis')).each([
  ['late', 14_000],
  ['hang', 0],
  ['drop-after', 0],
] as const)('an update that ends as %s does not cover the one after it', async (kind, ms) => {
  const storm = await openStorm(own.redis, randomOf(1), silent);
  const { slack, virtual, deps } = storm;
  storm.start();
  const id = await deps.runs.reserve();
  await deps.runs.createAs({ ...blank, id, createdAt: virtual.time.now() } as Run, [], 'reply');
  const step = (event: object) => advance(deps, id, { at: virtual.time.now(), ...event } as RunEvent);
  await pass(storm, 5_000);
  const plan = aPlan([anItem('a')]);
  await deps.runs.savePlan(id, plan);
  slack.fault({ method: 'chat.update', kind, ms });
  await step({ type: 'planned', host: HOST, plan: summarise(plan) });
  await pass(storm, 11_000);
  await step({ type: 'cancel', by: ANA });
  await pass(storm, 60_000);
  await judge(slack, deps, [id]);
  expect(await storm.behind()).toBe(0);
  await storm.close();
});

test.skipIf(skipWithout('a bot that dies in the middle', 'redis')).each([
  ['an update', 'chat.update'],
  ['a note', 'chat.postMessage'],
] as const)('what became of %s of a bot that died holds back no change of state', async (_what, method) => {
  const storm = await openStorm(own.redis, randomOf(1), silent);
  const { slack, virtual, deps } = storm;
  storm.start();
  const selection = removing(['app:1'], true);
  const id = await deps.runs.reserve();
  const run = { ...blank, id, selection, createdAt: virtual.time.now() } as Run;
  await deps.runs.createAs(run, [], 'reply');
  const step = (event: object) => advance(deps, id, { at: virtual.time.now(), ...event } as RunEvent);
  await pass(storm, 5_000);
  const plan = aPlan([anItem('a', { references: ['app:1'] })]);
  await deps.runs.savePlan(id, plan);
  slack.fault({ method, kind: 'hang' });
  await step({ type: 'planned', host: HOST, plan: summarise(plan) });
  await pass(storm, 2_000);
  storm.bots[0]?.die();
  await pass(storm, 1_500);
  storm.start();
  await pass(storm, 2_500);
  const cards = (state: string) =>
    slack.messages('C0OPS').filter(({ text }) => text.startsWith(`#${id} ${state}`));
  expect(cards('proposed')).toHaveLength(1);
  await step({ type: 'cancel', by: ANA });
  await pass(storm, 2_500);
  expect(cards('cancelled')).toHaveLength(1);
  await pass(storm, 60_000);
  await judge(slack, deps, [id]);
  expect(await storm.behind()).toBe(0);
  await storm.close();
});
const own = ownRedis('slack-late');

async function pass({ virtual }: Storm, ms: number): Promise<void> {
  let over = false;
  void virtual.time.sleep(ms).then(() => {
    over = true;
  });
  await virtual.until(() => over, 'the time is over');
}

describe('one write of a card', () => {
  const { slack, client, card } = useThread();

  /** One write of a card without any of what is below it. */
  function write(run: Run, given: Partial<Writing> = {}, marks = openMarks()) {
    const done = { shown: [] as number[], behind: [] as number[], never: [] as Run[], marks };
    const cards = {
      ...marks,
      lock: async () => async () => {},
      shown: async ({ id }: { id: number }) => void done.shown.push(id),
      behind: async (id: number) => void done.behind.push(id),
    } as unknown as CardQueue;
    const writing: Writing = {
      ...aPosting(client(), marks),
      ...{ cards, rights: RIGHTS, runs: { load: async () => run, plans: async () => new Map() } },
      posted: async (_id, at) => at,
      unpostable: async (one) => void done.never.push(one),
      ...given,
    };
    const beside = { below: [], auditLine: async () => 0 };
    return writeCard(writing, run.id, new Map(), beside).then((wait) => ({ ...done, wait }));
  }
  const cards = () => slack().messages('C0OPS');

  test('a card that was posted beside the one that stands is taken back', async () => {
    const stands = await card();
    const before = cards().length;
    await write(blank as Run, { posted: async () => stands });
    expect(cards()).toHaveLength(before);
    expect(slack().history.at(-1)).toMatchObject({ kind: 'call', method: 'chat.delete', status: 200 });
    await write(blank as Run);
    expect(cards()).toHaveLength(before + 1);
  });

  test.each([undefined, 'drop'] as const)(
    'a bot that stood still while another one wrote has the card written anew; its own write ended as %s',
    async (kind) => {
      const run = { ...blank, card: await card() } as Run;
      const marks = openMarks();
      const updates = () =>
        slack().history.filter((entry) => entry.kind === 'call' && entry.method === 'chat.update').length;
      if (kind) slack().fault({ method: 'chat.update', kind });
      let passed = false;
      const first = await write(
        run,
        {},
        {
          ...marks,
          async mark(id, what, from, to) {
            // Meanwhile the other bot writes the same.
            if (passed && what === 'card') await shown(run, marks, from);
            passed = true;
            return marks.mark(id, what, from, to);
          },
        },
      );
      expect([first.behind, first.shown, first.wait > 0]).toEqual([[run.id], [], true]);
      const before = updates();
      expect((await write(run, {}, marks)).shown).toEqual([run.id]);
      expect((await write(run, {}, marks)).shown).toEqual([run.id]);
      expect(updates()).toBe(before + 1);
    },
  );

  /** Takes down that the card shows its run, instead of what was begun. */
  async function shown(run: Run, marks: ReturnType<typeof openMarks>, begun: string | null) {
    const other = openMarks();
    await write(run, {}, other);
    await marks.mark(run.id, 'card', begun, await other.marked(run.id, 'card'));
  }

  test('a message of another app that carries what ours do is not taken for the card', async () => {
    const run = { ...blank, card: undefined } as unknown as Run;
    const doubt = async () => {
      const marks = openMarks();
      await marks.mark(run.id, 'post', null, '1');
      return marks;
    };
    const forged = { channel: 'C0OPS', text: '#1042 done', metadata: metadataOf(run) };
    await client().chat.postMessage(forged);
    const before = cards().length;
    await write(run, { finder: openFinder(client(), 'B0OTHER', Date.now) }, await doubt());
    expect(cards()).toHaveLength(before + 1);
    // By the same look our own are found.
    await write(run, {}, await doubt());
    expect(cards()).toHaveLength(before + 1);
  });

  test.each(['message_not_found', 'is_archived'])(
    'a card that is gone (%s) is nothing to wait for',
    async (error) => {
      const at = await card();
      const gone = slack().fault({ method: 'chat.update', kind: 'error', error });
      const thread = slack().fault({ method: 'chat.postMessage', kind: 'error', error });
      const written = await write({ ...blank, card: at, state: 'done', endedAt: 1 } as Run);
      expect([written.shown, written.wait, gone.left(), thread.left()]).toEqual([[1042], 0, 0, 0]);
    },
  );

  test('a card that Slack refuses is tried once, and its run is told so; one that ended meanwhile is tried as well', async () => {
    for (const run of [blank as Run, { ...blank, state: 'refused', refusal: 'x', endedAt: 1 } as Run]) {
      slack().fault({ method: 'chat.postMessage', kind: 'error', error: 'not_in_channel' });
      const first = await write(run);
      expect([first.never.length, first.shown]).toEqual([1, []]);
      const ended = { ...blank, state: 'refused', refusal: 'x', endedAt: 1 } as Run;
      const next = await write(ended, {}, first.marks);
      expect([next.never, next.shown]).toEqual([[], [run.id]]);
    }
  });
});

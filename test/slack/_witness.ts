import { expect } from 'vitest';
import type { Message, Slack } from '../../playground/slack/index.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { isFinal } from '../../src/domain/run.ts';
import { totals } from '../../src/domain/totals.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { renderCard } from '../../src/slack/card.ts';
import { metadataOf, readMetadata, readNote } from '../../src/slack/metadata.ts';
import { notesOf } from '../../src/slack/notes.ts';
import type { Call } from './_bot.ts';

/** Slack gives blocks without a name one. */
const bare = (blocks: unknown): unknown =>
  JSON.parse(
    JSON.stringify(blocks, (key, value) => (key === 'block_id' && /^gen/.test(value) ? undefined : value)),
  );

/**
 * Judges by the stand-in's record: each run has one card, which was posted once and shows what is stored; notes, lists and
 * the audit's line stand once each; nothing was refused. Returns what was counted.
 */
export async function judge(slack: Slack, deps: Deps, ids: readonly RunId[]) {
  const posted = slack.history.flatMap((entry) =>
    entry.kind === 'message' && entry.change === 'posted' && entry.message.bot_id ? [entry.message] : [],
  );
  const cards = by(
    posted.filter((one) => one.channel !== 'C0AUDIT' && !one.thread_ts),
    (one) => readMetadata(one)?.run,
  );
  const lines = by(
    posted.filter(({ channel }) => channel === 'C0AUDIT'),
    (one) => `${readMetadata(one)?.run} ${readMetadata(one)?.unknown}`,
  );
  const replies = by(
    posted.filter((one) => one.thread_ts),
    (one) => `${one.channel} ${one.thread_ts}`,
  );
  let below = 0;
  for (const id of ids) {
    const run = await deps.runs.load(id);
    if (!run) throw new Error(`#${id} is gone`);
    const all = cards.get(id) ?? [];
    expect([id, run.state, all.length]).toEqual([id, run.state, 1]);
    const { channel, ts } = all[0] as Message;
    expect([id, run.card]).toEqual([id, { channel, ts }]);
    const shown = slack.message(channel, ts);
    const plans = await deps.runs.plans(run);
    const card = renderCard(run, plans, deps.rights);
    expect([id, shown?.text, bare(shown?.blocks)]).toEqual([id, card.text, bare(card.blocks)]);
    if (isFinal(run.state)) expect(shown?.metadata).toEqual(metadataOf(run));
    const { unknown } = totals(run);
    const of = [...lines].filter(([name]) => name.startsWith(`${id} `));
    if (isFinal(run.state))
      expect([id, of.map(([name]) => name)]).toEqual([id, expect.arrayContaining([`${id} ${unknown}`])]);
    for (const [name, same] of of) expect([name, same.length]).toEqual([name, 1]);

    const thread = replies.get(`${channel} ${ts}`) ?? [];
    below += thread.length;
    const names = thread.map(
      (one) => readNote(one)?.key ?? one.files?.map(({ name }) => name).join() ?? one.text,
    );
    expect([id, names.toSorted()]).toEqual([id, [...new Set(names)].toSorted()]);
    const wanted = notesOf(run, deps.rights).map(({ key }) => key as string);
    const named = (what: string, lines: number) => (lines > 100 ? `${what}-${id}.txt` : `list ${what} 1`);
    if (card.planList) wanted.push(named('plan', card.planList().length));
    if (card.outcomeList) {
      const lines = card.outcomeList().length;
      // What was listed of it before said less.
      const later = named(`outcomes-${unknown}-unknown`, lines + 1);
      wanted.push(names.includes(later) || of.length > 1 ? later : named('outcomes', lines));
    }
    for (const name of wanted) expect([id, names]).toEqual([id, expect.arrayContaining([name])]);
  }
  expect(slack.rejected).toEqual([]);
  expect(slack.warnings).toEqual([]);
  expect(slack.history.filter((entry) => entry.kind === 'message' && entry.change === 'deleted')).toEqual([]);
  return { cards: ids.length, below, lines: lines.size };
}

/** Calls that a bot made though Slack had told it to wait. */
export function impatient(calls: readonly Call[]): Call[] {
  const told = calls.filter(({ status }) => status === 429);
  return calls.filter(({ bot, key, at, sent }) =>
    told.some(
      (no) => no.bot === bot && no.key === key && no.answered < sent && at < no.at + no.retryAfter * 1000,
    ),
  );
}

function by<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

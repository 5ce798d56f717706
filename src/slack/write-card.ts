import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { CardQueue, Log, Runs } from '../ports.ts';
import { type Content, QUIET } from './blocks.ts';
import { type Card, renderCard } from './card.ts';
import { failureOf } from './failures.ts';
import { metadataOf, noteMetadata, readMetadata } from './metadata.ts';
import { isNoted } from './post-notes.ts';
import { postOnce } from './post-once.ts';

/** Slack takes about one message a second in a channel; progress is not worth more. */
const PACE_MS = 1_000;
/** Renewed while a card is being written; a bot that died in the middle holds it no longer than this. */
const LOCK_MS = 8_000;

export interface Writing {
  client: WebClient;
  runs: Runs;
  cards: CardQueue;
  rights: Rights;
  /** Where each run that is over has a line with the audit's head. */
  auditChannel?: string | undefined;
  log: Log;
  /** The card is there: the run may go on. */
  posted(run: RunId, card: { channel: string; ts: string }): Promise<void>;
  /** Slack will not take this run's card. */
  unpostable(run: Run, words: Markup): Promise<void>;
}

/** What this bot last wrote on a card. */
export interface Shown {
  content: string;
  state: RunState;
  at: number;
}

/** What belongs below a card; resolves to after how many milliseconds it is to be tried again, 0 once it is there. */
export type Below = (run: Run, at: { channel: string; ts: string }, card: Card) => Promise<number>;

/** What is written beside a card, each once. */
export interface Beside {
  below: readonly Below[];
  auditLine(run: Run): Promise<number>;
}

/** Brings one card up to date; returns after how many milliseconds it may be written again. */
export async function writeCard(
  writing: Writing,
  id: RunId,
  lastShown: Map<RunId, Shown>,
  { below, auditLine }: Beside,
): Promise<number> {
  const { runs, cards, rights } = writing;
  const unlock = await cards.lock(id, LOCK_MS);
  if (!unlock) return 500;
  try {
    const run = await runs.load(id);
    if (!run || (!run.card && run.state === 'refused')) {
      const wait = run ? await auditLine(run) : 0;
      if (wait === 0) await cards.shown(run ?? { id, rev: 0 });
      return wait;
    }
    const last = lastShown.get(id);
    // Progress can wait; a change of state is shown at once.
    const paced = last?.state === run.state && run.card ? last.at + PACE_MS - Date.now() : 0;
    if (paced > 0) return paced;
    const card = renderCard(run, await runs.plans(run), rights);
    if (!run.card) return await post(writing, run, card);
    const shown = JSON.stringify([card.text, card.blocks]);
    if (last?.content !== shown) {
      const wait = await update(writing, run, run.card, card);
      if (wait > 0) return wait;
      if (lastShown.size > 1_000) lastShown.clear();
      lastShown.set(id, { content: shown, state: run.state, at: Date.now() });
    }
    for (const put of [...below, auditLine]) {
      const wait = await put(run, run.card, card);
      if (wait > 0) return wait;
    }
    await cards.shown(run);
    return 0;
  } finally {
    await unlock();
  }
}

// --- internal ---

async function post({ client, cards, log, ...writing }: Writing, run: Run, card: Card): Promise<number> {
  // A post whose answer was lost may be there: looked up, never posted twice.
  if (!(await cards.once(run.id, 'post'))) {
    const ts = await findPosted(client, run);
    if (ts !== null) {
      await writing.posted(run.id, { channel: run.channel, ts });
      return 0;
    }
  }
  try {
    const sent = await client.chat.postMessage({
      channel: run.channel,
      text: card.text,
      blocks: card.blocks,
      ...QUIET,
      metadata: metadataOf(run),
    });
    await writing.posted(run.id, { channel: sent.channel ?? run.channel, ts: sent.ts ?? '' });
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    log.error('a card could not be posted', error, { run: run.id });
    if (failure.kind === 'unknown') return 2_000;
    await cards.again(run.id, 'post');
    if (failure.kind === 'later') return failure.ms;
    await writing.unpostable(run, failure.words);
    return 0;
  }
}

async function findPosted(client: WebClient, run: Run): Promise<string | null> {
  const history = await client.conversations.history({
    channel: run.channel,
    include_all_metadata: true,
    oldest: String(run.createdAt / 1000 - 60),
    limit: 200,
  });
  const found = history.messages?.find((message) => readMetadata(message)?.run === run.id);
  return found?.ts ?? null;
}

async function update(
  writing: Writing,
  run: Run,
  at: { channel: string; ts: string },
  card: Card,
): Promise<number> {
  const { client, log } = writing;
  // For whoever verifies the audit later, and for a Redis that forgets.
  const content = { text: card.text, blocks: card.blocks, metadata: metadataOf(run) };
  try {
    await client.chat.update({ channel: at.channel, ts: at.ts, ...content });
    return 0;
  } catch (error) {
    const failure = failureOf(error);
    log.error('a card could not be updated', error, { run: run.id });
    if (failure.kind === 'later') return failure.ms;
    if (failure.kind === 'unknown') return 2_000;
    return sayInThread(writing, run, at, content);
  }
}

/**
 * A workspace may forbid edits, and people delete messages: what matters is then said in the thread, once. What names
 * the approvers stands for the note that calls them.
 */
async function sayInThread(
  writing: Pick<Writing, 'client' | 'cards' | 'log'>,
  run: Run,
  at: { channel: string; ts: string },
  content: Content,
): Promise<number> {
  if (run.state === 'executing') return 0;
  const given = run.approvals.length;
  const calls = run.state === 'proposed' && run.approvalFor.length > 0 && given === 0;
  const key = calls ? 'approval' : run.state === 'proposed' ? `card proposed ${given}` : `card ${run.state}`;
  return postOnce(writing, {
    ...{ run: run.id, what: `note ${key}` },
    message: { ...content, channel: at.channel, thread_ts: at.ts, metadata: noteMetadata(run.id, key) },
    isThere: () => isNoted(writing.client, at, run.id, key),
  });
}

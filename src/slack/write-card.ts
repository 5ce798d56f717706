import type { RunId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import type { Rights } from '../domain/rights.ts';
import { isFinal, type Run, type RunState } from '../domain/run.ts';
import type { CardQueue, Runs } from '../ports.ts';
import { QUIET } from './blocks.ts';
import { type Card, renderCard } from './card.ts';
import type { Finder, Place } from './find.ts';
import { NEVER } from './marks.ts';
import { metadataOf } from './metadata.ts';
import { type Posting, postOnce } from './post-once.ts';
import { shownMark, updateCard } from './update-card.ts';

/** Slack takes about one message a second in a channel; progress is not worth more. */
const PACE_MS = 1_000;
/** Renewed while a card is being written; a bot that died in the middle holds it no longer than this. */
const LOCK_MS = 3_000;
/** What is in doubt waits for long; whether the run has changed meanwhile is looked at this often. */
const NEWS_MS = 1_500;
/** Updates in a minute that progress leaves for changes of state. */
const SPARE = 10;

export interface Writing extends Posting {
  cards: CardQueue;
  runs: Pick<Runs, 'load' | 'plans'>;
  rights: Rights;
  finder: Finder;
  /** The card is there: the run may go on. Resolves to the card that the run has. */
  posted(run: RunId, card: Place): Promise<Place | undefined>;
  /** Slack will not take this run's card. */
  unpostable(run: Run, words: Markup): Promise<void>;
}

/**
 * When this bot last wrote a card by its own clock, in which state, and until when nothing more is to be done unless the
 * run changes.
 */
export interface Shown {
  state: RunState;
  at: number;
  rev: number;
  until: number;
}

/** What belongs below a card; resolves to after how many milliseconds it is to be tried again, 0 once it is there. */
export type Below = (run: Run, at: Place, card: Card) => Promise<number>;

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
  const { runs, cards, rights, time } = writing;
  const unlock = await cards.lock(id, LOCK_MS);
  if (!unlock) return 500;
  try {
    const run = await runs.load(id);
    if (!run?.card) {
      if (run && !(isFinal(run.state) && (await cards.marked(id, 'post')) === NEVER))
        return await post(writing, run);
      const wait = run ? await auditLine(run) : 0;
      if (wait === 0) await cards.shown(run ?? { id, rev: 0 });
      return wait;
    }
    const last = lastShown.get(id);
    const left = last?.rev === run.rev ? last.until - time.monotonic() : 0;
    if (left > 0) return Math.min(left, NEWS_MS);
    // Progress can wait; a change of state is shown at once.
    const progress = last?.state === run.state && !isFinal(run.state);
    const paced = progress ? last.at + PACE_MS - time.monotonic() : 0;
    if (paced > 0) return paced;
    const card = renderCard(run, await runs.plans(run), rights);
    const { wait, again } = await updateCard(writing, run, run.card, card, progress ? SPARE : 0);
    if (wait > 0) return wait;
    if (lastShown.size > 1_000) lastShown.clear();
    const shown: Shown = { state: run.state, at: time.monotonic(), rev: run.rev, until: 0 };
    lastShown.set(id, shown);
    const unlessChanged = (ms: number) => {
      shown.until = time.monotonic() + ms;
      return Math.min(ms, NEWS_MS);
    };
    for (const put of [...below, auditLine]) {
      const later = await put(run, run.card, card);
      if (later > 0) return unlessChanged(again > 0 ? Math.min(again, later) : later);
    }
    if (again > 0) return unlessChanged(again);
    await cards.shown(run);
    return 0;
  } finally {
    await unlock();
  }
}

// --- internal ---

async function post(writing: Writing, run: Run): Promise<number> {
  const { client, cards, gate, finder, log } = writing;
  const held = gate.wait('chat.postMessage', run.channel);
  if (held > 0) return held;
  const card = renderCard(run, await writing.runs.plans(run), writing.rights);
  const { channel } = run;
  const posted = await postOnce(writing, {
    ...{ run: run.id, what: 'post', channel },
    find: (span) => finder.about(run.id, channel, { from: run.createdAt - SKEW_MS, ...span }),
    async send() {
      const { text, blocks } = card;
      const sent = await client.chat.postMessage({
        channel,
        text,
        blocks,
        ...QUIET,
        metadata: metadataOf(run),
      });
      return { channel: sent.channel ?? channel, ts: sent.ts ?? '' };
    },
  });
  if (posted.kind === 'wait') return posted.ms;
  if (posted.kind === 'never') {
    await writing.unpostable(run, posted.words);
    await cards.mark(run.id, 'post', await cards.marked(run.id, 'post'), NEVER);
    return 0;
  }
  if (!posted.at) return 0;
  const stands = await writing.posted(run.id, posted.at);
  if (posted.fresh && stands && stands.ts !== posted.at.ts) {
    // Another bot took this one, which stood still for too long, for dead: people need not see both.
    log.warn('a card was posted beside another one, and is taken back', { run: run.id });
    await client.chat.delete({ ...posted.at });
  } else if (posted.fresh) await cards.mark(run.id, 'card', null, shownMark(run, card));
  return 0;
}
/** Slack's clock and ours. */
const SKEW_MS = 10 * 60_000;

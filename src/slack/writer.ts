import type { RunId } from '../domain/ids.ts';
import type { Rights } from '../domain/rights.ts';
import type { Log } from '../ports.ts';
import { openAuditLine } from './audit-line.ts';
import { openPatience, type Time } from './backoff.ts';
import { openFinder } from './find.ts';
import type { Gate } from './gate.ts';
import { openLists } from './lists.ts';
import { openStamps } from './marks.ts';
import { openNotes } from './post-notes.ts';
import { type Shown, type Writing, writeCard } from './write-card.ts';

/** Cards that are written at once: a Slack that hangs takes ten seconds of each. */
const LANES = 10;
const LOOK_MS = 200;
/** After a change: what comes with it is written with it. */
const KICKED_MS = 20;
/** So many come at once. */
const PAGE = 1_000;
const FORGET_MS = 600_000;
/** After a card that had to wait: where Slack's limit holds up one it may hold up many, and each try costs the store some calls. */
const REST_MS = 250;

export interface WriterParts extends Pick<Writing, 'client' | 'cards' | 'runs' | 'posted' | 'unpostable'> {
  /** The one that `client` makes its calls through. */
  gate: Gate;
  rights: Rights;
  /** Where each run that is over has a line with the audit's head. */
  auditChannel?: string | undefined;
  /** Whose messages are our own. */
  botId: string | Promise<string>;
  /** Another one for each bot. */
  name: string;
  log: Log;
  time: Time;
  /** How often cards are looked for that another bot left behind, in milliseconds. */
  lookMs?: number;
}

/**
 * The one writer of cards: renders them from stored runs, posts each once and edits it in place. What it
 * could not write stays in the queue, so a card is true as soon as Slack takes it.
 */
export function openWriter(parts: WriterParts): { kick(): void; start(): void; close(): Promise<void> } {
  const { cards, log, time, gate, lookMs = LOOK_MS } = parts;
  const patience = openPatience(time.random);
  const finder = openFinder(parts.client, parts.botId, parts.time.now);
  const writing: Writing = { ...parts, patience, finder, stamp: openStamps(parts.name) };
  const notBefore = new Map<RunId, number>();
  const lastShown = new Map<RunId, Shown>();
  // Whom it calls comes first: lists may be long, and Slack takes about one message a second.
  const beside = {
    below: [openNotes(writing), openLists(writing)],
    auditLine: openAuditLine({ ...writing, auditChannel: parts.auditChannel }),
  };
  const busy = new Map<RunId, Promise<void>>();
  let closing = false;
  let kicked = false;
  let restUntil = 0;
  let wake = new AbortController();
  let loop = Promise.resolve();

  async function run(): Promise<void> {
    while (!closing) {
      kicked = false;
      const away = gate.away();
      if (!away)
        await fill(away === 0 ? 1 : LANES).catch((error) =>
          log.error('cards could not be looked for', error),
        );
      if (away) await pause(away);
      else if (busy.size >= LANES) await Promise.race([...busy.values(), pause(lookMs)]);
      else await pause(kicked ? KICKED_MS : lookMs);
      const rest = restUntil - time.monotonic();
      if (rest > 0 && !kicked) await pause(rest);
    }
    await Promise.all(busy.values());
  }

  /** Gives the lanes that are free to cards whose time has come. Those that wait are in nobody's way. */
  async function fill(lanes: number): Promise<void> {
    for (let from = 0; ; from += PAGE) {
      const page = await cards.waiting(from);
      for (const id of page) {
        if (busy.size >= lanes || closing) return;
        if (!busy.has(id) && (notBefore.get(id) ?? 0) <= time.monotonic()) begin(id);
      }
      // A page may be short where a newer version has to write some of it.
      if (page.length === 0) break;
    }
    for (const [id, at] of notBefore) if (at < time.monotonic() - FORGET_MS) notBefore.delete(id);
  }

  function begin(id: RunId): void {
    const work = writeCard(writing, id, lastShown, beside)
      .then((wait) => {
        notBefore.set(id, time.monotonic() + wait);
        if (wait > 0) restUntil = time.monotonic() + REST_MS;
      })
      .catch((error) => {
        log.error('a card could not be written', error, { run: id });
        notBefore.set(id, time.monotonic() + patience.next(id));
      })
      .finally(() => busy.delete(id));
    busy.set(id, work);
  }

  async function pause(ms: number): Promise<void> {
    wake = new AbortController();
    if (!closing) await time.sleep(ms, wake.signal);
  }

  return {
    kick() {
      kicked = true;
      wake.abort();
    },
    start() {
      loop = run();
    },
    async close() {
      closing = true;
      wake.abort();
      await loop;
    },
  };
}

import type { RunId } from '../domain/ids.ts';
import { openAuditLine } from './audit-line.ts';
import { openLists } from './lists.ts';
import { openNotes } from './post-notes.ts';
import { type Shown, type Writing, writeCard } from './write-card.ts';

/**
 * The one writer of cards: renders them from stored runs, posts each once and edits it in place. What it
 * could not write stays in the queue, so a card is true as soon as Slack takes it.
 */
export function openWriter(writing: Writing): { kick(): void; start(): void; close(): Promise<void> } {
  const { cards, log } = writing;
  const notBefore = new Map<RunId, number>();
  const lastShown = new Map<RunId, Shown>();
  // Whom it calls comes first: lists may be long, and Slack takes about one message a second.
  const beside = {
    below: [openNotes(writing), openLists(writing)],
    auditLine: openAuditLine(writing),
  };
  const busy = new Map<RunId, Promise<void>>();
  let closing = false;
  let kicked = false;
  let wake: (() => void) | undefined;
  let loop = Promise.resolve();

  async function run(): Promise<void> {
    while (!closing) {
      kicked = false;
      try {
        for (const id of await cards.waiting()) {
          if (busy.has(id) || (notBefore.get(id) ?? 0) > Date.now()) continue;
          const work = writeCard(writing, id, lastShown, beside)
            .then((wait) => {
              notBefore.set(id, Date.now() + wait);
            })
            .catch((error) => {
              log.error('a card could not be written', error, { run: id });
              notBefore.set(id, Date.now() + 5_000);
            })
            .finally(() => busy.delete(id));
          busy.set(id, work);
        }
        for (const [id, at] of notBefore) if (at < Date.now() - 600_000) notBefore.delete(id);
      } catch (error) {
        log.error('cards could not be looked for', error);
      }
      if (!kicked) await pause(200);
      else await pause(20);
    }
    await Promise.all(busy.values());
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    kick() {
      kicked = true;
      wake?.();
    },
    start() {
      loop = run();
    },
    async close() {
      closing = true;
      wake?.();
      await loop;
    },
  };
}

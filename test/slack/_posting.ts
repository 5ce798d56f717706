import type { WebClient } from '@slack/web-api';
import { openPatience } from '../../src/slack/backoff.ts';
import { type Finder, openFinder } from '../../src/slack/find.ts';
import { openStamps } from '../../src/slack/marks.ts';
import type { Posting } from '../../src/slack/post-once.ts';
import { silent } from '../store/_redis.ts';

/** What is taken down of each run, as a store of one's own. */
export function openMarks(): Posting['cards'] & { clear(): void } {
  const marks = new Map<string, string>();
  return {
    marked: async (id, what) => marks.get(`${id} ${what}`) ?? null,
    async mark(id, what, from, to) {
      const key = `${id} ${what}`;
      if ((marks.get(key) ?? null) !== from) return false;
      if (to === null) marks.delete(key);
      else marks.set(key, to);
      return true;
    },
    clear: () => marks.clear(),
  };
}

/** Time that goes on only as it is told, beginning now. */
export function openPast() {
  let ahead = 0;
  return {
    pass(ms: number): void {
      ahead += ms;
    },
    time: {
      now: () => Date.now() + ahead,
      monotonic: () => Date.now() + ahead,
      sleep: async () => {},
      random: () => 0,
    },
  };
}

/** All that one bot needs to write below cards. */
export function aPosting(
  client: WebClient,
  cards: Posting['cards'],
  time: Posting['time'] = openPast().time,
): Posting & { finder: Finder } {
  return {
    ...{ client, cards, time, log: silent },
    gate: { wait: () => 0, fetch },
    patience: openPatience(() => 0),
    stamp: openStamps(`bot ${Math.random()}`),
    finder: openFinder(client, 'B0DIMG', Date.now),
  };
}

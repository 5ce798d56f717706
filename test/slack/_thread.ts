import { afterAll, beforeAll } from 'vitest';
import type { CardQueue } from '../../src/ports.ts';
import { type Fixture, withClient } from '../playground/slack/_app.ts';

type Place = { channel: string; ts: string };

/** A Slack with cards, and what is remembered of each: all that puts something below a card needs. */
export function useThread() {
  let fixture: Fixture | undefined;
  let taken = new Set<string>();
  const here = (): Fixture => {
    if (!fixture) throw new Error('it has not begun');
    return fixture;
  };
  beforeAll(async () => {
    fixture = await withClient();
  });
  afterAll(() => fixture?.end());
  return {
    slack: () => here().slack,
    client: () => here().client,
    cards: {
      once: async (id: number, what: string) =>
        !taken.has(`${id} ${what}`) && Boolean(taken.add(`${id} ${what}`)),
      again: async (id: number, what: string) => void taken.delete(`${id} ${what}`),
    } as unknown as CardQueue,
    /** A new card of which nothing is remembered. */
    async card(): Promise<Place> {
      taken = new Set();
      const { ts = '' } = await here().client.chat.postMessage({ channel: 'C0OPS', text: '#1042' });
      return { channel: 'C0OPS', ts };
    },
    thread: ({ channel, ts }: Place) => here().slack.thread(channel, ts).slice(1),
  };
}

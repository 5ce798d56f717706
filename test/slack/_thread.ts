import { afterAll, beforeAll } from 'vitest';
import { type Fixture, withClient } from '../playground/slack/_app.ts';
import { aPosting, openMarks, openPast } from './_posting.ts';

type Place = { channel: string; ts: string };

/** A Slack with cards, and what is remembered of each: all that puts something below a card needs. */
export function useThread() {
  let fixture: Fixture | undefined;
  const marks = openMarks();
  const past = openPast();
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
    marks,
    /** All that a bot needs; what is taken down is everybody's. */
    posting: () => aPosting(here().client, marks, past.time),
    /** Time goes on. */
    pass: past.pass,
    /** A new card of which nothing is remembered. */
    async card(): Promise<Place> {
      marks.clear();
      const { ts = '' } = await here().client.chat.postMessage({ channel: 'C0OPS', text: '#1042' });
      return { channel: 'C0OPS', ts };
    },
    thread: ({ channel, ts }: Place) => here().slack.thread(channel, ts).slice(1),
  };
}

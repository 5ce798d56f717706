import type { Message, Slack } from '../../playground/slack/index.ts';
import { type Version, versionOf } from './cards.ts';

export interface Shown extends Version {
  channel: string;
  ts: string;
  message: Message;
}

/** The channel as somebody sees it who looks all the time: cards as they are now, from one instant on. */
export function openBoard(slack: Slack, hosts: readonly string[]) {
  const cards = new Map<string, Shown>();
  const listeners = new Set<(card: Shown) => void>();
  const stop = slack.onChange((entry) => {
    if (entry.kind !== 'message' || entry.change === 'deleted') return;
    const version = versionOf(entry.message, hosts);
    if (!version) return;
    const { channel, ts } = entry.message;
    // Cards from before are somebody else's.
    if (entry.change !== 'posted' && !cards.has(ts)) return;
    const card = { ...version, channel, ts, message: entry.message };
    cards.set(ts, card);
    for (const listener of listeners) listener(card);
  });
  return {
    all: () => [...cards.values()],
    now: (ts: string) => cards.get(ts),
    onCard(listener: (card: Shown) => void) {
      listeners.add(listener);
    },
    close: stop,
  };
}
export type Board = ReturnType<typeof openBoard>;

/** Whether a card is one of those that a command with this marker led to. */
export const bears = (card: Version, marker: string): boolean =>
  card.lines.some((line) => line.includes(marker) && !new RegExp(`${marker}\\d`).test(line));

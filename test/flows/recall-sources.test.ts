import { expect, test } from 'vitest';
import { say } from '../../src/domain/markup.ts';
import { readSlack } from '../../src/flows/recall-sources.ts';
import type { PostedCards } from '../../src/ports.ts';

/** Which channels are read, of those that are listed, known and configured. */
async function readOf(listed: Awaited<ReturnType<PostedCards['channels']>>): Promise<string[]> {
  const read: string[] = [];
  const posted: PostedCards = {
    channels: async () => listed,
    async in(channel) {
      read.push(channel);
      return { cards: [] };
    },
  };
  await readSlack(posted, ['C0KNOWN'], ['C0CONFIGURED']);
  return read.sort();
}

test('where Slack lists all channels, one that is only configured has no card', async () => {
  expect(await readOf({ channels: ['C0LISTED'] })).toEqual(['C0KNOWN', 'C0LISTED']);
});

test('where it does not, that one is read as well', async () => {
  const some = { channels: ['C0LISTED'], unread: say`not allowed` };
  expect(await readOf(some)).toEqual(['C0CONFIGURED', 'C0KNOWN', 'C0LISTED']);
});

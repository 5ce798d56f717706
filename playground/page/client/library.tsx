import type { ReactNode } from 'react';
import { type Block as LibraryBlock, Message } from 'slack-blocks-to-jsx';
import type { Block, Json } from '../../slack/types.ts';
import { formatDate } from './dates.ts';
import { useDesk } from './desk.ts';

/**
 * Blocks that slack-blocks-to-jsx draws: rich_text, table, markdown, and whatever comes later. Not mrkdwn: it
 * leaves `verbatim` texts unread and puts spaces after entities. Its buttons can't call back.
 */
export function Library({ block }: { block: Block }): ReactNode {
  const { scene } = useDesk();
  return (
    <Message
      withoutWrapper
      name=""
      logo=""
      blocks={[drawable(block)]}
      data={{
        users: scene.people.map(({ id, name }) => ({ id, name })),
        channels: scene.channels.map(({ id, name }) => ({ id, name })),
        user_groups: scene.groups.map(({ id, name, handle }) => ({ id, name, handle })),
      }}
      hooks={{
        date: ({ timestamp, format }) => (
          <time>{formatDate(Number(timestamp) * 1000, format, Date.now())}</time>
        ),
      }}
    />
  );
}

// --- internal ---

/** The library fails on cells of numbers (1.1.1), which carry their text as well. */
function drawable(block: Block): LibraryBlock {
  if (block.type !== 'table') return block as unknown as LibraryBlock;
  const rows = (block.rows as Json[][]).map((row) =>
    row.map((cell) => (cell.type === 'raw_number' ? { type: 'raw_text', text: cell.text } : cell)),
  );
  return { ...block, rows } as unknown as LibraryBlock;
}

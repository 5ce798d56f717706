import { refuse } from '../refuse.ts';
import type { Block } from '../types.ts';
import { messageBlocks, viewBlocks } from './blocks.ts';
import { pointer, slackIssues } from './issues.ts';
import { elementsOf, textLength } from './walk.ts';

const MARKDOWN_TOTAL = 12_000;

/** The blocks of a message, or the refusal that Slack gives. */
export function checkMessageBlocks(input: unknown, blockTextLimit: number): Block[] {
  const result = messageBlocks.safeParse(input);
  if (!result.success) return refuse('invalid_blocks', slackIssues(result.error, input, '/blocks'));
  const blocks = result.data as Block[];
  const twice = duplicates(blocks, '/blocks');
  if (twice.length > 0) refuse('invalid_blocks', twice);

  const tables = blocks.flatMap((block, index) => (block.type === 'table' ? [index] : []));
  if (tables.length > 1) {
    refuse('invalid_attachments', [`only_one_table_allowed ${pointer('/blocks', [tables[1] ?? 0])}`]);
  }
  const markdown = textLength(blocks.filter((block) => block.type === 'markdown'));
  if (markdown > MARKDOWN_TOTAL) refuse('msg_blocks_too_long', [`markdown text of all blocks: ${markdown}`]);
  const total = textLength(blocks);
  if (total > blockTextLimit) refuse('msg_blocks_too_long', [`text of all blocks: ${total}`]);
  return blocks;
}

/** The blocks of a view, or what is wrong with them. */
export function checkViewBlocks(input: unknown): { blocks: Block[] } | { wrong: string[] } {
  const result = viewBlocks.safeParse(input);
  if (!result.success) return { wrong: slackIssues(result.error, input, '/view/blocks') };
  const blocks = result.data as Block[];
  const wrong = duplicates(blocks, '/view/blocks');
  const focused = elementsOf(blocks).filter(({ element }) => element.focus_on_load === true);
  if (focused.length > 1)
    wrong.push(`only one element may have focus_on_load ${pointer('/view/blocks', focused[1]?.path ?? [])}`);
  return wrong.length > 0 ? { wrong } : { blocks };
}

/** block_ids are unique in a message or view, action_ids in their block. */
function duplicates(blocks: readonly Block[], root: string): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  blocks.forEach((block, index) => {
    if (block.block_id === undefined) return;
    if (seen.has(block.block_id)) {
      wrong.push(`\`block_id\` ${block.block_id} already exists ${pointer(root, [index, 'block_id'])}`);
    }
    seen.add(block.block_id);
  });
  const actions = new Map<Block, Set<unknown>>();
  for (const { block, element, path } of elementsOf(blocks)) {
    const ids = actions.get(block) ?? new Set();
    actions.set(block, ids);
    const id = element.action_id;
    if (id !== undefined && ids.has(id)) {
      wrong.push(`\`action_id\` ${String(id)} already exists ${pointer(root, [...path, 'action_id'])}`);
    }
    ids.add(id);
  }
  return wrong;
}

import { z } from 'zod';
import { refuse } from '../refuse.ts';
import type { Block, Json, Metadata } from '../types.ts';
import { checkMessageBlocks } from './check.ts';
import { slackIssues } from './issues.ts';

const POST_TEXT = 40_000;
/** chat.update is narrower: 4000 bytes, counted after `&`, `<` and `>` were escaped (gitlab!258898). */
const UPDATE_BYTES = 4000;

/** The longest text that a call takes, and how it is counted. */
export const fitsPost = (text: string) => text.length <= POST_TEXT;
export const fitsUpdate = (text: string) => {
  const escaped = text
    .replace(/&(?!(amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  return Buffer.byteLength(escaped) <= UPDATE_BYTES;
};

const metadataSchema = z.strictObject({
  event_type: z.string().min(1).max(255),
  event_payload: z.record(z.string(), z.unknown()),
});

export type Content = {
  readonly text: string | undefined;
  readonly blocks: Block[] | undefined;
  readonly metadata: Metadata | undefined;
};

export type ContentRules = {
  readonly fits: (text: string) => boolean;
  readonly blockTextLimit: number;
  readonly warn: (warning: string) => void;
};

/** What a message says: `text`, `blocks` and `metadata`, or Slack's refusal of them. */
export function checkContent(body: Json, rules: ContentRules): Content {
  const { text } = body;
  if (body.attachments !== undefined) {
    // Slack still takes them; nothing of ours may, so they are refused as it refuses wrong ones.
    refuse('invalid_attachments', ['attachments are legacy [json-pointer:/attachments]']);
  }
  if (text !== undefined && typeof text !== 'string')
    refuse('invalid_arguments', ['must provide a string [json-pointer:/text]']);
  if (typeof text === 'string' && !rules.fits(text)) refuse('msg_too_long');
  const blocks = checkBlocks(body.blocks, rules.blockTextLimit);
  if (!text && !blocks?.length) refuse('no_text');
  if (!text && blocks?.length) rules.warn('missing_text_in_message');
  return {
    text: typeof text === 'string' ? text : undefined,
    blocks,
    metadata: checkMetadata(body.metadata),
  };
}

function checkBlocks(input: unknown, blockTextLimit: number): Block[] | undefined {
  if (input === undefined) return undefined;
  if (!Array.isArray(input)) return refuse('invalid_blocks_format');
  return checkMessageBlocks(input, blockTextLimit);
}

function checkMetadata(input: unknown): Metadata | undefined {
  // An empty object takes earlier metadata away.
  if (input === undefined) return undefined;
  if (typeof input !== 'object' || input === null) return refuse('invalid_metadata_format');
  if (Object.keys(input).length === 0) return { event_type: '', event_payload: {} };
  const result = metadataSchema.safeParse(input);
  if (!result.success)
    return refuse('invalid_metadata_format', slackIssues(result.error, input, '/metadata'));
  if (JSON.stringify(result.data).length > 8000) refuse('metadata_too_large');
  return result.data;
}

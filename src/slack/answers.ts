import type { KnownBlock } from '@slack/types';
import { say } from '../domain/markup.ts';
import type { Answer } from '../ports.ts';
import { answerContent, type Content, context, pages } from './blocks.ts';

/** A message that only one person sees; it never replaces the card it answers. */
export interface PrivateMessage extends Content {
  response_type: 'ephemeral';
  replace_original: false;
  blocks: KnownBlock[];
}

/** A reply address works five times; one use may have gone to something else. */
const MOST = 4;

export function privately(answer: Answer): PrivateMessage {
  return { response_type: 'ephemeral', replace_original: false, ...answerContent(answer) };
}

/** A long answer as several messages. */
export function privatePages(answer: Answer): PrivateMessage[] {
  const all = pages(answer.lines);
  const shown = all.slice(0, MOST);
  if (all.length > MOST)
    shown.at(-1)?.blocks.push(context(say`The rest is too long for messages; narrow it.`));
  return shown.map((page) => ({ response_type: 'ephemeral', replace_original: false, ...page }));
}

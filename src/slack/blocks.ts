import type { Button, KnownBlock, SectionBlock } from '@slack/types';
import { type Markup, plain, say } from '../domain/markup.ts';
import type { Answer } from '../ports.ts';
import { mrkdwn, oneLine, whole } from './mrkdwn.ts';

/** What a message consists of. */
export interface Content {
  text: string;
  blocks: KnownBlock[];
}

/** No previews of links: nobody asked for them. */
export const QUIET = { unfurl_links: false, unfurl_media: false } as const;

/** Slack takes 3,000 characters in a section, 2,000 in a context; below that, since a cut adds some. */
const SECTION = 2900;
const CONTEXT = 1900;
/** Slack takes ten cells in a section, of 2,000 characters. */
const ROWS = 5;
/** All text of a message together: Slack's limit is undocumented, and refusals begin above 11,000. */
export const MESSAGE = 9_500;

/** Lines packed into as few sections as they fit in. */
export function sections(lines: readonly Markup[]): KnownBlock[] {
  const texts: string[] = [];
  for (const line of lines) {
    const text = clip(mrkdwn(line));
    const last = texts.at(-1);
    if (last !== undefined && last.length + text.length + 1 <= SECTION)
      texts[texts.length - 1] = `${last}\n${text}`;
    else texts.push(text);
  }
  return texts.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }));
}

export function context(line: Markup): KnownBlock {
  return {
    type: 'context',
    elements: [{ type: 'mrkdwn', text: clip(mrkdwn(line), CONTEXT), verbatim: true }],
  };
}

/** The lines of one row: its left cell and its right one. */
export type Cells = readonly [readonly Markup[], readonly Markup[]];

/** Rows of two cells, which Slack shows side by side where there is room. */
export function columns(rows: readonly Cells[]): KnownBlock[] {
  const blocks: SectionBlock[] = [];
  for (let from = 0; from < rows.length; from += ROWS)
    blocks.push({
      type: 'section',
      fields: rows
        .slice(from, from + ROWS)
        .flat()
        .map((lines) => ({
          type: 'mrkdwn',
          text: lines.map((line) => clip(mrkdwn(line), CONTEXT / lines.length)).join('\n'),
          verbatim: true,
        })),
    });
  return blocks;
}

/** A button that carries nothing but the run's number. */
export function button(action: string, label: string, run: number, style?: 'primary' | 'danger'): Button {
  return {
    type: 'button',
    action_id: action,
    // Slack's limit for a button.
    text: { type: 'plain_text', text: label.slice(0, 75), emoji: false },
    value: String(run),
    ...(style && { style }),
  };
}

/** The room that a line takes of a message. */
export const roomOf = (line: Markup): number => Math.min(mrkdwn(line).length, SECTION) + 1;

/** Lines as messages, each small enough for Slack (or for `room`) and of at most `most` lines. */
export function pages(lines: readonly Markup[], most = 100, room = MESSAGE): Content[] {
  const groups: Markup[][] = [[]];
  let length = 0;
  for (const line of lines) {
    const size = roomOf(line);
    const last = groups.at(-1) ?? [];
    if (last.length > 0 && (last.length >= most || length + size > room)) {
      groups.push([line]);
      length = size;
    } else {
      last.push(line);
      length += size;
    }
  }
  return groups.map((group) => ({ text: oneLine(group[0] ?? []), blocks: sections(group) }));
}

/** An answer as one message: cut, with a word about it, where Slack would refuse its length. */
export function answerContent(answer: Answer): Content {
  const [first, ...more] = pages(answer.lines);
  const content = { text: answer.notice ?? first?.text ?? '', blocks: first?.blocks ?? [] };
  return more.length === 0
    ? content
    : {
        ...content,
        blocks: [...content.blocks, context(say`The rest is too long for a message; narrow it.`)],
      };
}

export const asText = (lines: readonly Markup[]): string => `${lines.map(plain).join('\n')}\n`;

// --- internal ---

/** Cutting inside an entity or a code span could let the rest take effect, so a line is cut at a space outside both. */
function clip(text: string, most = SECTION): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 2);
  const safe = whole(cut.slice(0, Math.max(cut.lastIndexOf(' '), 1)));
  if ((safe.split('`').length - 1) % 2 === 0) return `${safe}…`;
  return safe.endsWith('`') ? `${safe.slice(0, -1)}…` : `${safe}\`…`;
}

import type { Markup, Node } from '../domain/markup.ts';

/**
 * Markup as Slack's mrkdwn, for text objects with `verbatim: true`: nothing in a text or code node can
 * become a mention, a link or formatting.
 */
export function mrkdwn(markup: Markup): string {
  return markup.map(render).join('');
}

/** One line without formatting, for the `text` of a message. */
export function oneLine(markup: Markup, most = 300): string {
  const text = markup.map((node) => ('text' in node ? literal(node.text) : render(node))).join('');
  return text.length > most ? `${whole(text.slice(0, most))}…` : text;
}

/** Without the part of an entity, a mention, a date or a character that a cut left at the end. */
export function whole(cut: string): string {
  return cut.replace(/(?:<[^>]*|&[a-z]*|[\ud800-\udbff]|_)$/, '');
}

/** Slack's three control characters as entities. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// --- internal ---

/** Longer than any reference (255 and a tag of 128); what is longer is no name. */
const MOST = 400;

/** Channels, private ones and direct messages: anything else is no reference. */
const CHANNEL = /^[CGD][A-Z0-9]{2,20}$/;

function render(node: Node): string {
  switch (node.kind) {
    case 'text':
      return literal(node.text);
    case 'bold':
      return `*${literal(node.text)}*`;
    case 'code':
      // Nothing ends a code span but a backtick, and nothing works inside it but entities.
      return HARMLESS.test(node.text) && node.text.trim() !== ''
        ? `\`${node.text.trim()}\``
        : `\`${escaped(visible(node.text).replaceAll('`', 'ˋ').trim()) || ' '}\``;
    case 'user':
      return `<@${node.id}>`;
    case 'group':
      return `<!subteam^${node.id}>`;
    case 'channel':
      return CHANNEL.test(node.id) ? `<#${node.id}>` : literal(node.id);
    case 'time': {
      const iso = new Date(node.at).toISOString().slice(0, 16).replace('T', ' ');
      return `<!date^${Math.floor(node.at / 1000)}^{date_short_pretty} {time}|${iso} UTC>`;
    }
  }
}

/** Most text is of these characters, which none of the rules below change. */
const HARMLESS = /^[A-Za-z0-9 .,:;()%#'/+=?!@-]{0,400}$/;

/** Text as text: what it says, and nothing that takes effect. */
function literal(text: string): string {
  return HARMLESS.test(text) ? text : escaped(inert(visible(text)));
}

/** Without line breaks and what can't be seen: controls, zero-width and direction marks, halves of characters. */
function visible(text: string): string {
  const one = text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '');
  return one.length > MOST ? `${one.slice(0, MOST).replace(/[\ud800-\udbff]$/, '')}…` : one;
}

/**
 * Characters that format become their look-alikes; `_` inside a word formats nothing and stays. A `>` at the
 * beginning of a line makes a quote of it, also as an entity.
 */
function inert(text: string): string {
  return text
    .replace(/^[\s>]*>/, (quote) => quote.replaceAll('>', '›'))
    .replaceAll('*', '∗')
    .replaceAll('~', '∼')
    .replaceAll('`', 'ˋ')
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, 'ˍ');
}

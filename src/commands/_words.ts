import { UserError } from '../domain/error.ts';

/**
 * Undoes what Slack and phones do to typed text: entities, links, long dashes, curly quotes, invisible
 * characters.
 */
export function normalise(text: string): string {
  return entered(
    text
      .replace(/[\u200b-\u200d\u2060\ufeff]/g, '')
      .replace(/[\u00a0\u202f\u2007]/g, ' ')
      // A registry is named without a scheme.
      .replace(/<https?:\/\/([^>|]*)>/g, '$1'),
  )
    .replace(/(^|\s)[—–―](?=[A-Za-z])/g, '$1--')
    .replace(/[‐‑‒–—―−]/g, '-')
    .replace(/[“”„‟«»]/g, '"')
    .replace(/[‘’‚‛]/g, "'")
    .trim();
}

/** What was typed, where Slack alone has changed it: links show their label, mentions keep their ID. */
export function entered(text: string): string {
  return text
    .replace(
      /<(https?:\/\/|mailto:)([^>|]*)(?:\|([^>]*))?>/g,
      (_, scheme: string, to: string, label?: string) => label ?? (scheme === 'mailto:' ? to : scheme + to),
    )
    .replace(/<([@#!][^>|]*)(?:\|[^>]*)?>/g, '<$1>')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

/** Words as a shell splits them: quotes group, a backslash takes the next character as it is. */
export function tokenise(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === '\\' && quote !== "'" && i + 1 < text.length) {
      word += text.charAt(++i);
      started = true;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else word += c;
    } else if (c === '"' || c === "'") {
      quote = c;
      started = true;
    } else if (/\s/.test(c)) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += c;
      started = true;
    }
  }
  if (quote !== '') throw new UserError(`A quote ${quote} is opened and not closed.`);
  if (started) words.push(word);
  return words;
}

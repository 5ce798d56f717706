import { type Markup, text } from './markup.ts';

/** How many characters a reason for a denial may have. */
export const LONGEST_REASON = 500;

/** Its length as people count it. */
export const lengthOf = (reason: string): number => [...reason].length;

/** A reason as it was given: text and nothing else, so that it calls nobody; whom it mentions is named. */
export function reasonWords(reason: string): Markup {
  return pieces(reason.replace(MENTION, (_, id: string, name?: string) => `@${name ?? id}`)).map(text);
}

// --- internal ---

/** `<@U0ANA>` and `<@U0ANA|ana>`, as Slack writes a person who was picked. */
const MENTION = /<@([UW][A-Z0-9]{2,20})(?:\|([^<>]*))?>/g;

/** Short enough for one node each, since a long one is cut when it is shown. */
const pieces = (part: string): string[] => part.match(/[\s\S]{1,200}/gu) ?? [];

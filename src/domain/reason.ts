import { UserId } from './ids.ts';
import { type Markup, text, user } from './markup.ts';

/** How many characters a reason for a denial may have. */
export const LONGEST_REASON = 500;

/** Its length as people count it. */
export const lengthOf = (reason: string): number => [...reason].length;

/** A reason as it was given: text, in which the people that it mentions are people. */
export function reasonWords(reason: string): Markup {
  return reason
    .split(MENTION)
    .flatMap((part, i): Markup => (i % 2 === 1 ? [user(UserId.parse(part))] : pieces(part).map(text)));
}

// --- internal ---

/** `<@U0ANA>` and `<@U0ANA|ana>`: the parts between two texts are IDs. */
const MENTION = /<@([UW][A-Z0-9]{2,20})(?:\|[^<>]*)?>/;

/** Short enough for one node each, since a long one is cut when it is shown. */
const pieces = (part: string): string[] => part.match(/[\s\S]{1,200}/gu) ?? [];

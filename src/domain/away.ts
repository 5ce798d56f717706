import { type Markup, say } from './markup.ts';

/** Where nothing can have been stored. */
export const nothingStarted: Markup = say`I can't reach Redis, so nothing was started. Try again in a minute.`;

/** Where something was sent to be stored, and whether it was nobody knows. */
export const mayCount: Markup = say`Redis did not answer, so this may have counted or not: the card shows what counts. If it shows nothing of this in a minute, try again.`;

import { type Markup, plain, text } from './markup.ts';

/** The one error that speaks to people: a short sentence with the way out. */
export class UserError extends Error {
  readonly markup: Markup;
  constructor(message: Markup | string, options?: ErrorOptions) {
    const markup = typeof message === 'string' ? [text(message)] : message;
    super(plain(markup), options);
    this.name = 'UserError';
    this.markup = markup;
  }
}

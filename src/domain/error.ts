import { type Markup, plain, text } from './markup.ts';

/** The one error that speaks to people: a short sentence with the way out. */
export class UserError extends Error {
  readonly markup: Markup;
  /** It does not pass by itself: somebody must mend something first. */
  readonly lasting: boolean;
  constructor(message: Markup | string, options?: ErrorOptions & { lasting?: boolean }) {
    const markup = typeof message === 'string' ? [text(message)] : message;
    super(plain(markup), options);
    this.name = 'UserError';
    this.markup = markup;
    this.lasting = options?.lasting ?? false;
  }
}

/** Something stored by a version of dimg that knows more than this one: it is left as it is, for a bot that can read it. */
export class NewerError extends UserError {
  constructor(message: Markup | string, options?: ErrorOptions) {
    super(message, { ...options, lasting: true });
  }
}

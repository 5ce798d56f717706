import type { Json } from './types.ts';

/** What Slack says no with: `{ok: false, error, …extra}`, or the HTTP status where there is one. */
export class Refusal extends Error {
  readonly error: string;
  readonly detail: readonly string[];
  readonly extra: Json;
  constructor(error: string, detail: readonly string[] = [], extra: Json = {}) {
    super(detail.length > 0 ? `${error}: ${detail.join('; ')}` : error);
    this.name = 'Refusal';
    this.error = error;
    this.detail = detail;
    this.extra = extra;
  }
}

/** Throws a refusal. */
export function refuse(error: string, detail: readonly string[] = [], extra: Json = {}): never {
  throw new Refusal(error, detail, extra);
}

/** The JSON that Slack answers with. */
export function refusalAnswer(refusal: Refusal): Json {
  if (refusal.detail.length === 0) return { ok: false, error: refusal.error, ...refusal.extra };
  return {
    ok: false,
    error: refusal.error,
    errors: [...refusal.detail],
    ...refusal.extra,
    response_metadata: { messages: refusal.detail.map((line) => `[ERROR] ${line}`) },
  };
}

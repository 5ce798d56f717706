import type { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { State } from './state.ts';

/** One request, read as far as its head. */
export type Exchange = {
  readonly state: State;
  readonly method: string;
  /** Without a version. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Minor version that the path asks for; the newest without one. */
  readonly api: number;
  readonly header: (name: string) => string | undefined;
  /** The whole body. */
  readonly body: () => Promise<Buffer>;
  /** What the path's pattern took out of it. */
  readonly params: readonly string[];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

/** What is to be answered; `stream` writes for itself. */
export type Answer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string; readonly status?: number }
  | { readonly lines: Iterable<object> | AsyncIterable<object> }
  | { readonly empty: number }
  | 'streaming';

export type Handler = (exchange: Exchange) => Answer | Promise<Answer>;

/** Docker's idea of a boolean parameter. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  const value = (query.get(name) ?? '').trim().toLowerCase();
  return !['', '0', 'no', 'false', 'none'].includes(value);
}

/** A JSON body; Docker calls an empty one by what its decoder met. */
export async function jsonBody(exchange: Exchange): Promise<Record<string, unknown> | null> {
  const text = (await exchange.body()).toString();
  return text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
}

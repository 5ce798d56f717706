import type { IncomingMessage } from 'node:http';
import type { Json } from './types.ts';

/** Reads a whole request body. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Arguments that travel as JSON inside a form. */
const STRUCTURED = new Set(['blocks', 'metadata', 'view', 'files', 'attachments']);

export type Parsed = { readonly body: Json; readonly error?: string };

/** The arguments of a Web API call: a form with JSON inside, JSON, or the query. */
export function parseArguments(raw: Buffer, contentType: string, query: URLSearchParams): Parsed {
  if (contentType.startsWith('application/json')) {
    try {
      const body: unknown = JSON.parse(raw.toString());
      return typeof body === 'object' && body !== null && !Array.isArray(body)
        ? { body: body as Json }
        : { body: {}, error: 'json_not_object' };
    } catch {
      return { body: {}, error: 'invalid_json' };
    }
  }
  if (raw.length > 0 && !contentType.startsWith('application/x-www-form-urlencoded')) {
    return { body: {}, error: 'invalid_post_type' };
  }
  const body: Json = {};
  for (const [key, value] of [...query, ...new URLSearchParams(raw.toString())]) {
    body[key] = STRUCTURED.has(key) ? parsed(value) : value;
  }
  return { body };
}

/** What is not JSON stays a string; the method refuses it in its own words. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Extras, openExtras } from './front-extras.ts';
import { type Called, call } from './http-call.ts';
import { listenIn } from './port.ts';
import type { Registry } from './registry.ts';
import type { Scope } from './scope.ts';

export type Fault = {
  /** All by default. */
  readonly method?: string;
  readonly path?: RegExp;
  /** How often; once by default. */
  readonly times?: number;
  /** Whether the registry is asked first, and does it. */
  readonly after?: boolean;
} & Deed;

export type Deed =
  | { readonly answer: { status: number; headers?: Record<string, string>; body?: string } }
  /** Never answers. */
  | { readonly hang: 'before' | 'in the body' }
  /** Closes the connection. */
  | { readonly cut: 'before' | 'in the body' }
  /** Changes the registry's own answer; a header that is `null` goes. */
  | { readonly change: { headers?: Record<string, string | null>; body?: string } };

/** What stands before a registry, breaks it as it is told, and adds what 2.8 does not have. */
export type Front = Extras & {
  readonly host: string;
  readonly url: string;
  /** All requests so far. */
  readonly requests: { method: string; path: string; authorised: boolean }[];
  /** The first that fits a request is done to it. Gives what ends it early. */
  fault(fault: Fault): () => void;
};

/** Starts it on a free port, for as long as the scope is open. */
export async function startFront(scope: Scope, registry: Registry): Promise<Front> {
  const requests: Front['requests'] = [];
  const faults = new Map<Fault, number>();
  const { answer: extra, ...extras } = openExtras(registry);

  const take = (method: string, path: string): Fault | undefined => {
    for (const [fault, left] of faults) {
      if (left < 1 || (fault.method ?? method) !== method || !(fault.path ?? /^/).test(path)) continue;
      faults.set(fault, left - 1);
      return fault;
    }
    return undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '' } = request;
    requests.push({ method, path, authorised: request.headers.authorization !== undefined });
    const body = await readAll(request);
    const fault = take(method, path);
    const pass = async () =>
      (await extra(method, path, request.headers)) ??
      call(`${registry.url}${path}`, {
        method,
        headers: plain(request.headers),
        ca: registry.ca,
        ...(body.length > 0 && { body }),
      });
    const truth =
      fault === undefined || fault.after || 'change' in fault || inBody(fault) ? await pass() : null;
    if (fault === undefined || truth === null || !('change' in fault)) {
      if (fault) return broken(fault, truth, response);
      return send(response, truth as Called, method);
    }
    const headers = { ...truth.headers, ...fault.change.headers };
    for (const [name, value] of Object.entries(headers)) if (value === null) delete headers[name];
    const changed = fault.change.body === undefined ? truth.body : Buffer.from(fault.change.body);
    if (fault.change.body !== undefined) headers['content-length'] = String(changed.length);
    send(response, { status: truth.status, headers: headers as Called['headers'], body: changed }, method);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const host = `127.0.0.1:${await listenIn(scope, server)}`;
  return {
    ...extras,
    host,
    url: `http://${host}`,
    requests,
    fault(fault) {
      faults.set(fault, fault.times ?? 1);
      return () => faults.delete(fault);
    },
  };
}

// --- internal ---

const inBody = (fault: Fault): boolean =>
  ('hang' in fault && fault.hang === 'in the body') || ('cut' in fault && fault.cut === 'in the body');

/** `truth`: the registry's own answer, where it was asked. */
function broken(fault: Fault, truth: Called | null, response: ServerResponse): void {
  if ('answer' in fault) {
    response.writeHead(fault.answer.status, fault.answer.headers ?? {}).end(fault.answer.body ?? '');
    return;
  }
  if (inBody(fault) && truth) {
    response.writeHead(truth.status, {
      ...plain(truth.headers),
      'content-length': String(truth.body.length),
    });
    response.write(truth.body.subarray(0, Math.floor(truth.body.length / 2)));
  }
  // Once what was written has gone out.
  if ('cut' in fault) setImmediate(() => response.destroy());
}

function send(response: ServerResponse, { status, headers, body }: Called, method: string): void {
  response.writeHead(status, plain(headers));
  response.end(method === 'HEAD' ? undefined : body);
}

/** Without what is between two neighbours only. */
function plain(headers: IncomingMessage['headers']): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name, value]) =>
      value !== undefined && !['connection', 'transfer-encoding', 'keep-alive'].includes(name),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

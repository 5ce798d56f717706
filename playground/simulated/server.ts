import { Buffer } from 'node:buffer';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerWith, refuse } from './answer.ts';
import { ApiError, notFound, TextError } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import type { Fate } from './faults.ts';
import type { Gate } from './gate.ts';
import { ROUTES } from './routes.ts';
import type { State } from './state.ts';

export type ServerOptions = {
  readonly state: State;
  readonly gate: Gate;
  readonly fateOf: (what: string) => Fate;
  readonly log: (line: string) => void;
  /** False once this server is no more: what still waits is then not done. */
  readonly alive: () => boolean;
};

/** The Engine API over HTTP. */
export function createApiServer(options: ServerOptions): Server {
  const server = createServer((request, response) => void serve(request, response, options));
  // Streams stay open for as long as they like, uploads may take their time.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 60_000;
  return server;
}

// --- internal ---

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServerOptions,
): Promise<void> {
  const { state, gate, fateOf, log, alive } = options;
  const chunks: Buffer[] = [];
  // What a client sends is taken in even while nothing is answered, as a socket's buffers would.
  const whole = new Promise<Buffer>((resolve) => {
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => resolve(Buffer.concat(chunks)));
  });
  response.on('error', () => {});
  const method = request.method ?? '';
  const url = new URL(request.url ?? '/', 'http://docker');
  const { api, path, raw } = split(url.pathname, state);
  const what = `${method} ${path}`;
  const fate = fateOf(what);
  response.setHeader('api-version', `1.${state.api}`);
  response.setHeader('docker-experimental', 'false');
  response.setHeader('ostype', 'linux');
  response.setHeader('server', `Docker/${state.version} (linux)`);
  try {
    if (fate.waitMs > 0) await sleep(fate.waitMs);
    await gate.pass();
    if (!alive()) return;
    if (fate.fail) throw new ApiError(fate.fail.status, fate.fail.message);
    checkVersion(raw, state);
    const { handler, params } = route(method, path);
    const exchange: Exchange = {
      ...{ state, method, path, api, params, request, response },
      query: url.searchParams,
      header: (name) => request.headers[name]?.toString(),
      body: async () => {
        const body = await whole;
        await gate.pass();
        return body;
      },
    };
    await answerWith(response, await handler(exchange), fate.cut);
  } catch (error) {
    refuse(state, response, error);
  } finally {
    log(`${what} ${response.statusCode}`);
  }
}

function split(pathname: string, state: State) {
  const [, raw = null, rest = pathname] = /^\/v(\d+\.\d+)(\/.*)$/.exec(pathname) ?? [];
  const api = raw === null ? state.api : Number(raw.split('.')[1]);
  return { api, path: decode(rest), raw };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function checkVersion(raw: string | null, { api, minApi }: State): void {
  if (raw === null) return;
  const [major = 0, minor = 0] = raw.split('.').map(Number);
  if (major > 1 || minor > api)
    throw new ApiError(400, `client version ${raw} is too new. Maximum supported API version is 1.${api}`);
  if (major < 1 || minor < minApi)
    throw new TextError(
      400,
      `client version ${raw} is too old. Minimum supported API version is 1.${minApi}, please upgrade your client to a newer version`,
    );
}

function route(method: string, path: string) {
  for (const [verb, pattern, handler] of ROUTES) {
    if (verb !== method) continue;
    const match = pattern.exec(path);
    if (match) return { handler, params: match.slice(1) };
  }
  throw notFound('page not found');
}

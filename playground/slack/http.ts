import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { callMethod, isMethod } from './api/call.ts';
import { parseArguments, readBody } from './body.ts';
import type { Context } from './context.ts';
import { fileBytes } from './files.ts';
import { Refusal, refusalAnswer } from './refuse.ts';
import { applyReply } from './reply.ts';
import type { Fault, Json } from './types.ts';

type Answer = { readonly status: number; readonly json?: Json; readonly headers?: Record<string, string> };

/** Slack's HTTP side: the Web API, uploads and response URLs. Nothing is ever redirected. */
export function createHttp(context: Context): Server {
  return createServer((request, response) => {
    handle(context, request, response).catch((error: unknown) => {
      if (!response.headersSent)
        send(response, { status: 500, json: { ok: false, error: 'internal_error', detail: String(error) } });
    });
  });
}

async function handle(context: Context, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const raw = await readBody(request);
  if (context.faults.down()) return send(response, { status: 503 });
  const [, area = '', name = ''] = url.pathname.split('/');
  if (request.method !== 'POST' && !(area === 'api' && request.method === 'GET'))
    return send(response, { status: 405 });
  const type = request.headers['content-type'] ?? '';

  if (area === 'upload') {
    return answer(context, response, 'upload', { id: name }, () => {
      const taken = context.files.upload(name, fileBytes(raw, type));
      return { status: taken ? 200 : 400 };
    });
  }
  if (area === 'response') {
    const body = parseArguments(raw, 'application/json', url.searchParams);
    return answer(context, response, 'response_url', body.body, () =>
      respond(context, name, body.body, body.error),
    );
  }
  if (area === 'api') {
    const { body, error } = parseArguments(raw, type, url.searchParams);
    const token =
      /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? (body.token as string | undefined);
    return answer(context, response, name, body, () => {
      const seconds = isMethod(name) ? context.limiter(name, body.channel as string | undefined) : 0;
      if (seconds > 0) return limited(seconds);
      if (error) throw new Refusal(error);
      return { status: 200, json: callMethod(context, name, token, body) };
    });
  }
  return send(response, { status: 404 });
}

/** Runs one call under the faults that were injected, and records both. */
function answer(context: Context, response: ServerResponse, method: string, body: Json, run: () => Answer) {
  const { record, faults } = context;
  const { token: _secret, ...shown } = body;
  const fault = faults.meet(method, body);
  const note = ({ status, json }: Answer) =>
    record.add({
      kind: 'call',
      method,
      body: shown,
      status,
      ...(json ? { answer: json } : {}),
      ...(fault ? { fault: fault.kind } : {}),
    });

  if (fault && fault.kind !== 'drop-after') {
    const instead = faultAnswer(fault);
    note(instead ?? { status: 0 });
    if (instead) send(response, instead);
    else if (fault.kind === 'drop') response.socket?.destroy();
    return;
  }
  let result: Answer;
  try {
    result = run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    record.reject(method, error, shown);
    result = { status: method === 'response_url' ? 400 : 200, json: refusalAnswer(error) };
  }
  note(result);
  if (fault) response.socket?.destroy();
  else send(response, result);
}

function respond(context: Context, id: string, body: Json, error: string | undefined): Answer {
  const to = context.grants.use(id);
  if (typeof to === 'string') {
    context.record.reject('response_url', new Refusal(to), body);
    return { status: 404, json: { ok: false, error: to } };
  }
  if (error) throw new Refusal('invalid_payload');
  applyReply(context, to, body, 'response_url');
  return { status: 200, json: { ok: true } };
}

const limited = (seconds: number): Answer => ({
  status: 429,
  json: { ok: false, error: 'ratelimited' },
  headers: { 'retry-after': String(Math.ceil(seconds)) },
});

/** The answer that a fault gives; none when it hangs or drops the connection. */
function faultAnswer(fault: Fault): Answer | undefined {
  switch (fault.kind) {
    case 'error':
      return { status: 200, json: { ok: false, error: fault.error ?? 'internal_error' } };
    case 'http':
      return { status: fault.status ?? 503 };
    case 'ratelimited':
      return limited(fault.retryAfter ?? 1);
    default:
      return undefined;
  }
}

function send(response: ServerResponse, { status, json, headers = {} }: Answer) {
  const body = json ? JSON.stringify(json) : '';
  response.writeHead(status, {
    ...(json ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...headers,
  });
  response.end(body);
}

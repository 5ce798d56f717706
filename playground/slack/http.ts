import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { callMethod, isMethod } from './api/call.ts';
import { parseArguments, readBody } from './body.ts';
import type { Context } from './context.ts';
import type { Fault } from './controls.ts';
import { fileBytes } from './files.ts';
import { Refusal, refusalAnswer } from './refuse.ts';
import { applyReply } from './reply.ts';
import type { Json } from './types.ts';

type Answer = { readonly status: number; readonly json?: Json; readonly headers?: Record<string, string> };

/** Slack's HTTP side: the Web API, uploads and response URLs. Nothing is ever redirected. */
export function createHttp(context: Context): { server: Server; hanging: () => number } {
  const held = new Set<ServerResponse>();
  const hold = (response: ServerResponse) => {
    held.add(response);
    response.on('close', () => held.delete(response));
  };
  const server = createServer((request, response) => {
    handle({ ...context, hold }, request, response).catch((error: unknown) => {
      if (!response.headersSent)
        send(response, { status: 500, json: { ok: false, error: 'internal_error', detail: String(error) } });
    });
  });
  return { server, hanging: () => held.size };
}

type Serving = Context & {
  /** This one gets no answer on purpose. */
  readonly hold: (response: ServerResponse) => void;
};

async function handle(context: Serving, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const raw = await readBody(request);
  const [, area = '', name = ''] = url.pathname.split('/');
  if (context.faults.down()) {
    const method = area === 'api' ? name : area;
    context.record.add({ kind: 'call', method, body: {}, status: 503, fault: 'outage' });
    return send(response, { status: 503 });
  }
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
function answer(context: Serving, response: ServerResponse, method: string, body: Json, run: () => Answer) {
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

  const carryOut = (): Answer => {
    try {
      return context.messages.unseen(fault?.ms ?? 0, run);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      record.reject(method, error, shown);
      return { status: method === 'response_url' ? 400 : 200, json: refusalAnswer(error) };
    }
  };
  if (fault?.kind === 'late') {
    context.hold(response);
    context.clock.sleep(fault.ms ?? LATE_MS).then(() => note(carryOutNow()));
    return;
  }
  const after = fault?.kind === 'drop-after' || fault?.kind === 'http-after';
  if (fault && !after) {
    const instead = faultAnswer(fault);
    note(instead ?? { status: 0 });
    if (instead) send(response, instead);
    else if (fault.kind === 'drop') response.socket?.destroy();
    else context.hold(response);
    return;
  }
  const result = carryOut();
  note(result);
  if (fault?.kind === 'http-after') send(response, { status: fault.status ?? 503 });
  else if (fault) response.socket?.destroy();
  else send(response, result);

  /** What is late is seen at once. */
  function carryOutNow(): Answer {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: 200, json: refusalAnswer(error) };
    }
  }
}

/** Longer than an app waits for an answer. */
const LATE_MS = 12_000;

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

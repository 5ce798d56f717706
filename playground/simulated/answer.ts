import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { ApiError, TextError } from './api-error.ts';
import type { Answer } from './exchange.ts';
import { type Generation, isLatest, isModern } from './generation.ts';

/** Writes an answer; a cut one breaks off in the middle of its body. */
export async function answerWith(response: ServerResponse, answer: Answer, cut: boolean): Promise<void> {
  if (answer === 'streaming') {
    if (cut) response.destroy();
    return;
  }
  if (cut) {
    const body = Buffer.from('json' in answer ? JSON.stringify(answer.json) : '{"stream":"');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length + 100 });
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
    return;
  }
  if ('empty' in answer) response.writeHead(answer.empty).end();
  else if ('text' in answer)
    response
      .writeHead(answer.status ?? 200, { 'content-type': 'text/plain; charset=utf-8' })
      .end(answer.text);
  else if ('json' in answer)
    response
      .writeHead(answer.status ?? 200, { 'content-type': 'application/json' })
      .end(`${JSON.stringify(answer.json)}\n`);
  else {
    // The status is sent with the first line: what goes wrong later is a line too.
    for await (const line of answer.lines) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`${JSON.stringify(line)}\r\n`);
    }
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
    response.end();
  }
}

/** An error in Docker's form; one of our own is a failure of the engine. */
export function refuse(engine: Generation, response: ServerResponse, error: unknown): void {
  const status = error instanceof ApiError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof TextError && (!isModern(engine) || isLatest(engine))) {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify({ message })}\n`);
}

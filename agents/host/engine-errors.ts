import type { EngineProblem } from '../../src/domain/outcome.ts';

/** What went wrong with a call: the engine's own answer, or no answer. `begun` as in `Removal`. */
export type Failure =
  | { kind: 'answer'; status: number; message: string }
  | { kind: 'trouble'; problem: EngineProblem; begun: boolean; cut?: boolean };

const NEVER_CONNECTED = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTSOCK',
]);

/** Reads an error of the engine's client. `address` is what people know the engine by. */
export function readFailure(error: unknown, address: string): Failure {
  const { statusCode, json, code } = error as { statusCode?: unknown; json?: unknown; code?: unknown };
  if (typeof statusCode === 'number')
    return { kind: 'answer', status: statusCode, message: messageOf(json) ?? `HTTP status ${statusCode}` };
  const trouble = (problem: EngineProblem, begun: boolean, cut = false): Failure => ({
    ...{ kind: 'trouble', problem, begun },
    ...(cut && { cut }),
  });
  if (code === 'EACCES' || code === 'EPERM') return trouble({ kind: 'permission', at: address }, false);
  if (typeof code === 'string' && NEVER_CONNECTED.has(code))
    return trouble({ kind: 'unreachable', at: address }, false);
  // So many wait to be let in that no more are: the engine is there and takes no one.
  if (code === 'EAGAIN') return trouble({ kind: 'no-answer' }, false);
  // A connection that was cut, or that stayed silent: the request may have arrived.
  if (code === 'ECONNRESET' || code === 'EPIPE')
    // Of a socket on this machine the other side is open as long as its process lives; a network may cut any other.
    return trouble({ kind: 'no-answer' }, true, address.startsWith('unix:'));
  if (isAbort(error) || code === 'ETIMEDOUT') return trouble({ kind: 'no-answer' }, true);
  return trouble({ kind: 'engine', message: error instanceof Error ? error.message : String(error) }, true);
}

// --- internal ---

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/** The body as dockerode leaves it: parsed JSON, or a buffer where it was none. */
function messageOf(json: unknown): string | null {
  if (Buffer.isBuffer(json)) return json.toString('utf8').trim().slice(0, 1000) || null;
  const message = (json as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message.trim() : null;
}

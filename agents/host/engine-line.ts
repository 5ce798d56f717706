import Docker from 'dockerode';
import type { z } from 'zod';
import type { EngineAddress } from './engine-address.ts';
import { type Failure, readFailure } from './engine-errors.ts';
import { Version } from './engine-shapes.ts';
import { EngineTrouble } from './ports.ts';
import { withLimit } from './time-limit.ts';

export type Call = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number>;
  auth?: string;
};

/** The engine's own refusal, or that none came. */
export class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, cause: unknown) {
    super('the call failed', { cause });
    this.failure = failure;
  }
}

/** The oldest API that has all we need, and the newest whose shapes are known here. */
const OLDEST = 41;
const NEWEST = 51;

/**
 * Calls are dialled by hand: dockerode neither negotiates versions nor passes abort signals to every call, and
 * never settles when a connection is cut in mid-body.
 */
export function openLine(address: EngineAddress, callLimitMs: number) {
  const docker = new Docker(modemOptions(address));
  let api: string | null = null;

  const dial = (call: Call, limitMs: number) =>
    withLimit(limitMs, async (abortSignal) => {
      const { method, path, query = {}, auth } = call;
      const result = await new Promise<unknown>((resolve, reject) => {
        docker.modem.dial(
          {
            method,
            // The modem appends the query where the path ends in a question mark.
            path: `${path}?`,
            options: { _query: query, _body: {} },
            statusCodes: { 200: true, 201: true },
            abortSignal,
            ...(auth && { authconfig: { base64: auth } }),
          } as never,
          (error: unknown, data: unknown) => (error ? reject(error) : resolve(data)),
        );
      });
      return result;
    });

  /** Pins a version first; what can't be connected to may come back as another version. */
  const call = async (what: Call, limitMs = callLimitMs): Promise<unknown> => {
    try {
      const version = api ?? (await pin()).api;
      return await dial({ ...what, path: `/v${version}${what.path}` }, limitMs);
    } catch (error) {
      if (error instanceof EngineTrouble) throw error;
      const failure = readFailure(error, address.text);
      if (failure.kind === 'trouble' || failure.status === 400) api = null;
      throw new CallFailed(failure, error);
    }
  };

  const pin = async () => {
    api = null;
    const version = parse(
      Version,
      await dial({ method: 'GET', path: '/version' }, callLimitMs).catch(raise(address)),
    );
    const newest = Math.min(minor(version.ApiVersion), NEWEST);
    if (newest < OLDEST || newest < minor(version.MinAPIVersion ?? '1.0'))
      throw new EngineTrouble({
        kind: 'engine',
        message: `its API ${version.ApiVersion} is out of range: 1.${OLDEST} to 1.${NEWEST} is understood`,
      });
    api = `1.${newest}`;
    return { api, version: version.Version };
  };

  const read = async <T>(schema: z.ZodType<T>, what: Call, limitMs?: number): Promise<T | null> => {
    try {
      return parse(schema, await call(what, limitMs));
    } catch (error) {
      if (error instanceof CallFailed && error.failure.kind === 'answer' && error.failure.status === 404)
        return null;
      throw toTrouble(error);
    }
  };
  const must = async <T>(schema: z.ZodType<T>, what: Call, limitMs?: number): Promise<T> => {
    const value = await read(schema, what, limitMs);
    if (value === null) throw new EngineTrouble({ kind: 'engine', message: `${what.path} is not there` });
    return value;
  };

  return { call, pin, read, must };
}

export function toTrouble(error: unknown): unknown {
  if (!(error instanceof CallFailed)) return error;
  const { failure } = error;
  const problem =
    failure.kind === 'trouble' ? failure.problem : { kind: 'engine' as const, message: failure.message };
  return new EngineTrouble(problem, { cause: error.cause });
}

/** Throws `EngineTrouble` where the engine's answer is of no shape that is known here. */
export function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineTrouble({
    kind: 'engine',
    message: `it answered in an unknown shape (${issue?.path.join('.')}: ${issue?.message})`,
  });
}

// --- internal ---

function raise(address: EngineAddress) {
  return (error: unknown): never => {
    throw toTrouble(new CallFailed(readFailure(error, address.text), error));
  };
}

function minor(version: string): number {
  const match = /^1\.(\d+)$/.exec(version);
  return match ? Number(match[1]) : 0;
}

/** Explicit `undefined`s: the modem else fills in what it reads from the process's own environment. */
function modemOptions(address: EngineAddress): Docker.DockerOptions {
  const from = 'socketPath' in address ? { socketPath: address.socketPath } : null;
  const to = 'socketPath' in address ? null : address;
  return {
    socketPath: from?.socketPath,
    host: to?.host,
    port: to?.port,
    protocol: to ? (to.tls ? 'https' : 'http') : undefined,
    ca: to?.tls?.ca,
    cert: to?.tls?.cert,
    key: to?.tls?.key,
    timeout: undefined,
  } as unknown as Docker.DockerOptions;
}

import type { IncomingMessage } from 'node:http';
import Docker from 'dockerode';
import type { z } from 'zod';
import type { EngineAddress } from './engine-address.ts';
import { type Call, CallFailed, parse, toTrouble } from './engine-call.ts';
import { readFailure } from './engine-errors.ts';
import { Version } from './engine-shapes.ts';
import { readLines } from './lines.ts';
import { EngineTrouble } from './ports.ts';
import { withLimit } from './time-limit.ts';

/** The oldest API that has all we need, and the newest whose shapes are known here. */
const OLDEST = 41;
const NEWEST = 51;

export type Line = ReturnType<typeof openLine>;

/**
 * Calls are dialled by hand: dockerode neither negotiates versions nor passes abort signals to every call, and
 * never settles when a connection is cut in mid-body.
 */
export function openLine(address: EngineAddress, callLimitMs: number) {
  const docker = new Docker(modemOptions(address));
  let api: string | null = null;

  const dial = (call: Call, limitMs: number) =>
    withLimit(limitMs, async (abortSignal) => {
      const answer = await open(call, abortSignal, ANY_STATUS);
      const data = readJson(await readAll(answer));
      const { statusCode = 0 } = answer;
      // As the client itself would tell it.
      if (!(statusCode in TAKEN)) throw Object.assign(new Error('refused'), { statusCode, json: data });
      return data;
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

  /** Lines of JSON as they come, until the engine ends them or the signal is given. Rejects where they are cut off. */
  const lines = async (
    what: Call,
    opened: () => void,
    hear: (line: unknown) => void,
    stop: AbortSignal,
  ): Promise<void> => {
    try {
      const version = api ?? (await pin()).api;
      const stream = await open({ ...what, path: `/v${version}${what.path}` }, stop);
      opened();
      await readLines(stream, hear, stop);
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof EngineTrouble) throw error;
      throw new CallFailed(readFailure(error, address.text), error);
    }
  };

  const open = (call: Call, abortSignal: AbortSignal, statusCodes: Record<number, true> = TAKEN) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      docker.modem.dial(
        { ...request(call, abortSignal), statusCodes, isStream: true } as never,
        (error: unknown, data: unknown) => (error ? reject(error) : resolve(data as IncomingMessage)),
      );
    });

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

  /** The minor number of the API version that calls are made with. */
  const pinned = async () => minor(api ?? (await pin()).api);

  return { call, pin, pinned, lines, read, must };
}

// --- internal ---

const TAKEN: Record<number, true> = { 200: true, 201: true, 204: true };
const ANY_STATUS = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [100 + i, true as const]));

/** Rejects where the connection is cut in mid-body, which the client itself never notices. */
async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What is no JSON is left as it came. */
function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return body;
  }
}

function request({ method, path, query = {}, auth }: Call, abortSignal: AbortSignal) {
  return {
    method,
    // The modem appends the query where the path ends in a question mark.
    path: `${path}?`,
    options: { _query: query, _body: {} },
    abortSignal,
    ...(auth && { authconfig: { base64: auth } }),
  };
}

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

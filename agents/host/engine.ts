import Docker from 'dockerode';
import type { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import { familiarReference, repositoryOf } from '../../src/domain/reference.ts';
import type { EngineAddress } from './engine-address.ts';
import { type Failure, readFailure } from './engine-errors.ts';
import {
  Containers,
  History,
  Images,
  Info,
  Inspection,
  Removed,
  SystemDf,
  Version,
} from './engine-shapes.ts';
import { type Engine, EngineTrouble } from './ports.ts';
import { withLimit } from './time-limit.ts';

export type EngineOptions = {
  address: EngineAddress;
  /** For everything but deletions; in milliseconds. */
  callLimitMs?: number;
  /** Less than anybody waits for the answer. */
  usageLimitMs?: number;
  /** One deletion may unlink files for minutes. */
  removeLimitMs?: number;
  /** An `X-Registry-Auth` value for a repository, where one is known. */
  registryAuth?: (repository: string) => string | null;
};

/** The oldest API that has all we need, and the newest whose shapes are known here. */
const OLDEST = 41;
const NEWEST = 51;

/**
 * The engine at an address. Calls are dialled by hand: dockerode neither negotiates versions nor passes
 * abort signals to every call, and never settles when a connection is cut in mid-body.
 */
export function openEngine(options: EngineOptions): Engine {
  const { address, registryAuth = () => null } = options;
  const { callLimitMs = 10_000, usageLimitMs = 18_000, removeLimitMs = 600_000 } = options;
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
  const containers = () => must(Containers, { method: 'GET', path: '/containers/json', query: { all: 1 } });

  return {
    containers,

    async info() {
      const version = await pin();
      const info = await must(Info, { method: 'GET', path: '/info' });
      const store = info.DriverStatus?.some(([, value]) => value?.startsWith('io.containerd.snapshotter'));
      return {
        ...version,
        store: store ? 'containerd' : 'graph driver',
        driver: info.Driver,
        root: info.DockerRootDir,
      };
    },

    async list() {
      // Containers last: a container that is made in between is seen, one that goes holds its image a bit longer.
      const images = await must(Images, { method: 'GET', path: '/images/json', query: { all: 1 } });
      return { images, containers: await containers() };
    },

    inspect: async (nameOrId) => read(Inspection, { method: 'GET', path: `/images/${inUrl(nameOrId)}/json` }),

    history: async (id) => read(History, { method: 'GET', path: `/images/${inUrl(id)}/history` }),

    usage: () => must(SystemDf, { method: 'GET', path: '/system/df' }, usageLimitMs),

    async remove(nameOrId, { force }) {
      // `noprune`, or untagged parents that no plan showed would go as well.
      const query = { noprune: 1, ...(force && { force: 1 }) };
      let sent = false;
      try {
        const path = `/images/${inUrl(nameOrId)}`;
        const data = await call({ method: 'DELETE', path, query }, removeLimitMs);
        sent = true;
        return { kind: 'done', ...parse(Removed, data) };
      } catch (error) {
        if (error instanceof EngineTrouble) return { kind: 'trouble', problem: error.problem, begun: sent };
        if (!(error instanceof CallFailed)) throw error;
        const { failure } = error;
        if (failure.kind === 'trouble') return failure;
        if (failure.status === 404) return { kind: 'absent' };
        if (failure.status === 409) return { kind: 'conflict', message: failure.message };
        return { kind: 'trouble', problem: { kind: 'engine', message: failure.message }, begun: true };
      }
    },

    async tag(id, reference) {
      const repo = repositoryOf(inUrl(reference));
      const tag = reference.slice(repo.length + 1);
      try {
        await call({ method: 'POST', path: `/images/${inUrl(id)}/tag`, query: { repo, tag } });
        return true;
      } catch (error) {
        if (error instanceof CallFailed && error.failure.kind === 'answer') return false;
        throw toTrouble(error);
      }
    },

    async distribution(digest, limitMs) {
      try {
        const auth = registryAuth(repositoryOf(inUrl(digest)));
        await call({ method: 'GET', path: `/distribution/${digest}/json`, ...(auth && { auth }) }, limitMs);
        return true;
      } catch {
        return false;
      }
    },
  };
}

// --- internal ---

type Call = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number>;
  auth?: string;
};

class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, cause: unknown) {
    super('the call failed', { cause });
    this.failure = failure;
  }
}

function toTrouble(error: unknown): unknown {
  if (!(error instanceof CallFailed)) return error;
  const { failure } = error;
  const problem =
    failure.kind === 'trouble' ? failure.problem : { kind: 'engine' as const, message: failure.message };
  return new EngineTrouble(problem, { cause: error.cause });
}

function raise(address: EngineAddress) {
  return (error: unknown): never => {
    throw toTrouble(new CallFailed(readFailure(error, address.text), error));
  };
}

function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineTrouble({
    kind: 'engine',
    message: `it answered in an unknown shape (${issue?.path.join('.')}: ${issue?.message})`,
  });
}

/** Names go raw into URLs, where `?` and `..` would be obeyed: only the grammar's own characters pass. */
function inUrl(name: string): string {
  // The engine reads `sha256:abc`, which the grammar allows, as the beginning of an ID.
  const reference = familiarReference(name) === name && !name.startsWith('sha256:');
  if (!reference && !ImageId.safeParse(name).success)
    throw new EngineTrouble({ kind: 'engine', message: `${JSON.stringify(name)} is not an image's name` });
  return name;
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

import { ImageId } from '../../src/domain/ids.ts';
import { familiarReference, repositoryOf } from '../../src/domain/reference.ts';
import type { EngineAddress } from './engine-address.ts';
import { CallFailed, openLine, parse, toTrouble } from './engine-line.ts';
import { Containers, History, Images, Info, Inspection, Removed, SystemDf } from './engine-shapes.ts';
import { type Engine, EngineTrouble } from './ports.ts';

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

/** The engine at an address: what the agent asks of it, each call with its limit. */
export function openEngine(options: EngineOptions): Engine {
  const { address, registryAuth = () => null } = options;
  const { callLimitMs = 10_000, usageLimitMs = 18_000, removeLimitMs = 600_000 } = options;
  const { call, pin, read, must } = openLine(address, callLimitMs);
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

/** Names go raw into URLs, where `?` and `..` would be obeyed: only the grammar's own characters pass. */
function inUrl(name: string): string {
  // The engine reads `sha256:abc`, which the grammar allows, as the beginning of an ID.
  const reference = familiarReference(name) === name && !name.startsWith('sha256:');
  if (!reference && !ImageId.safeParse(name).success)
    throw new EngineTrouble({ kind: 'engine', message: `${JSON.stringify(name)} is not an image's name` });
  return name;
}

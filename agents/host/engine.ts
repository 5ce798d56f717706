import { ImageId } from '../../src/domain/ids.ts';
import { familiarReference, repositoryOf } from '../../src/domain/reference.ts';
import { ContainerInspection, Containers, Event } from './container-shapes.ts';
import type { EngineAddress } from './engine-address.ts';
import { CallFailed, parse, toTrouble } from './engine-call.ts';
import { readContents } from './engine-content.ts';
import { type EngineDisk, openEngineDisk } from './engine-disk.ts';
import { engineLife } from './engine-life.ts';
import { openLine } from './engine-line.ts';
import { openPull } from './engine-pull.ts';
import { openRemoval } from './engine-remove.ts';
import { History, Images, Info, Inspection } from './engine-shapes.ts';
import { type Engine, type EngineInfo, EngineTrouble } from './ports.ts';
import { DELETION_MS } from './time-limit.ts';

export type EngineOptions = {
  address: EngineAddress;
  /** For everything but deletions; in milliseconds. */
  callLimitMs?: number;
  /** Less than anybody waits for the answer. */
  usageLimitMs?: number;
  removeLimitMs?: number | undefined;
  /** An `X-Registry-Auth` value for a repository, where one is known. */
  registryAuth?: (repository: string) => string | null;
};

/** The engine at an address: what the agent asks of it, each call with its limit. */
export function openEngine(options: EngineOptions): Engine {
  const { address, registryAuth = () => null } = options;
  const { callLimitMs = 10_000, usageLimitMs = 18_000, removeLimitMs = DELETION_MS } = options;
  const line = openLine(address, callLimitMs);
  const { call, pin, lines, read, must } = line;
  const containers = () => must(Containers, { method: 'GET', path: '/containers/json', query: { all: 1 } });
  let store: EngineInfo['store'] | null = null;

  const info = async (): Promise<EngineInfo> => {
    const version = await pin();
    const {
      DriverStatus,
      Driver: driver,
      DockerRootDir: root,
    } = await must(Info, { method: 'GET', path: '/info' });
    const containerd = DriverStatus?.some(([, value]) => value?.startsWith('io.containerd.snapshotter'));
    store = containerd ? 'containerd' : 'graph driver';
    return { ...version, store, driver, root };
  };
  const disk: EngineDisk = openEngineDisk(line, address, { callLimitMs, usageLimitMs, removeLimitMs });

  return {
    containers,
    ...disk,
    ...openRemoval(line, { image: inUrl, container: containerInUrl }, removeLimitMs),
    pull: openPull(line, inUrl, registryAuth, removeLimitMs),

    info,
    life: () => engineLife(address),

    async list() {
      // Containers last: a container that is made in between is seen, one that goes holds its image a bit longer.
      const images = await must(Images, { method: 'GET', path: '/images/json', query: { all: 1 } });
      return { images, containers: await containers() };
    },

    inspect: async (nameOrId) => read(Inspection, { method: 'GET', path: `/images/${inUrl(nameOrId)}/json` }),

    history: async (id) => read(History, { method: 'GET', path: `/images/${inUrl(id)}/history` }),

    container: async (id, { size } = { size: false }) =>
      read(ContainerInspection, {
        method: 'GET',
        path: `/containers/${containerInUrl(id)}/json`,
        // The engine walks through all that the container wrote.
        ...(size && { query: { size: 1 } }),
      }),

    async contents() {
      // A graph driver's engine has such a store for its builds, and no image in it.
      const kind = store ?? (await info()).store;
      return kind === 'containerd' ? readContents(address, callLimitMs) : null;
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

    async events(since, { opened, hear }, stop) {
      const filters = JSON.stringify({ type: ['container', 'image'] });
      const from = since === null ? {} : { since: (since / 1000).toFixed(3) };
      await lines(
        { method: 'GET', path: '/events', query: { filters, ...from } },
        opened,
        (message) => {
          const event = parse(Event, message);
          if (event) hear(event);
        },
        stop,
      );
    },
  };
}

// --- internal ---

/** Names go raw into URLs, where `?` and `..` would be obeyed: only the grammar's own characters pass. */
function inUrl(name: string): string {
  if (ImageId.safeParse(name).success) return name;
  // The engine reads `sha256:abc`, which the grammar allows, as the beginning of an ID.
  const reference = familiarReference(name) === name && !name.startsWith('sha256:');
  if (!reference)
    throw new EngineTrouble({ kind: 'engine', message: `${JSON.stringify(name)} is not an image's name` });
  return name;
}

function containerInUrl(id: string): string {
  if (!/^[0-9a-f]{64}$/.test(id))
    throw new EngineTrouble({ kind: 'engine', message: `${JSON.stringify(id)} is not a container's ID` });
  return id;
}

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { Engine } from '../parts/engine.ts';
import type { Release } from '../parts/engine-release.ts';
import type { Scope } from '../parts/scope.ts';
import { endContainer } from './container-lifecycle.ts';
import { isRunning } from './delete-records.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGate } from './gate.ts';
import { manyImages, type SeedCache, type SeedImage, seedCache, seedImage } from './seed.ts';
import { createApiServer } from './server.ts';
import { createState, type Store } from './state.ts';

export type { Faults, Match } from './faults.ts';
export type { SeedCache, SeedImage } from './seed.ts';
export type { Store } from './state.ts';

export type SimulatedEngineOptions = {
  /** The host's name, unique in its scope. */
  readonly name: string;
  readonly store?: Store;
  /** One that the contract measures: its API, version and store, unless those are given too. */
  readonly release?: Release;
  /** `1.41` on a graph driver by default, as Debian's engine, and `1.51` on containerd. */
  readonly apiVersion?: string;
  /** Added to every answer. */
  readonly latencyMs?: number;
};

/** An engine like any other in playground/parts, with ways to fill it at once and to make it fail. */
export type SimulatedEngine = Engine &
  Faults & {
    readonly kind: 'simulated';
    /** What builds have left, without a build. Resolves to the records' IDs. */
    seedCache(records: Iterable<SeedCache>): readonly string[];
    /** So many images of all sorts, or just these; without events. Resolves to their IDs. */
    seed(images: number | Iterable<SeedImage>): readonly string[];
    /** The same as `pause`. */
    freeze(): void;
  };

/** Starts an engine that is simulated in this process: HTTP on a socket, no root, no Docker, nothing on disk. */
export async function startSimulatedEngine(
  scope: Scope,
  options: SimulatedEngineOptions,
): Promise<SimulatedEngine> {
  const { name, release, latencyMs = 0 } = options;
  const { store = release === '28.5-containerd' ? 'containerd' : 'graph driver' } = options;
  const dir = join(scope.dir, name);
  mkdirSync(dir);
  const socket = join(dir, 'docker.sock');
  const { apiVersion = release ? APIS[release] : store === 'containerd' ? '1.51' : '1.41' } = options;
  const api = Number(apiVersion.split('.')[1]);
  const state = createState({ store, api, version: VERSIONS[api] ?? '99.0.0', root: join(dir, 'data') });
  const { faults, fateOf } = createFaults(latencyMs);
  const gate = createGate();
  const lines: string[] = [];
  let server: Server | null = null;

  const start = async () => {
    rmSync(socket, { force: true });
    // What a killed engine left running is not running any more when it comes back.
    for (const container of state.containers.values())
      if (isRunning(container)) endContainer(state, container, 137);
    state.events.clear();
    const next = createApiServer({
      state,
      gate,
      fateOf,
      log: (line) => lines.push(line),
      alive: () => server === next,
    });
    server = next;
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject);
      next.listen(socket, resolve);
    });
    // It must not keep a finished program alive.
    next.unref();
  };
  const end = async () => {
    const last = server;
    server = null;
    gate.open();
    if (!last) return;
    const closed = new Promise((resolve) => last.close(resolve));
    last.closeAllConnections();
    await closed;
    if (existsSync(socket)) rmSync(socket, { force: true });
  };
  await start();
  scope.defer(end);
  const docker = new Docker({ socketPath: socket });
  return {
    kind: 'simulated',
    name,
    socket,
    host: `unix://${socket}`,
    docker,
    store: store === 'containerd' ? 'containerd' : 'graph driver',
    // It holds no file: nothing is there.
    folders: { data: state.root, containerd: state.root },
    info: {
      version: state.version,
      apiVersion,
      storageDriver: store === 'containerd' ? 'overlayfs' : 'overlay2',
    },
    // Whoever asks for it wants to send it a signal, which would reach ourselves.
    pid() {
      throw new Error('A simulated engine has no process of its own.');
    },
    log: () => lines.join('\n'),
    running: () => server !== null,
    async stop() {
      for (const container of state.containers.values())
        if (isRunning(container)) endContainer(state, container, 137);
      await end();
    },
    kill: end,
    async restart() {
      await end();
      await start();
    },
    pause: gate.close,
    resume: gate.open,
    freeze: gate.close,
    ...faults,
    seedCache: (records) => [...records].map((spec) => seedCache(state, spec)),
    seed: (images) =>
      [...(typeof images === 'number' ? manyImages(images) : images)].map((spec) => seedImage(state, spec)),
  };
}

// --- internal ---

const APIS = { '20.10': '1.41', '26.1': '1.45', '28.5': '1.51', '28.5-containerd': '1.51' } as const;

/** Docker's releases by the newest API that they speak. */
const VERSIONS: Readonly<Record<number, string>> = {
  ...{ 41: '20.10.24', 42: '23.0.6', 43: '24.0.9', 44: '25.0.5', 45: '26.1.5', 46: '27.1.2', 47: '27.5.1' },
  ...{ 48: '28.0.4', 49: '28.1.1', 50: '28.2.2', 51: '28.5.2', 52: '29.0.1', 56: '29.8.1' },
};

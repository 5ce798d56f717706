import {
  type Engine,
  EngineTrouble,
  type ImageDetails,
  type RawContainer,
  type Removal,
} from '../../agents/host/ports.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import type { ContainerState } from '../../src/domain/inventory.ts';
import type { EngineProblem } from '../../src/domain/outcome.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import { callOff, type Loop, type Process } from './_loop.ts';

export interface SimImage {
  id: ImageId;
  tags: Set<string>;
  digests: string[];
  parent: ImageId | null;
  createdAt: number;
  taggedAt: number;
  size: number;
  layers: readonly { diffId: string; size: number }[];
}
export interface SimContainer {
  id: string;
  name: string;
  image: ImageId;
  state: ContainerState;
  stoppedAt: number | null;
}

/** A request of an agent to delete, as the engine sees it. */
export interface Request {
  n: number;
  by: Process;
  name: string;
  image: ImageId | null;
  force: boolean;
  at: number;
  /** Whether the engine still has it in its hands; when it was answered, or lost. */
  open: boolean;
  endedAt: number;
}
/** Who looks on, independent of what anybody says. */
export interface Watcher {
  requested(request: Request): void;
  /** An image is gone, by this request or by somebody else. */
  gone(image: ImageId, request: Request | null): void;
  untagged(image: ImageId, name: string, request: Request | null): void;
  looked(image: ImageId, by: Process, tags: readonly string[]): void;
  removedContainer(container: SimContainer): void;
}

export type SimEngine = ReturnType<typeof openSimEngine>;

const READ_LIMIT_MS = 10_000;
const REMOVE_LIMIT_MS = 600_000;
const UNREACHABLE: EngineProblem = { kind: 'unreachable', at: 'the simulated engine' };

/**
 * An engine with a graph driver, as its agent's port shows it; what happens to it is told to the watcher. It may be at a
 * deletion for long after its agent died.
 */
export function openSimEngine(loop: Loop, watcher: Watcher) {
  const images = new Map<ImageId, SimImage>();
  const containers = new Map<string, SimContainer>();
  /** What a registry still has, by `repo@sha256:…`. */
  const registry = new Map<string, Omit<SimImage, 'tags'>>();
  const open = new Set<Request>();
  const state = { up: true, hungUntil: 0, slow: 1, starts: 1 };
  let requests = 0;

  const byName = (name: string): SimImage | undefined =>
    images.get(name as ImageId) ??
    [...images.values()].find(({ tags, digests }) => tags.has(name) || digests.includes(name));
  const holders = (id: ImageId) => [...containers.values()].filter(({ image }) => image === id);
  const runs = ({ state: is }: SimContainer) => is === 'running' || is === 'paused' || is === 'restarting';

  function erase(image: SimImage, request: Request | null): void {
    images.delete(image.id);
    watcher.gone(image.id, request);
  }

  function untag(image: SimImage, name: string, request: Request | null): void {
    image.tags.delete(name);
    // The digest of a repository goes with its last tag there.
    const repository = repositoryOf(name);
    const isLast = ![...image.tags].some((tag) => repositoryOf(tag) === repository);
    image.digests = image.digests.filter(
      (one) => one !== name && !(isLast && repositoryOf(one) === repository),
    );
    watcher.untagged(image.id, name, request);
  }

  /** What the engine does with a deletion, as of 20.10 with `noprune`. */
  function remove(name: string, force: boolean, request: Request | null): Removal {
    const image = byName(name);
    if (!image) return { kind: 'absent' };
    const conflict = (message: string): Removal => ({ kind: 'conflict', message });
    const held = holders(image.id);
    const running = held.find(runs);
    const byId = name === image.id;
    const others = image.tags.size - (image.tags.has(name) ? 1 : 0);
    if (!byId && others > 0) {
      untag(image, name, request);
      return { kind: 'done', untagged: [name], deleted: [] };
    }
    if (!byId && running && force) {
      untag(image, name, request);
      return { kind: 'done', untagged: [name], deleted: [] };
    }
    if (byId && image.tags.size > 1 && !force)
      return conflict(`image is referenced in multiple repositories`);
    if (running) return conflict(`image is being used by running container ${running.id.slice(0, 12)}`);
    if (held.length > 0 && !force)
      return conflict(`image is being used by stopped container ${held[0]?.id.slice(0, 12)}`);
    if ([...images.values()].some(({ parent }) => parent === image.id))
      return conflict('image has dependent child images');
    const untagged = [...image.tags];
    for (const tag of untagged) untag(image, tag, request);
    erase(image, request);
    return { kind: 'done', untagged, deleted: [image.id, ...image.layers.map(({ diffId }) => diffId)] };
  }

  /** Does it once the engine is not hung; `lost` where it dies before. */
  function whenAwake(request: Request, ms: number, work: () => void): void {
    loop.at(loop.state.now + ms, null, `engine at ${request.name.slice(0, 20)}`, () => {
      if (!request.open) return;
      // Whatever it was at when it was stopped it does soon after it goes on.
      if (state.hungUntil > loop.state.now)
        whenAwake(request, state.hungUntil - loop.state.now + loop.random.below(1_500), work);
      else work();
    });
  }

  function end(request: Request): void {
    request.open = false;
    request.endedAt = loop.state.now;
    open.delete(request);
  }

  /** A question: answered, refused where the engine is down, late where it hangs. */
  function ask<T>(process: Process, label: string, typical: number, answer: () => T): Promise<T> {
    return loop
      .call(process, label, loop.latency(typical * state.slow), () => {
        if (!state.up) throw new EngineTrouble(UNREACHABLE);
        const hung = state.hungUntil - loop.state.now;
        if (hung <= 0) return { value: answer() };
        return { late: hung < READ_LIMIT_MS ? hung : null };
      })
      .then(async (found) => {
        if ('value' in found) return found.value as T;
        await loop.sleep(process, found.late ?? READ_LIMIT_MS);
        if (found.late === null) throw new EngineTrouble({ kind: 'no-answer' });
        if (!state.up) throw new EngineTrouble(UNREACHABLE);
        return answer();
      });
  }

  function startRemoval(process: Process, name: string, force: boolean): Promise<Removal> {
    return new Promise<Removal>((resolve, reject) => {
      const label = `DELETE ${name.slice(0, 24)}${force ? ' force' : ''}`;
      const begin = loop.call(process, label, loop.latency(1), () => {
        if (!state.up) return resolve({ kind: 'trouble', problem: UNREACHABLE, begun: false });
        // From here on it is the engine's, whatever becomes of the agent.
        const request: Request = {
          ...{ n: ++requests, by: process, name, force, image: byName(name)?.id ?? null },
          ...{ at: loop.state.now, open: true, endedAt: Number.POSITIVE_INFINITY },
        };
        open.add(request);
        watcher.requested(request);
        const limit = loop.at(loop.state.now + REMOVE_LIMIT_MS, process, 'gives a deletion up', () =>
          resolve({ kind: 'trouble', problem: { kind: 'no-answer' }, begun: true }),
        );
        const settle = (removal: Removal) => {
          end(request);
          callOff(limit);
          loop.at(loop.state.now + loop.latency(1), process, `is answered ${removal.kind}`, () =>
            resolve(removal),
          );
        };
        lost.set(request, (done) => {
          if (done) remove(name, force, request);
          settle({ kind: 'trouble', problem: UNREACHABLE, begun: true, cut: true });
        });
        // Mostly quick, now and then as slow as many files are.
        const ms = loop.random.chance(0.1) ? loop.random.below(20_000) : loop.latency(15);
        const work = () => {
          const removal = remove(name, force, request);
          loop.say(() => `engine: ${request.name.slice(0, 24)} ${removal.kind}`);
          settle(removal);
        };
        // As the agent takes it: no deletion goes on for longer than ten minutes.
        whenAwake(request, Math.min(ms * state.slow, 540_000), work);
      });
      begin.catch(reject);
    });
  }
  const lost = new Map<Request, (done: boolean) => void>();

  const detailsOf = (image: SimImage): ImageDetails => ({
    id: image.id,
    tags: [...image.tags].sort(),
    digests: [...image.digests].sort(),
    createdAt: image.createdAt,
    taggedAt: image.taggedAt,
    diffIds: image.layers.map(({ diffId }) => diffId),
    labels: {},
    size: image.size,
    folders: [],
  });
  const raw = (container: SimContainer): RawContainer => ({
    id: container.id,
    name: container.name,
    imageId: images.has(container.image) ? container.image : null,
    state: container.state,
    labels: {},
    mounts: [],
  });

  return {
    images,
    containers,
    registry,
    state,
    byName,
    /** Somebody else's doing. */
    remove: (name: string) => remove(name, false, null),
    erase,
    untag,
    hang(ms: number): void {
      state.hungUntil = Math.max(state.hungUntil, loop.state.now + ms);
      loop.say(() => `the engine hangs for ${ms} ms`);
    },
    /** It dies, and what it had in hand is done or not. */
    die(): void {
      state.up = false;
      loop.say(() => 'the engine dies');
      for (const request of [...open]) {
        const settle = lost.get(request);
        const done = loop.random.chance(0.4);
        settle?.(done);
      }
    },
    rise(): void {
      state.up = true;
      state.starts++;
      state.hungUntil = 0;
      loop.say(() => 'the engine is back');
    },
    heal(): void {
      state.up = true;
      state.hungUntil = Math.min(state.hungUntil, loop.state.now);
      state.slow = 1;
    },
    busy: () => open.size > 0,
    /** The agent's way to it. */
    port(process: Process): Engine {
      const inspect = (name: string) =>
        ask(process, `inspect ${name.slice(0, 20)}`, 2, () => {
          const image = byName(name);
          if (image || name.startsWith('sha256:'))
            watcher.looked(image?.id ?? (name as ImageId), process, [...(image?.tags ?? [])]);
          return image ? detailsOf(image) : null;
        });
      const list = () => [...containers.values()].map(raw);
      return {
        info: () =>
          ask(process, 'info', 2, () => ({
            ...{ version: '20.10.24', api: '1.41', store: 'graph driver', driver: 'overlay2', root: '/var' },
          })) as ReturnType<Engine['info']>,
        life: async () => String(state.starts),
        list: () =>
          ask(process, 'list', 4, () => ({
            images: [...images.values()].map((image) => ({
              id: image.id,
              tags: [...image.tags].sort(),
              digests: [...image.digests].sort(),
              parent: image.parent,
              createdAt: image.createdAt,
              size: image.size,
              labels: {},
            })),
            containers: list(),
          })),
        containers: () => ask(process, 'containers', 2, list),
        inspect,
        history: (id) =>
          ask(process, 'history', 2, () => images.get(id)?.layers.map(({ size }) => size) ?? null),
        remove: (name, { force }) => startRemoval(process, name, force),
        tag: (id, reference) =>
          ask(process, `tag ${reference}`, 2, () => {
            const image = images.get(id);
            if (!image) return false;
            for (const other of images.values()) other.tags.delete(reference);
            image.tags.add(reference);
            image.taggedAt = loop.state.now;
            return true;
          }),
        pull: (digest) =>
          ask(process, `pull ${digest.slice(0, 16)}`, 800, () => {
            const known = registry.get(digest);
            if (!known) return 'manifest unknown';
            if (!images.has(known.id))
              images.set(known.id, { ...known, tags: new Set(), taggedAt: loop.state.now });
            const image = images.get(known.id);
            if (image && !image.digests.includes(digest)) image.digests.push(digest);
            return null;
          }),
        container: (id) =>
          ask(process, 'container', 2, () => {
            const found = containers.get(id);
            return found ? { ...raw(found), stoppedAt: found.stoppedAt, size: 0, folders: [] } : null;
          }),
        removeContainer: (id) =>
          ask<Removal>(process, 'removes a container', 20, () => {
            const found = containers.get(id);
            if (!found) return { kind: 'absent' };
            if (runs(found)) return { kind: 'conflict', message: 'it runs' };
            containers.delete(id);
            watcher.removedContainer(found);
            return { kind: 'done', untagged: [], deleted: [] };
          }).catch((error: EngineTrouble) => ({ kind: 'trouble', problem: error.problem, begun: true })),
        buildCache: async () => null,
        removeRecord: async () => null,
        contents: async () => null,
        events: () => new Promise(() => {}),
        usage: () => Promise.reject(new EngineTrouble({ kind: 'no-answer' })),
        distribution: (digest) =>
          ask(process, 'distribution', 60, () => registry.has(digest)).catch(() => false),
      };
    },
  };
}

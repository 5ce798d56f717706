import { carryOut, type Hands } from '../../../agents/host/carry-out.ts';
import type { Engine, ImageDetails, RawContainer } from '../../../agents/host/ports.ts';
import { openWait } from '../../../agents/host/wait.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Item } from '../../../src/domain/plan.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { noNotes } from './_around.ts';

/** An engine in memory that knows images by their tags and stopped containers, and nothing of how an engine works. */
export function memoryEngine(tagged: Record<string, ImageId>) {
  const tags = new Map(Object.entries(tagged));
  const images = new Set<string>(tags.values());
  const containers = new Map<string, { name: string; image: ImageId }>();
  /** What it was asked to delete. */
  const asked: string[] = [];
  const details = (id: ImageId): ImageDetails => ({
    ...{ id, tags: [...tags].flatMap(([tag, image]) => (image === id ? [tag] : [])), digests: [] },
    ...{ createdAt: 0, taggedAt: null, diffIds: [id], labels: {}, size: 1, folders: [] },
  });
  const raw = (id: string, { name, image }: { name: string; image: ImageId }): RawContainer => ({
    ...{ id, name, imageId: image, state: 'exited', labels: {}, mounts: [] },
  });
  const port = {
    info: async () => ({ version: '1', api: '1.41', store: 'graph driver', driver: 'overlay2', root: '/' }),
    life: async () => 'first',
    list: async () => ({
      images: [...images].map((id) => ({ ...details(id as ImageId), parent: null })),
      containers: [...containers].map(([id, one]) => raw(id, one)),
    }),
    history: async () => [1],
    contents: async () => null,
    buildCache: async () => [],
    distribution: async () => false,
    inspect: async (name: string) => {
      const id = tags.get(name) ?? (name as ImageId);
      return images.has(id) ? details(id) : null;
    },
    containers: async () => [...containers].map(([id, one]) => raw(id, one)),
    container: async (id: string) => {
      const one = containers.get(id);
      return one ? { ...raw(id, one), stoppedAt: 5, size: 7, folders: [] } : null;
    },
    tag: async (id: ImageId, name: string) => {
      tags.set(name, id);
      return true;
    },
    remove: async (name: string) => {
      asked.push(name);
      const id = tags.get(name) ?? (name as ImageId);
      if (!images.has(id)) return { kind: 'absent' };
      const untagged = tags.has(name) ? [name] : details(id).tags;
      for (const tag of untagged) tags.delete(tag);
      if (details(id).tags.length > 0) return { kind: 'done', untagged, deleted: [] };
      images.delete(id);
      return { kind: 'done', untagged, deleted: [id] };
    },
    removeContainer: async (id: string) => {
      asked.push(id);
      return { kind: containers.delete(id) ? 'done' : 'absent', untagged: [], deleted: [] };
    },
  };
  return { tags, images, containers, asked, port: port as unknown as Engine };
}

/** Carries out one item on it, with all that a test does not give left as it is mostly. */
export function carried(item: Item, engine: Engine, more: Partial<Hands> = {}): Promise<Outcome> {
  const never = new AbortController().signal;
  const world = { images: new Map(), children: new Map(), holders: new Map() } as never;
  const clock = { now: () => performance.now(), sleep: async () => {} };
  return carryOut(item, {
    engine,
    ...openWait(engine, clock, never),
    circumstances: () => ({
      ...{ world, rules: { ...DEFAULT_RULES, minAge: 0 }, arrivedAt: () => 0, usedAt: () => 0 },
      ...{ gone: new Set(), prune: true, now: 1e9 },
    }),
    freed: () => 0,
    notes: noNotes,
    hurry: never,
    ...more,
  });
}

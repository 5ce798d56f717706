import type { ImageId } from '../../src/domain/ids.ts';
import { type Container, isStopped } from '../../src/domain/inventory.ts';
import { familiarReference } from '../../src/domain/reference.ts';
import type { Details, ImageCache } from './details.ts';
import { eachOf, WIDTH } from './each.ts';
import { type ContainerDetails, type Engine, EngineTrouble, type RawContainer } from './ports.ts';

type Named = { id: ImageId; tags: readonly string[]; digests: readonly string[] };

/** Containers with the images that they hold, of which `images` may be held by a mount. */
export function toContainers(containers: readonly RawContainer[], images: readonly Named[]): Container[] {
  const known = new Map<string, ImageId>();
  for (const { id, tags, digests } of images)
    for (const name of [id, ...tags, ...digests]) known.set(name, id);
  // The engine repeats a mount's image as it was asked for: by any spelling, or by a part of the ID.
  const mounted = (name: string) =>
    known.get(familiarReference(name) ?? name) ??
    images.find(({ id }) => /^[0-9a-f]{4,}$/.test(bare(name)) && bare(id).startsWith(bare(name)))?.id;
  return containers.map(({ id, name, imageId, state, labels, mounts }) => ({
    ...{ id, name, state, labels, stoppedAt: null, size: 0, chains: [] },
    ...(imageId === null || known.has(imageId) ? { image: imageId } : { image: null, missing: imageId }),
    mounts: [...new Set(mounts.flatMap((mount) => mounted(mount) ?? []))],
  }));
}

/**
 * Looks into those containers of which more must be known than the list tells: since when they have stopped, where
 * that matters, and on which layers they stand whose image is gone.
 */
export async function lookInto(
  engine: Pick<Engine, 'container' | 'inspect'>,
  cache: ImageCache,
  details: ReadonlyMap<ImageId, Details>,
  containers: readonly Container[],
  stopped: boolean,
): Promise<Container[]> {
  const looked = new Map<string, Container>();
  const unsure = containers.filter(({ state, image }) => image === null || (stopped && isStopped(state)));
  await eachOf(unsure, WIDTH, async (container) => {
    const found = await (stopped && isStopped(container.state)
      ? weighed(engine, container.id)
      : engine.container(container.id));
    // One that went away in between holds nothing any more, but the next look will tell.
    if (!found) return;
    const { stoppedAt, size, state, folders } = found;
    const chains = container.image === null ? await chainsIn(engine, cache, details, folders) : [];
    looked.set(container.id, { ...container, state, stoppedAt, size, chains });
  });
  return containers.map((container) => looked.get(container.id) ?? container);
}

/** A container with the bytes that it wrote; as if it had written none where weighing them takes too long. */
export async function weighed(
  engine: Pick<Engine, 'container'>,
  id: string,
): Promise<ContainerDetails | null> {
  try {
    return await engine.container(id, { size: true });
  } catch (error) {
    if (!(error instanceof EngineTrouble) || error.problem.kind !== 'no-answer') throw error;
    return engine.container(id);
  }
}

// --- internal ---

const bare = (id: string) => id.replace(/^sha256:/, '');

/** Images tell the folders of their layers; a container whose image is gone still has those below it. */
async function chainsIn(
  engine: Pick<Engine, 'inspect'>,
  { folders: known }: ImageCache,
  details: ReadonlyMap<ImageId, Details>,
  folders: readonly string[],
): Promise<string[]> {
  if (folders.length === 0) return [];
  // What is of images that have gone would pile up, and be wrong of one that came back.
  if ([...known.images].some((id) => !details.has(id))) {
    known.images.clear();
    known.chains.clear();
  }
  const unread = [...details].filter(([id]) => !known.images.has(id));
  await eachOf(unread, WIDTH, async ([id, { chains }]) => {
    const image = await engine.inspect(id);
    known.images.add(id);
    if (image?.folders.length !== chains.length) return;
    for (const [i, folder] of image.folders.toReversed().entries()) known.chains.set(folder, chains[i] ?? '');
  });
  return folders.flatMap((folder) => known.chains.get(folder) ?? []).reverse();
}

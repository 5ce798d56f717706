import { heldBy } from '../../src/domain/graph.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import { type Allowance, type Container, type Inventory, isRunning } from '../../src/domain/inventory.ts';
import type { Selection } from '../../src/domain/selection.ts';
import { lookInto, toContainers } from './containers.ts';
import { detailsOf, type ImageCache, toImage } from './details.ts';
import type { LastUsed } from './last-used.ts';
import type { Engine, RawContainer } from './ports.ts';
import { weigh } from './weights.ts';

export type Surroundings = {
  /** Full or short IDs that the container which the agent runs in may have. */
  ownContainer: readonly string[];
  now: () => number;
  lastUsed: LastUsed;
  /** As of `Watch`. */
  settled: () => Promise<number | null>;
  /** What the host's hourly limits leave. */
  allowance: () => Allowance | null;
  readDisk: () => Promise<Inventory['disk']>;
};

/** Images, containers and build cache of the engine at this instant, as far as `selection` needs them. Rejects with `EngineTrouble`. */
export async function takeInventory(
  engine: Engine,
  cache: ImageCache,
  around: Surroundings,
  selection?: Selection,
): Promise<Inventory> {
  const prune = selection?.kind === 'prune' ? selection : null;
  const heard = await around.settled();
  const takenAt = around.now();
  const listing = await engine.list();
  around.lastUsed.saw(
    listing.images.map(({ id }) => id),
    running(toContainers(listing.containers, listing.images)),
    takenAt,
  );
  const details = await detailsOf(engine, cache, listing.images, heard);
  const listed = listing.images.flatMap((raw) => {
    const known = details.get(raw.id);
    return known ? [toImage(raw, known, around.lastUsed)] : [];
  });
  const [contents, records] = await Promise.all([
    engine.contents(),
    engine.buildCache(prune?.buildCache ?? false),
  ]);
  const stopped = prune?.stoppedContainers !== undefined;
  const held = toContainers(listing.containers, listed);
  const containers = await lookInto(engine, cache, details, held, stopped);
  const ends = containers.flatMap(({ chains }) => chains.at(-1) ?? []);
  const weighed = await weigh(engine, cache, listed, details, { contents, records: records ?? [], ends });
  return {
    takenAt,
    images: weighed.images,
    containers,
    cache: records && weighed.records,
    layers: weighed.layers,
    disk: prune?.goal ? await around.readDisk() : null,
    allowance: around.allowance(),
    self: ownImage(listing.containers, around.ownContainer),
  };
}

// --- internal ---

/** What they run on, and what they mount. */
function running(containers: readonly Container[]): ImageId[] {
  return containers.flatMap((container) => (isRunning(container.state) ? [...heldBy(container)] : []));
}

function ownImage(containers: readonly RawContainer[], own: readonly string[]): ImageId | null {
  return containers.find(({ id }) => own.some((candidate) => id.startsWith(candidate)))?.imageId ?? null;
}

import { type Graph, usesOf } from './graph.ts';
import type { ImageId } from './ids.ts';
import { nameOf } from './plan.ts';
import { stillHeld } from './stopped.ts';
import { isIntermediate, type Picked, references } from './subject.ts';

/**
 * Takes back what can't go because of what stays: an image goes only if all its children go, and one whose
 * containers are to be removed only if they all are. What stays by that may hold others in turn.
 */
export function settle(world: Graph, picked: Picked, now: number): void {
  while (dropParents(world, picked) || dropHeld(world, picked, now));
}

// --- internal ---

function dropParents(world: Graph, picked: Picked): boolean {
  let dropped = false;
  for (const going of picked.going.values()) {
    if (going.action !== 'delete') continue;
    const staying = (world.children.get(going.image) ?? []).filter(
      (id) => picked.going.get(id)?.action !== 'delete',
    );
    if (staying.length === 0) continue;
    picked.going.delete(going.image);
    dropped = true;
    const image = world.images.get(going.image);
    if (!image || isIntermediate(world, image)) continue;
    const of = staying.map((id) => namedDescendant(world, picked, id)).sort();
    picked.kept.set(image.id, { kind: 'children', of: [...new Set(of)] });
  }
  return dropped;
}

function dropHeld(world: Graph, picked: Picked, now: number): boolean {
  const held = stillHeld(world, picked);
  for (const { image: id } of held) {
    picked.going.delete(id);
    picked.kept.set(id, { kind: 'in-use', by: usesOf(world, id, now) });
  }
  return held.length > 0;
}

/** People know the tagged image that stays, not the untagged steps between it and its base. */
function namedDescendant(world: Graph, picked: Picked, id: ImageId): string {
  const image = world.images.get(id);
  const name = nameOf({ image: id, references: image ? references(image) : [] });
  if (!image || references(image).length > 0) return name;
  const [first] = (world.children.get(id) ?? [])
    .filter((child) => picked.going.get(child)?.action !== 'delete')
    .map((child) => namedDescendant(world, picked, child))
    .sort();
  return first ?? name;
}

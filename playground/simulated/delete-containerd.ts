import { conflict } from './api-error.ts';
import { type DeleteOptions, madeOf, type Removed, untag } from './delete-records.ts';
import { imageEvent } from './image-events.ts';
import { familiarName, type Name, parseName, short, withDefaultTag } from './names.ts';
import { findImage, isIdPrefix } from './resolve.ts';
import type { State } from './state.ts';

/**
 * Deletion on the containerd store (moby, `daemon/containerd/image_delete.go`), where an image is as many
 * records as it has names. Read in the source, not measured.
 */
export function deleteOnContainerd(state: State, text: string, options: DeleteOptions): Removed[] {
  const { id } = findImage(state, text);
  const { force } = options;
  const all = state.references.of(id);
  if (isIdPrefix(id, text)) {
    const soft = force ? 'none' : sameAs(all, all[0]).length === all.length ? 'containers' : 'all';
    return deleteAll(state, id, all, soft, options);
  }
  const parsed = parseName(text);
  if ('error' in parsed) throw new Error(parsed.error);
  const name = withDefaultTag(parsed.name);
  const same = sameAs(all, name);
  if (same.length !== all.length) return same.map((ref) => untag(state, ref, id, familiarName(ref)));
  const user = [...state.containers.values()].find(({ imageId }) => imageId === id);
  if (user && !force)
    throw conflict(
      `conflict: unable to delete ${familiarName(name)} (must be forced) - ` +
        `container ${short(user.id)} is using its referenced image ${short(id)}`,
    );
  // The record stays without a name, for the containers.
  if (user) {
    for (const ref of all) state.references.remove(ref);
    imageEvent(state, 'untag', id, familiarName(name));
    return [{ Untagged: familiarName(name) }];
  }
  return deleteAll(state, id, all, force ? 'none' : 'containers', options);
}

// --- internal ---

/** The same name and tag, and the repository's digests where no other tag of it is left. */
function sameAs(all: readonly Name[], name: Name | undefined): readonly Name[] {
  if (!name) return all;
  const inRepo = all.filter(({ full }) => full === name.full);
  if (name.digest !== null && name.tag === null) return inRepo;
  const others = inRepo.some(({ tag }) => tag !== null && tag !== name.tag);
  return inRepo.filter(({ tag, digest }) => (digest === null ? tag === name.tag : !others));
}

function deleteAll(
  state: State,
  id: string,
  all: readonly Name[],
  soft: 'none' | 'containers' | 'all',
  { noprune }: DeleteOptions,
): Removed[] {
  const refuse = (how: 'cannot' | 'must', why: string) =>
    conflict(`conflict: unable to delete ${short(id)} (${how} be forced) - image ${why}`);
  const running = madeOf(state, id, true);
  if (running) throw refuse('cannot', `is being used by running container ${short(running.id)}`);
  const stopped = soft === 'none' ? undefined : madeOf(state, id, false);
  if (stopped) throw refuse('must', `is being used by stopped container ${short(stopped.id)}`);
  if (soft === 'all' && all.length > 1) throw refuse('must', 'is referenced in multiple repositories');

  const records = all.map((name) => untag(state, name, id, familiarName(name)));
  const parent = state.images.get(id)?.parent ?? null;
  // Children need its content: a nameless record stays, and the answer says deleted all the same.
  if (state.images.children(id).length === 0 || all.length === 0) state.images.delete(id);
  imageEvent(state, 'delete', id);
  records.push({ Deleted: id });
  if (noprune) return records;
  for (let next = parent; next !== null; ) {
    const image = state.images.get(next);
    if (!image || state.references.of(next).length > 0) break;
    if (madeOf(state, next, true) || madeOf(state, next, false)) break;
    const above = image.parent;
    state.images.delete(next);
    imageEvent(state, 'delete', next);
    records.push({ Deleted: next });
    next = above;
  }
  return records;
}

import { conflict } from './api-error.ts';
import { type DeleteOptions, madeOf, type Removed, untag, usersOf } from './delete-records.ts';
import { imageEvent } from './image-events.ts';
import { type Name, parseName, short, withDefaultTag } from './names.ts';
import { findImage, isIdPrefix } from './resolve.ts';
import type { State } from './state.ts';

/** Deletion as a graph driver does it (moby, `daemon/images/image_delete.go`). */
export function deleteOnGraph(state: State, text: string, options: DeleteOptions): Removed[] {
  const { id } = findImage(state, text);
  const { force } = options;
  const records: Removed[] = [];
  const names = state.references.of(id);
  let byName = false;
  if (!isIdPrefix(id, text)) {
    if (!force && isSingle(names)) refuseUsedName(state, text, id);
    const parsed = parseName(text);
    if ('error' in parsed) throw new Error(parsed.error);
    const name = withDefaultTag(parsed.name);
    records.push(untag(state, name, id, id), ...untagDigests(state, name, id));
    if (state.references.of(id).length > 0) return records;
    byName = true;
  } else if (isSingle(names)) {
    const found = conflictOf(state, id, { force, names: false });
    if (found) throw conflict(found.text);
    for (const name of names) records.push(untag(state, name, id, id));
  }
  deleteWithParents(state, id, records, options, byName);
  return records;
}

// --- internal ---

/** One repository and at most one tag; none at all is not single. */
function isSingle(names: readonly Name[]): boolean {
  if (names.length < 2) return names.length === 1;
  const tags = names.filter(({ digest }) => digest === null);
  const digested = new Set(names.filter(({ digest }) => digest !== null).map(({ full }) => full));
  const only = tags[0] ?? names[0];
  return tags.length < 2 && digested.size === 1 && digested.has(only?.full ?? '');
}

function refuseUsedName(state: State, text: string, id: string): void {
  const [user] = usersOf(state, id);
  if (!user) return;
  throw conflict(
    `conflict: unable to remove repository reference ${JSON.stringify(text)} (must force) - ` +
      `container ${short(user.id)} is using its referenced image ${short(id)}`,
  );
}

/** With the last tag of a repository its digests go, which no event tells. */
function untagDigests(state: State, name: Name, id: string): Removed[] {
  if (name.digest !== null) return [];
  const same = state.references.of(id).filter(({ full }) => full === name.full);
  if (same.some(({ digest }) => digest === null)) return [];
  return same.map((digest) => untag(state, digest, id, null));
}

type Conflict = { readonly text: string; readonly used: boolean };

/** Why an image can't be deleted. Force is against names and stopped containers only. */
function conflictOf(
  state: State,
  id: string,
  { force, names }: { force: boolean; names: boolean },
): Conflict | null {
  const because = (how: 'cannot' | 'must', why: string, used = false): Conflict => ({
    text: `conflict: unable to delete ${short(id)} (${how} be forced) - image ${why}`,
    used,
  });
  if (state.images.children(id).length > 0) return because('cannot', 'has dependent child images');
  const running = madeOf(state, id, true);
  if (running) return because('cannot', `is being used by running container ${short(running.id)}`, true);
  if (force) return null;
  if (names && state.references.of(id).length > 0)
    return because('must', 'is referenced in multiple repositories');
  const stopped = madeOf(state, id, false);
  if (stopped) return because('must', `is being used by stopped container ${short(stopped.id)}`, true);
  return null;
}

function deleteWithParents(
  state: State,
  id: string,
  records: Removed[],
  { force, noprune }: DeleteOptions,
  quiet: boolean,
): void {
  const found = conflictOf(state, id, { force, names: true });
  if (found) {
    const dangling = state.references.of(id).length === 0 && state.images.children(id).length === 0;
    if (quiet && (!dangling || found.used)) return;
    throw conflict(found.text);
  }
  const parent = state.images.get(id)?.parent ?? null;
  for (const name of state.references.of(id)) records.push(untag(state, name, id, id));
  const chains = state.images.delete(id);
  imageEvent(state, 'delete', id);
  records.push({ Deleted: id }, ...chains.map((chain) => ({ Deleted: chain })));
  if (!noprune && parent !== null)
    deleteWithParents(state, parent, records, { force: false, noprune: false }, true);
}

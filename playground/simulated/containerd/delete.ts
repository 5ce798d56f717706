import { conflict } from '../api-error.ts';
import { type DeleteOptions, madeOf, type Removed, usersOf } from '../delete-records.ts';
import { imageEvent, plainEvent } from '../image-events.ts';
import { familiarName, type Name, parseName, short } from '../names.ts';
import type { Reference } from '../references.ts';
import { isIdPrefix } from '../resolve.ts';
import type { State } from '../state.ts';
import { noSuchImage, resolveAll } from './find.ts';
import { builtOn, isDangling, keepNameless, recordName, removeRecord, untagSoftly } from './records.ts';

/** What speaks against a deletion, besides a running container. */
type Checks = { readonly stopped: boolean; readonly names: boolean };

/** Deletion in the containerd store (moby, `daemon/containerd/image_delete.go`). */
export function deleteInStore(state: State, text: string, { force, noprune }: DeleteOptions): Removed[] {
  const { record, all } = resolveAll(state, text);
  const id = (record ?? all[0])?.id ?? '';
  const checks = { stopped: !force, names: !force };
  const byId = isIdPrefix(id, text);
  if (record && byId) return deleteAll(state, id, all, checks, noprune);
  const parsed = parseName(text);
  const name = record?.name ?? (byId || 'error' in parsed ? null : parsed.name);
  const same = sameReferences(name, all);
  if (same.length === 0 && name) throw noSuchImage(familiarName(name));
  if (same.length !== all.length && name) return same.map((one) => untag(state, one));
  // All its names are one: they are no reason to keep it.
  const one = same.length === all.length && (!record || all.length > 1);
  if (record) {
    const [user] = usersOf(state, id);
    if (user && !force)
      throw conflict(
        `conflict: unable to delete ${familiarName(record.name)} (must be forced) - ` +
          `container ${short(user.id)} is using its referenced image ${short(id)}`,
      );
    if (user) {
      untagSoftly(state, record);
      plainEvent(state, 'untag', id, familiarName(record.name));
      return [{ Untagged: familiarName(record.name) }];
    }
  }
  return deleteAll(state, id, all, { ...checks, names: checks.names && !one }, noprune);
}

// --- internal ---

/**
 * Records that are the same as a name, or as the first one: the same repository and tag, its digests where it has no
 * other tag, and the nameless one. For a digest every tag of the repository is the same.
 */
function sameReferences(given: Name | null, all: readonly Reference[]): readonly Reference[] {
  let name = given;
  let tag = given?.tag ?? null;
  const everyTag = given !== null && given.tag === null && given.digest !== null;
  const same: Reference[] = [];
  let digests: Reference[] | null = [];
  for (const record of all) {
    if (!isDangling(record.name)) {
      if (name === null) {
        name = record.name;
        tag = name.tag;
      } else if (name.full !== record.name.full) continue;
      else if (!everyTag) {
        if (record.name.tag === null) {
          digests?.push(record);
          continue;
        }
        if (tag === null) tag = record.name.tag;
        else if (tag !== record.name.tag) {
          digests = null;
          continue;
        }
      }
    }
    same.push(record);
  }
  return [...same, ...(digests ?? [])];
}

function untag(state: State, record: Reference): Removed {
  removeRecord(state, record);
  plainEvent(state, 'untag', record.id, familiarName(record.name));
  return { Untagged: familiarName(record.name) };
}

function deleteAll(
  state: State,
  id: string,
  all: readonly Reference[],
  checks: Checks,
  noprune: boolean,
): Removed[] {
  const parents = noprune ? [] : ancestors(state, id);
  const removed = all.flatMap((record) => deleteOne(state, record, all, checks));
  imageEvent(state, 'delete', id);
  removed.push({ Deleted: id });
  for (const parent of parents) {
    const [record, ...more] = state.references.allOf(parent);
    if (!record || more.length > 0 || !isDangling(record.name)) break;
    try {
      deleteOne(state, record, all, { stopped: true, names: true });
    } catch {
      break;
    }
    imageEvent(state, 'delete', parent);
    removed.push({ Deleted: parent });
  }
  return removed;
}

/** Deletes a record; a name that is the last one leaves a nameless record to images that are built on it. */
function deleteOne(state: State, record: Reference, all: readonly Reference[], checks: Checks): Removed[] {
  const { id, name } = record;
  const found = conflictOf(state, id, all, checks);
  if (found) throw conflict(found);
  const children = builtOn(state, id).length > 0;
  if (!isDangling(name) && all.length === 1 && checks.names && children) keepNameless(state, record);
  removeRecord(state, record);
  if (isDangling(name)) return [];
  plainEvent(state, 'untag', id, recordName(record));
  return [{ Untagged: recordName(record) }];
}

function conflictOf(
  state: State,
  id: string,
  all: readonly Reference[],
  { stopped, names }: Checks,
): string | null {
  const because = (how: 'cannot' | 'must', why: string) =>
    `conflict: unable to delete ${short(id)} (${how} be forced) - image ${why}`;
  const running = madeOf(state, id, true);
  if (running) return because('cannot', `is being used by running container ${short(running.id)}`);
  const other = stopped ? madeOf(state, id, false) : undefined;
  if (other) return because('must', `is being used by stopped container ${short(other.id)}`);
  if (names && all.length > 1) return because('must', 'is referenced in multiple repositories');
  return null;
}

/** What an image was built on, nearest first; none at all where one of them is gone. */
function ancestors(state: State, id: string): string[] {
  const found: string[] = [];
  for (let at = state.references.allOf(id)[0]?.parent ?? null; at !== null; ) {
    const [record] = state.references.allOf(at);
    if (!record) return [];
    found.push(at);
    at = record.parent;
  }
  return found;
}

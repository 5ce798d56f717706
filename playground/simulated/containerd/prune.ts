import type { Removed } from '../delete-records.ts';
import { acceptOnly, type Filters } from '../filters.ts';
import { plainEvent } from '../image-events.ts';
import { danglingOf } from '../list.ts';
import { familiarName, parseName, withDefaultTag } from '../names.ts';
import type { Reference } from '../references.ts';
import type { State } from '../state.ts';
import { recordCondition } from './list.ts';
import { isDangling, recordName, removeRecord } from './records.ts';
import { blobsOf } from './sizes.ts';

/** Prunes records (moby, `daemon/containerd/image_prune.go`): nameless ones or, with `dangling=false`, all that no container was made by. */
export function pruneStore(state: State, filters: Filters) {
  acceptOnly(state, filters, 'dangling', 'label', 'label!', 'until');
  const danglingOnly = danglingOf(state, filters) ?? true;
  const fits = recordCondition(state, new Map([...filters].filter(([field]) => field !== 'dangling')));
  const candidates = state.references
    .all()
    .filter((record) => (!danglingOnly || isDangling(record.name)) && fits(record));
  let reclaimed = 0;
  const removed: Removed[] = [];
  for (const record of sparing(state, candidates)) {
    const { rows, bytes } = take(state, record);
    removed.push(...rows);
    reclaimed += bytes;
  }
  return { ImagesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: reclaimed };
}

// --- internal ---

/** Leaves out what containers were made by, and the last name of what they were made of by ID. */
function sparing(state: State, candidates: readonly Reference[]): readonly Reference[] {
  const chosen = new Map(candidates.map((record) => [familiarName(record.name), record]));
  const used = new Set<string>();
  for (const { imageId, image } of state.containers.values()) {
    chosen.delete(`moby-dangling@${imageId}`);
    const byId = imageId.startsWith(`sha256:${image.replace(/^sha256:/, '')}`);
    if (byId || image.endsWith(`@${imageId}`)) used.add(imageId);
    const parsed = parseName(image);
    if (!('error' in parsed)) chosen.delete(familiarName(withDefaultTag(parsed.name)));
  }
  const left = new Map<string, number>();
  for (const { id } of state.references.all()) left.set(id, (left.get(id) ?? 0) + 1);
  for (const [name, { id }] of chosen) {
    const count = left.get(id) ?? 0;
    if (count > 1) left.set(id, count - 1);
    else if (used.has(id)) chosen.delete(name);
  }
  return [...chosen.values()];
}

function take(state: State, record: Reference): { rows: Removed[]; bytes: number } {
  const { id } = record;
  const name = recordName(record);
  const image = state.images.get(id);
  const blobs = image ? blobsOf(image) : new Map<string, number>();
  removeRecord(state, record);
  plainEvent(state, 'untag', id, name);
  if (state.images.get(id)) return { rows: [{ Untagged: name }], bytes: 0 };
  plainEvent(state, 'delete', id, name);
  const kept = new Set([...state.images.all()].flatMap((other) => [...blobsOf(other).keys()]));
  const bytes = [...blobs].reduce((sum, [digest, size]) => sum + (kept.has(digest) ? 0 : size), 0);
  return { rows: [{ Untagged: name }, { Deleted: id }], bytes };
}

import { ApiError, failure } from './api-error.ts';
import { pruneStore } from './containerd/prune.ts';
import { deleteImage } from './delete.ts';
import type { Removed } from './delete-records.ts';
import { acceptOnly, type Filters, invalidValue, labelsMatch, parseMoment } from './filters.ts';
import type { Image } from './images.ts';
import { fullName } from './names.ts';
import type { State } from './state.ts';

/** Deletes what is dangling or, with `dangling=false`, unused. What can't be deleted is passed over in silence. */
export function pruneImages(state: State, filters: Filters) {
  if (state.store === 'containerd') return pruneStore(state, filters);
  acceptOnly(state, filters, 'dangling', 'label', 'label!', 'until');
  const danglingOnly = danglingOf(state, filters);
  const until = untilOf(filters);
  const sizes = new Map([...state.layers.all()].map(({ chain, size }) => [chain, size]));
  const removed = candidates(state, filters, danglingOnly, until).flatMap((image) =>
    prune(state, image, danglingOnly),
  );
  const reclaimed = removed.reduce(
    (sum, row) => sum + ('Deleted' in row ? (sizes.get(row.Deleted) ?? 0) : 0),
    0,
  );
  state.events.log({ type: 'image', action: 'prune', id: '', attributes: { reclaimed: String(reclaimed) } });
  return { ImagesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: reclaimed };
}

// --- internal ---

function danglingOf(state: State, filters: Filters): boolean {
  const values = filters.get('dangling');
  if (!values) return true;
  if (values.includes('false') || values.includes('0')) return false;
  if (values.includes('true') || values.includes('1')) return true;
  throw invalidValue(state, 'dangling', values);
}

function untilOf(filters: Filters): number | null {
  const [text, ...more] = filters.get('until') ?? [];
  if (text === undefined) return null;
  if (more.length > 0) throw failure('more than one until filter specified');
  const until = parseMoment(text, Date.now());
  if (until === null) throw failure(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return until;
}

function candidates(state: State, filters: Filters, danglingOnly: boolean, until: number | null): Image[] {
  const unwanted = filters.get('label!');
  return [...state.images.all()].filter(({ id, createdAt, labels, config }) => {
    const isHead = state.images.children(id).length === 0;
    if (!isHead && (danglingOnly || state.references.of(id).length === 0)) return false;
    if (until !== null && createdAt > until) return false;
    if (!config.config) return true;
    return labelsMatch(filters.get('label'), labels) && !(unwanted && labelsMatch(unwanted, labels));
  });
}

function prune(state: State, { id }: Image, danglingOnly: boolean): Removed[] {
  const names = state.references.of(id);
  if (names.length === 0) return attempt(state, id.slice('sha256:'.length));
  if (danglingOnly && names.some(({ digest }) => digest === null)) return [];
  return names.flatMap((name) => attempt(state, fullName(name)));
}

function attempt(state: State, name: string): Removed[] {
  try {
    return deleteImage(state, name, { force: false, noprune: false });
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

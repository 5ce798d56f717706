import { badRequest, notFound } from '../api-error.ts';
import type { Image } from '../images.ts';
import { familiarName, isDigest, type Name, parseName, reason, withDefaultTag } from '../names.ts';
import type { Reference } from '../references.ts';
import type { State } from '../state.ts';
import { recordOf } from './records.ts';

/** What a text that calls an image means: the record of just that name, if any, and all of the image's records. */
export type Resolved = { readonly record: Reference | null; readonly all: readonly Reference[] };

export function findInStore(state: State, text: string): Image {
  const digest = digestOf(text);
  if (digest !== null) return imageOf(state, digest);
  const name = named(state, text);
  if (name.digest !== null) {
    const found = state.references.allOf(name.digest).some((record) => record.name.full === name.full);
    if (!found) throw noSuchImage(familiarName(name));
    return imageOf(state, name.digest);
  }
  const id = state.references.get(name) ?? idsBeginning(state, text)[0];
  if (id === undefined) throw noSuchImage(familiarName(withDefaultTag(name)));
  if (state.references.get(name) === null && idsBeginning(state, text).length > 1)
    throw notFound('ambiguous reference');
  return imageOf(state, id);
}

/** As deletions look for images. */
export function resolveAll(state: State, text: string): Resolved {
  const digest = digestOf(text);
  if (digest !== null) return { record: null, all: state.references.allOf(imageOf(state, digest).id) };
  const name = named(state, text);
  const record = recordOf(state, name);
  const ids = new Set([...idsBeginning(state, text), ...(record ? [record.id] : [])]);
  if (record === null && name.digest !== null) ids.add(name.digest);
  if (ids.size > 1) throw notFound('ambiguous reference');
  const all = [...ids].flatMap((id) => state.references.allOf(id));
  if (all.length === 0) throw noSuchImage(familiarName(withDefaultTag(name)));
  return { record, all };
}

export const noSuchImage = (name: string) => notFound(`No such image: ${name}`);

// --- internal ---

/** A whole ID, with or without its algorithm. */
function digestOf(text: string): string | null {
  const digest = /^[a-f0-9]{64}$/.test(text) ? `sha256:${text}` : text;
  return isDigest(digest) ? digest : null;
}

function imageOf(state: State, id: string): Image {
  const image = state.images.get(id);
  if (!image) throw noSuchImage(id);
  return image;
}

function named(state: State, text: string): Name {
  const parsed = parseName(text);
  if ('error' in parsed) throw badRequest(reason(state, parsed));
  return parsed.name;
}

/** Images whose IDs begin so; fewer than four digits are none. */
function idsBeginning(state: State, text: string): string[] {
  const [, digits] = /^(?:sha256:)?([a-f0-9]{4,63})$/.exec(text) ?? [];
  if (digits === undefined) return [];
  return [...state.images.all()].map(({ id }) => id).filter((id) => id.startsWith(`sha256:${digits}`));
}

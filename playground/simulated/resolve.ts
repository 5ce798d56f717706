import { badRequest, notFound } from './api-error.ts';
import { findInStore } from './containerd/find.ts';
import { builtOn } from './containerd/records.ts';
import type { Image } from './images.ts';
import { familiarName, isDigest, parseName, reason, withDefaultTag } from './names.ts';
import type { State } from './state.ts';

/** The image that a name, an ID or the beginning of one means; names win over beginnings. */
export function findImage(state: State, text: string): Image {
  if (state.store === 'containerd') return findInStore(state, text);
  const id = /^[a-f0-9]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(id)) {
    const image = state.images.get(id);
    if (!image) throw noSuchImage(id);
    return image;
  }
  const parsed = parseName(text);
  if ('error' in parsed) throw badRequest(reason(state, parsed));
  const { name } = parsed;
  const named = state.references.get(name);
  const image = (named === null ? undefined : state.images.get(named)) ?? state.images.search(text);
  if (!image) throw noSuchImage(familiarName(withDefaultTag(name)));
  return image;
}

/** Whether a text that led to an image was an ID rather than a name. */
export function isIdPrefix(id: string, text: string): boolean {
  return id.startsWith(text) || id.startsWith(`sha256:${text}`);
}

/** Images that were built on this one. */
export const childrenOf = (state: State, id: string) =>
  state.store === 'containerd' ? builtOn(state, id) : state.images.children(id);

export const tagsOf = (state: State, id: string) =>
  state.references.of(id).filter(({ digest }) => digest === null);

/** Digests that registries gave. */
export const digestsOf = (state: State, id: string) =>
  state.references.of(id).filter(({ digest }) => digest !== null);

// --- internal ---

const noSuchImage = (name: string) => notFound(`No such image: ${name}`);

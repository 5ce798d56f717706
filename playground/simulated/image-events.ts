import { ApiError, badRequest, failure, notFound } from './api-error.ts';
import { nameImage } from './containerd/records.ts';
import { isModern } from './generation.ts';
import type { Image } from './images.ts';
import { familiarName, isTag, type Name, parseName, reason, withDefaultTag } from './names.ts';
import { findImage } from './resolve.ts';
import type { State } from './state.ts';

/** Says what happened to an image, with its labels as long as it is there. */
export function imageEvent(state: State, action: string, id: string, name = id): void {
  const labels = state.images.get(id)?.labels ?? {};
  state.events.log({ type: 'image', action, id, attributes: { ...labels, name } });
}

/** Says it as the containerd store mostly does: by a name, and without labels. */
export function plainEvent(state: State, action: string, id: string, name: string): void {
  state.events.log({ type: 'image', action, id, attributes: { name } });
}

/** Gives an image a name; the tag may stand in either argument. */
export function tagImage(state: State, source: string, repo: string, tag: string): void {
  const modern = isModern(state);
  // Newer engines look at the new name first.
  const given = modern ? newName(state, repo, tag) : null;
  const image = sourceOf(state, source);
  const name = given ?? newName(state, repo, tag);
  if (state.store === 'containerd') {
    nameImage(state, withDefaultTag(name), image.id);
  } else state.references.set(name, image.id);
  image.taggedAt = new Date();
  imageEvent(state, 'tag', image.id, familiarName(modern ? withDefaultTag(name) : name));
}

// --- internal ---

function newName(state: State, repo: string, tag: string): Name {
  const modern = isModern(state);
  const refuse = modern ? badRequest : failure;
  const parsed = parseName(repo);
  if ('error' in parsed) throw refuse(reason(state, parsed));
  if (tag !== '' && !isTag(tag)) throw refuse('invalid tag format');
  const name = tag === '' ? parsed.name : { ...parsed.name, tag, digest: null };
  if (modern && name.repo === 'sha256')
    throw badRequest('refusing to create an ambiguous tag using digest algorithm as name');
  if (name.digest === null) return name;
  throw badRequest(
    modern ? 'cannot import digest reference' : 'refusing to create a tag with a digest reference',
  );
}

/** Newer engines call a name that is none just missing. */
function sourceOf(state: State, source: string): Image {
  try {
    return findImage(state, source);
  } catch (error) {
    if (!(error instanceof ApiError) || !isModern(state)) throw error;
    throw notFound(error.message);
  }
}

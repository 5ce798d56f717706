import { badRequest, failure } from './api-error.ts';
import { familiarName, isTag, parseName } from './names.ts';
import { findImage } from './resolve.ts';
import type { State } from './state.ts';

/** Says what happened to an image, with its labels as long as it is there. */
export function imageEvent(state: State, action: string, id: string, name = id): void {
  const labels = state.images.get(id)?.labels ?? {};
  state.events.log({ type: 'image', action, id, attributes: { ...labels, name } });
}

/** Gives an image a name; the tag may stand in either argument. */
export function tagImage(state: State, source: string, repo: string, tag: string): void {
  const image = findImage(state, source);
  const parsed = parseName(repo);
  if ('error' in parsed) throw failure(parsed.error);
  if (tag !== '' && !isTag(tag)) throw failure('invalid tag format');
  const name = tag === '' ? parsed.name : { ...parsed.name, tag, digest: null };
  if (name.digest !== null) throw badRequest('refusing to create a tag with a digest reference');
  state.references.set(name, image.id);
  image.taggedAt = new Date();
  imageEvent(state, 'tag', image.id, familiarName(name));
}

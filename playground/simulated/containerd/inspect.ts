import { failure } from '../api-error.ts';
import { goTime, historyLines, imageFields } from '../inspect.ts';
import { familiarName } from '../names.ts';
import type { Reference } from '../references.ts';
import type { State } from '../state.ts';
import { findInStore } from './find.ts';
import { madeUpDigests, namesOf } from './records.ts';
import { contentSize, descriptor } from './sizes.ts';

export function inspectInStore(state: State, text: string, api: number) {
  const image = findInStore(state, text);
  const names = namesOf(state, image.id);
  const updated = state.references.allOf(image.id).map(({ updatedAt }) => updatedAt.getTime());
  return {
    ...imageFields(image, api),
    Parent: parentOf(state, image.id),
    RepoTags: names.map(familiarName),
    RepoDigests: madeUpDigests(names, image.id),
    Size: contentSize(image),
    ...(api < 44 && { VirtualSize: contentSize(image) }),
    GraphDriver: { Data: null, Name: 'overlayfs' },
    ...(api >= 48 && { Descriptor: descriptor(image) }),
    Metadata: { LastTagTime: goTime(new Date(Math.max(...updated))) },
  };
}

/** As the names' labels tell, which may be of another image that had the name before. */
function parentOf(state: State, id: string): string {
  return state.references.allOf(id).find(({ parent }) => parent !== null)?.parent ?? '';
}

/** Only what the classic builder built on each other is known to be related. */
export function historyInStore(state: State, text: string) {
  const image = findInStore(state, text);
  const lines = historyLines(
    image,
    (chain) => state.layers.get(chain)?.usage ?? 0,
    () => failure('unable to find the size of the layer'),
  );
  let at = state.references.allOf(image.id)[0];
  for (const line of lines) {
    if (!at) break;
    line.Id = at.id;
    const tags = namesOf(state, at.id).map(familiarName);
    line.Tags = tags.length > 0 ? tags : null;
    const above: readonly Reference[] = at.parent === null ? [] : state.references.allOf(at.parent);
    at = above.find(({ parent }) => parent !== null) ?? above[0];
  }
  return lines.length > 0 ? lines : null;
}

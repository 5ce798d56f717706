import { failure } from '../api-error.ts';
import { acceptOnly, type Filters, parseMoment, pathPattern } from '../filters.ts';
import type { Image } from '../images.ts';
import { danglingOf, type ListOptions, namesFor, namesForUsage, seconds, users } from '../list.ts';
import { familiarName } from '../names.ts';
import type { Reference } from '../references.ts';
import type { State } from '../state.ts';
import { findInStore } from './find.ts';
import { labelCondition } from './labels.ts';
import { isDangling, madeUpDigests } from './records.ts';
import { contentSize, descriptor, unpackedSize } from './sizes.ts';

/** The list of images (moby, `daemon/containerd/image_list.go`): records are filtered, and those of one image are one line. */
export function listStore(state: State, { filters, api, all, counts, usage }: ListOptions) {
  acceptOnly(state, filters, 'dangling', 'label', 'label!', 'before', 'since', 'reference', 'until');
  const fits = recordCondition(state, filters);
  const builtOnIt = new Set(state.references.all().map(({ parent }) => parent));
  const lines = new Map<string, { image: Image; record: Reference; tags: string[] }>();
  for (const record of state.references.all()) {
    const image = state.images.get(record.id);
    const dangling = isDangling(record.name);
    // Steps of a build are hidden.
    if (!image || (!all && dangling && builtOnIt.has(image.id))) continue;
    if (!fits(record)) continue;
    const line = lines.get(image.id);
    if (dangling) {
      if (!line) lines.set(image.id, { image, record, tags: [] });
    } else lines.set(image.id, { image, record, tags: [...(line?.tags ?? []), familiarName(record.name)] });
  }
  const listed = [...lines.values()].sort((a, b) => seconds(b.image.createdAt) - seconds(a.image.createdAt));
  const shared = counts?.sharedSize ? sharedSizes(state, listed) : null;
  const containers = counts?.containers || api >= 51 ? users(state) : null;
  return listed.map(({ image, record, tags }) => {
    const digests = isDangling(record.name) ? [] : madeUpDigests([record.name], image.id);
    const size = contentSize(image) + unpackedSize(state, image.chains);
    return {
      Containers: containers ? (containers.get(image.id) ?? 0) : -1,
      Created: seconds(image.createdAt),
      Id: image.id,
      Labels: image.labels,
      ParentId: record.parent ?? '',
      ...(api >= 48 && { Descriptor: descriptor(image) }),
      ...(usage ? namesForUsage(api, tags, digests) : namesFor(api, tags, digests)),
      SharedSize: shared ? shared(image) : -1,
      Size: size,
      ...(api < 44 && { VirtualSize: size }),
    };
  });
}

/** What prunes also go by: age is that of the record here, not of the image. */
export function recordCondition(state: State, filters: Filters): (record: Reference) => boolean {
  const createdOf = (field: string) =>
    (filters.get(field) ?? []).map((text) => findInStore(state, text).createdAt);
  const [before, since] = [createdOf('before'), createdOf('since')];
  const until = (filters.get('until') ?? []).map((text) => {
    const moment = parseMoment(text, Date.now());
    if (moment === null) throw failure(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
    return moment;
  });
  const dangling = danglingOf(state, filters);
  const labels = labelCondition(filters);
  const patterns = (filters.get('reference') ?? []).map(patternOf);
  return ({ name, id, createdAt }) => {
    const image = state.images.get(id);
    return (
      image !== undefined &&
      before.every((moment) => image.createdAt < moment) &&
      since.every((moment) => image.createdAt > moment) &&
      until.every((moment) => createdAt.getTime() < moment) &&
      (dangling === null || dangling === isDangling(name)) &&
      labels(image.labels) &&
      (patterns.length === 0 ||
        patterns.some((pattern) => pattern?.test(familiarName(name)) || pattern?.test(name.repo)))
    );
  };
}

// --- internal ---

/** A pattern that can't be read fits nothing. */
function patternOf(text: string): RegExp | null {
  try {
    return pathPattern(text);
  } catch {
    return null;
  }
}

/** Bytes of the unpacked layers that another line has as well. */
function sharedSizes(state: State, lines: readonly { image: Image }[]): (image: Image) => number {
  const uses = new Map<string, number>();
  for (const { image } of lines)
    for (const chain of image.chains) uses.set(chain, (uses.get(chain) ?? 0) + 1);
  return ({ chains }) =>
    unpackedSize(
      state,
      chains.filter((chain) => (uses.get(chain) ?? 0) > 1),
    );
}

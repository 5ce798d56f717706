import { failure } from './api-error.ts';
import { listStore } from './containerd/list.ts';
import { acceptOnly, type Filters, invalidValue, labelsMatch, parseMoment, pathPattern } from './filters.ts';
import { isModern } from './generation.ts';
import type { Image } from './images.ts';
import { familiarName, type Name } from './names.ts';
import { digestsOf, findImage, tagsOf } from './resolve.ts';
import type { State } from './state.ts';

export type ListOptions = {
  readonly all: boolean;
  readonly filters: Filters;
  /** The API version of the request. */
  readonly api: number;
  /** Also what only `/system/df` and `shared-size` count. */
  readonly counts?: { readonly containers: boolean; readonly sharedSize: boolean };
  /** For `/system/df`. */
  readonly usage?: boolean;
};

/** The list of images, newest first. */
export function listImages(state: State, options: ListOptions): readonly object[] {
  return state.store === 'containerd' ? listStore(state, options) : listGraph(state, options);
}

function listGraph(state: State, options: ListOptions) {
  const { filters, api, all } = options;
  acceptOnly(
    state,
    filters,
    'dangling',
    'label',
    'before',
    'since',
    'reference',
    ...(api >= 44 ? ['until'] : []),
  );
  const dangling = danglingOf(state, filters);
  const fits = conditions(state, filters);
  const patterns = filters.get('reference')?.map(pathPattern);
  const nameFits = (name: Name) =>
    !patterns || patterns.some((p) => p.test(familiarName(name)) || p.test(name.repo));

  const listed: { image: Image; tags: string[]; digests: string[] }[] = [];
  for (const image of state.images.all()) {
    if (!fits(image)) continue;
    const isHead = state.images.children(image.id).length === 0;
    if (dangling === true && !isHead) continue;
    const tags = tagsOf(state, image.id).filter(nameFits).map(familiarName);
    const digests = digestsOf(state, image.id).filter(nameFits).map(familiarName);
    if (tags.length > 0 || digests.length > 0) {
      if (dangling === true && tags.length > 0) continue;
    } else if (!(all || isHead) || dangling === false || patterns) continue;
    listed.push({ image, tags, digests });
  }
  listed.sort((a, b) => seconds(b.image.createdAt) - seconds(a.image.createdAt));
  // Newer engines also count images that they don't list.
  const counted = isModern(state) ? [...state.images.all()] : listed.map(({ image }) => image);
  const shared = options.counts?.sharedSize ? sharedSizes(state, counted) : null;
  const counts = options.counts?.containers || api >= 51 ? users(state) : null;
  return listed.map(({ image, tags, digests }) => ({
    Containers: counts ? (counts.get(image.id) ?? 0) : -1,
    Created: seconds(image.createdAt),
    Id: image.id,
    Labels: image.labels,
    ParentId: image.parent ?? '',
    ...(options.usage ? namesForUsage(api, tags, digests) : namesFor(api, tags, digests)),
    SharedSize: shared ? shared(image) : -1,
    Size: image.size,
    ...(api < 44 && { VirtualSize: image.size }),
  }));
}

// --- internal ---

export const seconds = (ms: number) => Math.floor(ms / 1000);

/** Newer engines also read numbers, and no two values at once. */
export function danglingOf(state: State, filters: Filters): boolean | null {
  const values = filters.get('dangling');
  if (!values || values.length === 0) return null;
  const modern = isModern(state);
  const has = (word: string, number: string) => values.includes(word) || (modern && values.includes(number));
  const [yes, no] = [has('true', '1'), has('false', '0')];
  if ((!yes && !no) || (modern && yes && no)) throw invalidValue(state, 'dangling', values);
  return yes;
}

function conditions(state: State, filters: Filters): (image: Image) => boolean {
  const before = filters
    .get('before')
    ?.map((name) => findImage(state, name).createdAt)
    .at(-1);
  const since = filters
    .get('since')
    ?.map((name) => findImage(state, name).createdAt)
    .at(-1);
  const until = untilOf(filters);
  return ({ createdAt, labels, config }) =>
    (before === undefined || createdAt < before) &&
    (since === undefined || createdAt > since) &&
    (until === null || createdAt <= until) &&
    (!filters.has('label') || (!!config.config && labelsMatch(filters.get('label'), labels)));
}

/** The oldest of the times that an image may be made at. */
function untilOf(filters: Filters): number | null {
  const moments = (filters.get('until') ?? []).map((text) => {
    const moment = parseMoment(text, Date.now());
    if (moment === null) throw failure(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
    return moment;
  });
  return moments.length > 0 ? Math.min(...moments) : null;
}

/** Before API 1.43 what has no name is called `<none>`; an absent half is null, or empty since. */
export function namesFor(api: number, tags: string[], digests: string[]) {
  if (api >= 43) return { RepoDigests: digests, RepoTags: tags };
  if (tags.length === 0 && digests.length === 0)
    return { RepoDigests: ['<none>@<none>'], RepoTags: ['<none>:<none>'] };
  return { RepoDigests: digests.length > 0 ? digests : null, RepoTags: tags.length > 0 ? tags : null };
}

/** `/system/df` goes another way, on which nothing is filled in. */
export function namesForUsage(api: number, tags: string[], digests: string[]) {
  if (api < 43) return namesFor(api, tags, digests);
  return { RepoDigests: digests.length > 0 ? digests : null, RepoTags: tags.length > 0 ? tags : null };
}

/** Bytes of the layers that another listed image has as well. */
function sharedSizes(state: State, images: readonly Image[]): (image: Image) => number {
  const uses = new Map<string, number>();
  for (const { chains } of images) for (const chain of chains) uses.set(chain, (uses.get(chain) ?? 0) + 1);
  return ({ chains }) =>
    chains.reduce(
      (sum, chain) => sum + ((uses.get(chain) ?? 0) > 1 ? (state.layers.get(chain)?.size ?? 0) : 0),
      0,
    );
}

/** How many containers are made of each image. */
export function users(state: State): Map<string, number> {
  const found = new Map<string, number>();
  for (const { imageId } of state.containers.values()) found.set(imageId, (found.get(imageId) ?? 0) + 1);
  return found;
}

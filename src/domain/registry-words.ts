import { type ImageId, shortId } from './ids.ts';
import { code, join, type Markup, plural, say, some } from './markup.ts';
import type { Collects, Item, Kept } from './plan.ts';
import { formatSize } from './size.ts';

/** What frees what was deleted; `bytes` at most, since other repositories may have the same layers. */
export function collectWords(collects: Collects, bytes: number): Markup {
  const first = say`Nothing is freed before the registry collects its garbage, then up to ${formatSize(bytes)}`;
  switch (collects) {
    case 'distribution':
      return say`${first}: while nothing is pushed, run ${code('registry garbage-collect')} with its configuration there. Leave out ${code('--delete-untagged')}: before release 3 it also takes parts of multi-platform images that stay.`;
    case 'harbor':
      return say`${first}: Harbor does it on its schedule, or at once under Clean Up, Garbage Collection.`;
    case 'zot':
      return say`${first}: zot does it by itself, as ${code('storage.gcInterval')} says.`;
    case 'other':
      return say`${first}: see how yours does it.`;
  }
}

/** What a manifest is: `for linux/amd64, linux/arm64`, `no image`. */
export function manifestWords({ manifest }: Pick<Item | Kept, 'manifest'>): Markup[] {
  if (!manifest) return [];
  const { kind, platforms } = manifest;
  if (kind === 'index') return [say`index${platforms.length > 0 ? ` of ${platforms.join(', ')}` : ''}`];
  return kind === 'artifact' ? [say`no image`] : [];
}

/** `used on host-1, on host-2 as well`; absent where no host has it. */
export function hostsWords({ manifest }: Pick<Item | Kept, 'manifest'>): Markup[] {
  if (!manifest || manifest.on.count === 0) return [];
  const { on, usedOn } = manifest;
  if (usedOn.count === 0) return [say`on ${named(on)}`];
  const others = on.count - usedOn.count;
  return usedWords(manifest).map(
    (used) => say`${used}${others > 0 ? `, on ${plural(others, 'more host')}` : ''}`,
  );
}

/** By digest, a tag of each that goes and has one. */
export function tagsGoing(items: readonly Item[]): ReadonlyMap<ImageId, string> {
  return new Map(
    items.flatMap(({ image, references }) => {
      const tag = references.find((reference) => !reference.includes('@'));
      return tag === undefined ? [] : [[image, tag] as const];
    }),
  );
}

/**
 * `• team/app:1 3f2a… used on host-1, index of linux/amd64, up to 20 MB, host-1 has it and can't pull it from here again`.
 * `going` has the names of those that it may belong to.
 */
export function manifestRow(item: Item, going: ReadonlyMap<ImageId, string> = new Map()): Markup {
  const { on } = item.manifest ?? {};
  // What is named goes though a container uses it.
  const parts: Markup[] = [...(item.manifest ? usedWords(item.manifest) : []), ...manifestWords(item)];
  if (item.action === 'untag') {
    const left = item.references.filter((reference) => !item.remove.includes(reference));
    parts.push(
      left.length > 0
        ? say`only this tag: ${some(left)} ${left.length === 1 ? 'stays' : 'stay'}`
        : say`only this tag`,
    );
  } else if (item.after?.length)
    parts.push(say`goes with ${owner(item.after, going)}, ${formatSize(item.reclaim)}`);
  else parts.push(say`${formatSize(item.reclaim)}`);
  if (on && on.count > 0 && item.action === 'delete')
    parts.push(say`${named(on)} ${on.count === 1 ? 'has' : 'have'} it and can't pull it from here again`);
  return say`• ${manifestName(item)} ${join(parts, ', ')}`;
}

/** `team/app:1 3f2a…`, or `team/app@sha256:3f2a…`. */
export function manifestName(subject: { references: readonly string[]; image: ImageId }): Markup {
  const short = subject.references.map(shortReference);
  const tagged = subject.references.some((reference) => !reference.includes('@'));
  return tagged ? say`${some(short)} ${code(shortId(subject.image))}` : say`${some(short)}`;
}

/** With the first digits of a digest. */
export const shortReference = (reference: string): string =>
  reference.replace(/(sha256[:-][0-9a-f]{12})[0-9a-f]{52}/, '$1…');

/** Whose tag it goes with. */
export function ownerWords(item: Item, going: ReadonlyMap<ImageId, string>): Markup[] {
  return item.after?.length ? [say`with ${owner(item.after, going)}`] : [];
}

// --- internal ---

function owner(after: readonly ImageId[], going: ReadonlyMap<ImageId, string>): Markup {
  const names = after.flatMap((digest) => going.get(digest) ?? []);
  return names.length > 0 ? some(names) : say`what it belongs to`;
}

const usedWords = ({ usedOn }: NonNullable<Item['manifest']>): Markup[] =>
  usedOn.count > 0 ? [say`used on ${named(usedOn)}`] : [];

function named({ names, count }: { names: readonly string[]; count: number }): Markup {
  const shown = names.slice(0, 5);
  return say`${some(shown, shown.length)}${count > shown.length ? ` and ${count - shown.length} more` : ''}`;
}

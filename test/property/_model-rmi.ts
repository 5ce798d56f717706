import type { Rules } from '../../src/domain/rules.ts';
import type { RmiSelection } from '../../src/domain/selection.ts';
import type { Facts, ImageFact } from './_facts.ts';
import { isProtected, repository } from './_model.ts';

/** What `rmi` is to do with each image: delete it, or take only these names away. */
export type Verdicts = Map<string, { kind: 'delete' } | { kind: 'untag'; names: string[] }>;

/** `docker rmi` in the words of the contract, on what the engine says of itself. */
export function verdictsOf(facts: Facts, selection: RmiSelection, rules: Rules): Verdicts {
  const verdicts: Verdicts = new Map();
  for (const [id, names] of named(facts, selection)) {
    const image = facts.images.find((one) => one.id === id);
    const verdict = image && judge(facts, image, names, selection.force, rules);
    if (verdict) verdicts.set(id, verdict);
  }
  // Untagged steps go with the last image that is built on them.
  for (const image of facts.images)
    if (isStep(facts, image) && !verdicts.has(image.id) && isFree(facts, image) && !guarded(image, rules))
      verdicts.set(image.id, { kind: 'delete' });
  for (let before = -1; before !== verdicts.size; ) {
    before = verdicts.size;
    for (const { id, parent } of facts.images)
      if (parent !== null && verdicts.get(id)?.kind !== 'delete' && verdicts.get(parent)?.kind === 'delete')
        verdicts.delete(parent);
  }
  return verdicts;
}

// --- internal ---

const isStep = (facts: Facts, image: ImageFact) =>
  image.tags.length + image.digests.length === 0 && facts.images.some(({ parent }) => parent === image.id);
const isFree = (facts: Facts, image: ImageFact) => !facts.containers.some((one) => one.image === image.id);
const guarded = (image: ImageFact, rules: Rules) => rules.protect.some((rule) => isProtected(image, rule));

/** Names that must be given away for an image to be gone: a digest counts where its repository has no tag. */
function references(image: ImageFact): string[] {
  const tagged = image.tags.map(repository);
  return [...image.tags, ...image.digests.filter((digest) => !tagged.includes(repository(digest)))];
}

/** The names that are meant of each image; all of them where an ID or a digest was given. */
function named(facts: Facts, { images: names }: RmiSelection): Map<string, string[]> {
  const meant = new Map<string, string[]>();
  const whole = new Set<string>();
  for (const { text } of names) {
    const byName = facts.images.find(({ tags, digests }) => [...tags, ...digests].includes(text));
    const byId = facts.images.filter(({ id }) => id.startsWith(text.replace(/^(?!sha256:)/, 'sha256:')));
    const image = byName ?? (byId.length === 1 ? byId[0] : undefined);
    if (!image) continue;
    meant.set(image.id, [...(meant.get(image.id) ?? []), text]);
    if (!byName || text.includes('@')) whole.add(image.id);
  }
  for (const id of whole) meant.set(id, references(facts.images.find((one) => one.id === id) as ImageFact));
  return meant;
}

function judge(
  facts: Facts,
  image: ImageFact,
  names: readonly string[],
  force: boolean,
  rules: Rules,
): (Verdicts extends Map<string, infer V> ? V : never) | null {
  if (guarded(image, rules)) return null;
  const all = references(image);
  const wanted = [...new Set(names)];
  if (wanted.length < all.length) return { kind: 'untag', names: wanted };
  if (isFree(facts, image)) return { kind: 'delete' };
  if (!force || !rules.allow.force) return null;
  if (!facts.containers.some((one) => one.image === image.id && one.running)) return { kind: 'delete' };
  return all.length > 0 ? { kind: 'untag', names: all } : null;
}

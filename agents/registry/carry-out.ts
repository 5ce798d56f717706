import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import { eachOf } from '../host/each.ts';
import type { Notes } from '../host/notes.ts';
import { type Registry, RegistryTrouble, type Removal } from './ports.ts';

export type Hands = {
  registry: Registry;
  /**
   * Why it stays after all, by what is in this repository now, and why nobody can say that no host uses it. What is `supposed` to
   * be gone is.
   */
  check(
    item: Item,
    repository: string,
    supposed?: ReadonlySet<string>,
  ): Promise<{ there: boolean; why: Trouble | null; unsure: Trouble | null }>;
  /** The same by what has come since that was read; for directly before the deletion of a manifest. */
  late(item: Item, repository: string): Promise<Trouble | null>;
  gone(repository: string, digest: ImageId): void;
  notes: Pick<Notes, 'tried'>;
  /** Time for a deletion that the registry still has in its hands. */
  settle(): Promise<void>;
  /** Before it is asked again; false where that is not waited for any more. */
  rest(ms: number): Promise<boolean>;
  /** Whether it is still believed to delete one tag alone. */
  trust: { tags: boolean };
};

/** What of an item is to be done in one repository. */
export type There = { repository: string; known: readonly string[]; remove: readonly string[] };

/** An item by repository: the tags that were seen on it, and those of them that go; both empty for one without a tag. */
export function thereOf({ references, remove }: Item): There[] {
  return [...new Set(remove.map(repositoryOf))].map((repository) => {
    const tagsIn = (list: readonly string[]) =>
      list
        .filter((reference) => reference.startsWith(`${repository}:`))
        .map((reference) => reference.slice(repository.length + 1))
        .sort();
    return { repository, known: tagsIn(references), remove: tagsIn(remove) };
  });
}

/**
 * One planned manifest to its one outcome, repository by repository: what its tags mean is read again directly before, and a
 * request whose end is not known is looked up, never repeated.
 */
export async function carryOutThere(item: Item, hands: Hands): Promise<Outcome> {
  const removed: string[] = [];
  let did = false;
  const end = (outcome: Outcome['outcome'], why?: Trouble): Outcome => ({
    ...{ image: item.image, outcome, removed, freed: 0 },
    ...(why && { why }),
  });
  const all = thereOf(item);
  for (const there of all) {
    const { repository } = there;
    try {
      const now = await hands.check(item, repository);
      if (!now.there) continue;
      const stays = now.why ?? now.unsure;
      if (stays) return end(removed.length > 0 ? 'failed' : 'skipped', stays);
      const tags = item.action === 'delete' ? [null] : there.remove;
      for (const tag of tags) {
        const name = tag === null ? `${repository}@${item.image}` : `${repository}:${tag}`;
        if (tag !== null && !hands.trust.tags) return end('skipped', { kind: 'registry', what: 'tags-stay' });
        const unnoted = await hands.notes.tried(item, name, null);
        if (unnoted) return end('failed', unnoted);
        const result = await lookAndRemove(item, there, tag, hands);
        if (result.kind === 'stays') return end(removed.length > 0 ? 'failed' : 'skipped', result.why);
        if (result.kind === 'trouble') {
          const { problem, begun } = result;
          return end(begun ? 'unknown' : 'failed', problem);
        }
        if (tag === null) hands.gone(repository, item.image);
        if (result.kind === 'absent') continue;
        did = true;
        removed.push(
          ...(tag === null && there.known.length > 0
            ? there.known.map((one) => `${repository}:${one}`)
            : [name]),
        );
        const astray = tag === null ? null : await takenAlong(there, hands);
        if (astray) return end('failed', astray);
      }
    } catch (error) {
      if (!(error instanceof RegistryTrouble)) throw error;
      return end('failed', error.problem);
    }
  }
  if (!did) return end('absent');
  return end(item.action === 'delete' ? 'deleted' : 'untagged');
}

// --- internal ---

/** Tags that are asked for at once. */
const WIDTH = 8;
/** How often what came too soon is asked again. */
const REPEATS = 3;

/** No request without a look directly before it, however often it must be asked. */
async function lookAndRemove(
  item: Item,
  there: There,
  tag: string | null,
  hands: Hands,
): Promise<Removal | { kind: 'stays'; why: Trouble }> {
  const { repository } = there;
  for (let repeats = 0; ; repeats++) {
    if (repeats > 0) {
      const now = await hands.check(item, repository);
      if (!now.there) return { kind: 'absent' };
      const stays = now.why ?? now.unsure;
      if (stays) return { kind: 'stays', why: stays };
    }
    const why =
      (await movedFrom(item, there, tag, hands.registry)) ??
      (tag === null ? await hands.late(item, repository) : null);
    if (why) return { kind: 'stays', why };
    const result = await removal(item, repository, tag, hands);
    if (result.kind !== 'trouble' || result.againMs === undefined || repeats === REPEATS) return result;
    if (!(await hands.rest(result.againMs))) return result;
  }
}

/** What stays is on the same manifest: a registry that deletes that for a tag is not asked to once more. */
async function takenAlong(
  { repository, known, remove }: There,
  { registry, trust }: Pick<Hands, 'registry' | 'trust'>,
): Promise<Trouble | null> {
  const stays = known.find((tag) => !remove.includes(tag));
  if (stays === undefined || (await registry.resolve(repository, stays)) !== null) return null;
  trust.tags = false;
  return {
    ...{ kind: 'registry', what: 'wrong' },
    message: `it was asked for one tag alone, and ${repository}:${stays} is gone as well`,
  };
}

/** Directly before: a tag may have been pushed anew while its deletion was written down. */
async function movedFrom(
  item: Item,
  { repository, known }: There,
  tag: string | null,
  registry: Registry,
): Promise<Trouble | null> {
  const moved = new Set<string>();
  await eachOf(tag === null ? known : [tag], WIDTH, async (one) => {
    if ((await registry.resolve(repository, one)) !== item.image) moved.add(one);
  });
  return moved.size === 0 ? null : { kind: 'references', now: known.filter((name) => !moved.has(name)) };
}

/** Where nobody said how it ended, what is there now says so, unless it may still be at it. */
async function removal(item: Item, repository: string, tag: string | null, hands: Hands): Promise<Removal> {
  const { registry } = hands;
  const result =
    tag === null
      ? await registry.removeManifest(repository, item.image, 'once')
      : await registry.removeTag(repository, tag, 'once');
  if (result.kind !== 'trouble' || !result.begun) return result;
  for (let tries = 0; tries < 2; tries++) {
    try {
      if (!(await isThere(item, repository, tag, registry))) return { kind: 'done' };
    } catch (error) {
      if (!(error instanceof RegistryTrouble)) throw error;
      return result;
    }
    if (tries === 0) await hands.settle();
  }
  return result;
}

/** Whether that manifest, or that tag on it, is there now. */
export async function isThere(
  { image }: Item,
  repository: string,
  tag: string | null,
  registry: Registry,
): Promise<boolean> {
  return tag === null
    ? (await registry.manifest(repository, image)) !== null
    : (await registry.resolve(repository, tag)) === image;
}

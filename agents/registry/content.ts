import type { ImageId } from '../../src/domain/ids.ts';
import {
  type Manifest,
  type RegistryProblem,
  type Repository,
  subjectOfTag,
} from '../../src/domain/registry.ts';
import { eachOf } from '../host/each.ts';
import type { Memory } from './memory.ts';
import { type Registry, RegistryTrouble } from './ports.ts';

/** Questions to a registry at once. */
const WIDTH = 16;
/** Manifests never change: those seen last need not be read again. */
const MOST = 20_000;

/** A repository as it was read; `unread`: what could not be, so that nobody knows what it needs. */
export type Read = { repository: Repository; unread: { name: string; why: RegistryProblem } | null };

export type Content = {
  /**
   * All that is reached from its tags, from what was seen of it before, from what that is about and from what hosts use of it;
   * `null` for none. Rejects with `RegistryTrouble`.
   */
  read(repository: string, used?: Iterable<ImageId>): Promise<Read | null>;
  /** It was deleted. */
  forget(repository: string, digest: ImageId): void;
};

/** Reads repositories whole, and remembers manifests, which are known by what they hold. */
export function openContent(registry: Registry, memory: Memory, now: () => number): Content {
  const known = new Map<string, Manifest>();

  const load = async (repository: string, digest: ImageId, sure: boolean): Promise<Manifest | null> => {
    const id = `${repository}@${digest}`;
    const before = sure ? known.get(id) : undefined;
    if (before) return before;
    const manifest = await registry.manifest(repository, digest);
    if (manifest) known.set(id, manifest);
    else known.delete(id);
    const oldest = known.size > MOST ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return manifest;
  };

  return {
    async read(repository, used = []) {
      const names = await registry.tags(repository);
      if (!names) return null;
      const tags = new Map<string, ImageId>();
      await eachOf(names, WIDTH, async (tag) => {
        const digest = await registry.resolve(repository, tag);
        if (digest) tags.set(tag, digest);
      });
      const manifests = new Map<ImageId, Manifest>();
      let unread: Read['unread'] = null;
      // Asked anew each time: the registry may have been upgraded since.
      let tellsReferrers = true;
      const seen = new Set<ImageId>();
      const gone = new Set<ImageId>();
      const doubtful = new Set<ImageId>();
      const walk = async (from: Iterable<ImageId>, sure: boolean): Promise<void> => {
        const fresh = [...from].filter((digest) => !seen.has(digest) && seen.add(digest));
        const found: ImageId[] = [];
        await eachOf(fresh, WIDTH, async (digest) => {
          try {
            const manifest = await load(repository, digest, sure);
            if (!manifest) {
              gone.add(digest);
              return;
            }
            manifests.set(digest, manifest);
            for (const child of manifest.children) found.push(child.digest);
            const about = tellsReferrers ? await registry.referrers(repository, digest) : [];
            tellsReferrers &&= about !== null;
            for (const one of about ?? []) found.push(one.digest);
          } catch (error) {
            if (!(error instanceof RegistryTrouble) || error.problem.what !== 'wrong') throw error;
            doubtful.add(digest);
            unread = { name: `${repository}@${digest}`, why: error.problem };
          }
        });
        if (found.length > 0) await walk(found, true);
      };
      await walk(new Set(tags.values()), true);
      // What has no tag is only there if the registry says so now.
      await walk(memory.seenAt(repository).keys(), false);
      // It is there whatever it answered, and only what was asked for besides may never have been.
      const standing = new Set(doubtful);
      // An index that a host uses needs its parts, also one that had lost its tag before anybody looked.
      await walk(used, false);
      // An image may have lost its tag before anybody looked, and what signs it stays with it.
      let subjects = subjectsOf(tags, manifests);
      for (; [...subjects].some((one) => !seen.has(one)); subjects = subjectsOf(tags, manifests))
        await walk(subjects, false);
      for (const [tag, digest] of tags) if (!manifests.has(digest) && !unread) tags.delete(tag);
      memory.saw(repository, { there: [...manifests.keys(), ...standing], gone, subjects }, now());
      const [seenAt, lost] = [memory.seenAt(repository), memory.lost(repository)];
      return { repository: { name: repository, tags, manifests, seenAt, lost }, unread };
    },
    forget: (repository, digest) => void known.delete(`${repository}@${digest}`),
  };
}

// --- internal ---

/** What any of them says something about, by its tag or in itself. */
function subjectsOf(
  tags: ReadonlyMap<string, ImageId>,
  manifests: ReadonlyMap<ImageId, Manifest>,
): Set<ImageId> {
  const all = [...[...tags.keys()].map(subjectOfTag), ...[...manifests.values()].map((one) => one.subject)];
  return new Set(all.filter((one): one is ImageId => one != null));
}

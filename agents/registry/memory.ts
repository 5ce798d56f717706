import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import { readIfThere, replace } from '../host/files.ts';
import { errorField } from '../host/log.ts';
import type { Log } from '../host/ports.ts';

/** Which manifests were seen in which repository, since when: registries list none without a tag, and tell no time of a push. */
export type Memory = {
  /** Takes in what was found; what was not asked about, or not answered, stays as it was. */
  saw(repository: string, found: Found, now: number): void;
  /** When each was first seen, in milliseconds since 1970; 0 of what was there at the first look into a repository that may be old. */
  seenAt(repository: string): ReadonlyMap<ImageId, number>;
  /** Were here once and are gone, while something is left that is about them. */
  lost(repository: string): ReadonlySet<ImageId>;
  /** All that the registry lists has been looked into: a repository that comes later is new, and all that is in it. */
  sawAll(): void;
  /** Those that were ever looked into. */
  repositories(): readonly string[];
  /** Never rejects. */
  save(): Promise<void>;
};

export type Found = {
  there: Iterable<ImageId>;
  /** By the registry's own word. */
  gone: ReadonlySet<ImageId>;
  /** What something that is there is about. */
  subjects: ReadonlySet<ImageId>;
};

/** In the place of a time, of what is gone: earlier agents ask about it once more, and forget it. */
const LOST = -1;

const Stored = z.strictObject({
  v: z.literal(1),
  whole: z.boolean(),
  repositories: z.record(z.string(), z.record(ImageId, z.number())),
});

/**
 * Opens the record in a file, which is replaced as a whole. One that can't be read is begun anew: all that is there counts as
 * just seen then, so that nothing goes too early.
 */
export async function openMemory(file: string, log: Log): Promise<Memory> {
  const { stored, unreadable } = await load(file, log);
  const seen = new Map(
    Object.entries(stored?.repositories ?? {}).map(([name, digests]) => [
      name,
      new Map(Object.entries(digests) as [ImageId, number][]),
    ]),
  );
  let whole = stored?.whole ?? false;
  let changed = false;
  let saving: Promise<void> = Promise.resolve();
  return {
    saw(repository, { there, gone, subjects }, now) {
      const before = seen.get(repository);
      const first = !before && !unreadable && !whole ? 0 : now;
      const after = new Map(before);
      for (const digest of there) if ((after.get(digest) ?? LOST) === LOST) after.set(digest, first);
      for (const digest of gone) if (after.has(digest)) after.set(digest, LOST);
      for (const [digest, at] of after) if (at === LOST && !subjects.has(digest)) after.delete(digest);
      changed ||= before?.size !== after.size || [...after].some(([one, at]) => before?.get(one) !== at);
      seen.set(repository, after);
    },
    seenAt: (repository) => new Map([...(seen.get(repository) ?? [])].filter(([, at]) => at !== LOST)),
    lost: (repository) =>
      new Set([...(seen.get(repository) ?? [])].flatMap(([digest, at]) => (at === LOST ? [digest] : []))),
    sawAll() {
      changed ||= !whole;
      whole = true;
    },
    repositories: () => [...seen.keys()],
    save() {
      saving = saving.then(async () => {
        if (!changed) return;
        changed = false;
        const repositories = Object.fromEntries(
          [...seen].map(([name, digests]) => [name, Object.fromEntries(digests)]),
        );
        try {
          await replace(file, JSON.stringify({ v: 1, whole, repositories }));
        } catch (error) {
          changed = true;
          log.error('what was seen in the registry could not be written', errorField(error));
        }
      });
      return saving;
    },
  };
}

// --- internal ---

async function load(file: string, log: Log) {
  try {
    const text = await readIfThere(file);
    return { stored: text === null ? null : Stored.parse(JSON.parse(text)), unreadable: false };
  } catch (error) {
    log.error('what was seen in the registry can’t be read, and is begun anew', errorField(error));
    return { stored: null, unreadable: true };
  }
}

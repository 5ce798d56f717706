import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import { readIfThere, replace } from '../host/files.ts';
import { errorField } from '../host/log.ts';
import type { Log } from '../host/ports.ts';

/** Which manifests were seen in which repository, since when: registries list none without a tag, and tell no time of a push. */
export type Memory = {
  /** Takes in what is there now; what is gone is forgotten. */
  saw(repository: string, digests: readonly ImageId[], now: number): void;
  /** When each was first seen, in milliseconds since 1970; 0 of what was there at the first look into a repository that may be old. */
  seenAt(repository: string): ReadonlyMap<ImageId, number>;
  /** All that the registry lists has been looked into: a repository that comes later is new, and all that is in it. */
  sawAll(): void;
  /** Those that were ever looked into. */
  repositories(): readonly string[];
  /** Never rejects. */
  save(): Promise<void>;
};

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
  const { stored, lost } = await load(file, log);
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
    saw(repository, digests, now) {
      const before = seen.get(repository);
      const first = !before && !lost && !whole ? 0 : now;
      const after = new Map(digests.map((digest) => [digest, before?.get(digest) ?? first]));
      changed ||= before?.size !== after.size || digests.some((digest) => !before?.has(digest));
      seen.set(repository, after);
    },
    seenAt: (repository) => seen.get(repository) ?? new Map(),
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
    return { stored: text === null ? null : Stored.parse(JSON.parse(text)), lost: false };
  } catch (error) {
    log.error('what was seen in the registry can’t be read, and is begun anew', errorField(error));
    return { stored: null, lost: true };
  }
}

import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import { readIfThere, replace } from './files.ts';
import type { Log } from './ports.ts';

/** What the engine does not tell of an image. Milliseconds since 1970. */
export type Traces = {
  /** When it came here, as far as the agent saw it come; 0 for what was there before the first agent. */
  arrivedAt: number;
  /** When it was last used; never before it was first seen. */
  usedAt: number;
};

export type LastUsed = {
  of(id: ImageId): Traces;
  /** Takes in what is listed now: what is new has just come, what is gone is forgotten. */
  saw(listed: readonly ImageId[], running: Iterable<ImageId>, now: number): void;
  used(id: ImageId, at: number): void;
  /** Pulled, loaded, built or tagged, which are uses as well. */
  arrived(id: ImageId, at: number): void;
  /** Up to when events were heard; `null` before the first. */
  heardUntil(): number | null;
  heard(at: number): void;
  /**
   * Writes what has changed; that images go on being used is written now and then, and what changes while a slow disk
   * writes with the next. Never rejects.
   */
  save(how?: 'at once'): Promise<void>;
};

/** More images than any engine has; the least recently used are forgotten first, and then count as just seen. */
const MOST = 50_000;
/** An image that goes on being used is not written at every heartbeat. */
const SELDOM_MS = 60_000;

const Stored = z.strictObject({
  v: z.literal(1),
  heardUntil: z.number().nullable(),
  /** Per image: when it arrived, and when it was last used. */
  images: z.record(ImageId, z.tuple([z.number(), z.number()])),
});

/**
 * Opens the record of last uses in a file, which is replaced as a whole at each change. One that can't be read is
 * begun anew: every image then counts as used and come just now, so that nothing goes too early.
 */
export async function openLastUsed(file: string, now: () => number, log: Log): Promise<LastUsed> {
  const { stored, lost } = await load(file, log);
  const traces = new Map<ImageId, Traces>();
  for (const [id, [arrivedAt, usedAt]] of Object.entries(stored?.images ?? {}))
    traces.set(id as ImageId, { arrivedAt, usedAt });
  let heardUntil = stored?.heardUntil ?? null;
  let seen = stored !== null || lost;
  let changed: 'hardly' | 'truly' | null = null;
  let savedAt = Number.NEGATIVE_INFINITY;
  let saving: Promise<void> = Promise.resolve();
  let writing = 0;
  let failing = false;

  const touch = (id: ImageId, { arrivedAt = 0, usedAt }: Partial<Traces> & { usedAt: number }) => {
    const known = traces.get(id);
    traces.set(id, {
      arrivedAt: Math.max(known?.arrivedAt ?? 0, arrivedAt),
      usedAt: Math.max(known?.usedAt ?? 0, usedAt),
    });
    changed = 'truly';
  };

  return {
    of: (id) => traces.get(id) ?? { arrivedAt: 0, usedAt: 0 },

    saw(listed, running, at) {
      const there = new Set(listed);
      for (const id of listed) if (!traces.has(id)) touch(id, { arrivedAt: seen ? at : 0, usedAt: at });
      for (const id of traces.keys()) if (!there.has(id) && traces.delete(id)) changed = 'truly';
      for (const id of running) {
        const known = traces.get(id);
        if (!known || known.usedAt >= at) continue;
        known.usedAt = at;
        changed ??= 'hardly';
      }
      seen = true;
    },

    used: (id, at) => touch(id, { usedAt: at }),
    arrived: (id, at) => touch(id, { arrivedAt: at, usedAt: at }),
    heardUntil: () => heardUntil,
    heard(at) {
      heardUntil = Math.max(heardUntil ?? 0, at);
      changed ??= 'hardly';
    },

    save(how) {
      // A clock that was set back must not keep it from being written until then.
      const lately = Math.abs(now() - savedAt) < SELDOM_MS;
      if (!changed || (how === undefined && (writing > 0 || (changed === 'hardly' && lately)))) return saving;
      const what = changed;
      changed = null;
      savedAt = now();
      writing++;
      const newest = [...traces].sort(([, a], [, b]) => b.usedAt - a.usedAt).slice(0, MOST);
      const images = Object.fromEntries(
        newest.map(([id, { arrivedAt, usedAt }]) => [id, [arrivedAt, usedAt]]),
      );
      const text = `${JSON.stringify({ v: 1, heardUntil, images })}\n`;
      saving = saving
        .then(() => replace(file, text))
        .then(() => {
          if (failing) log.info('last uses are written again');
          failing = false;
        })
        .catch((error: Error) => {
          if (!failing) log.warn('last uses could not be written', { error: error.message });
          failing = true;
          if (changed !== 'truly') changed = what;
        })
        .finally(() => void writing--);
      return saving;
    },
  };
}

// --- internal ---

async function load(
  file: string,
  log: Log,
): Promise<{ stored: z.infer<typeof Stored> | null; lost: boolean }> {
  const text = await readIfThere(file);
  if (text === null) return { stored: null, lost: false };
  try {
    return { stored: Stored.parse(JSON.parse(text)), lost: false };
  } catch {
    log.warn('the record of last uses can’t be read and is begun anew: all images count as used just now', {
      file,
    });
    return { stored: null, lost: true };
  }
}

import type { z } from 'zod';
import { NewerError } from '../domain/error.ts';
import type { RunId } from '../domain/ids.ts';
import { say } from '../domain/markup.ts';
import type { Clock } from '../ports.ts';

/** What a newer version is at may be over by then. */
const UNREAD_MS = 600_000;

export interface Reading {
  /** Throws a `NewerError` where this version can't read it. */
  read<T>(id: RunId, schema: z.ZodType<T>, json: string): T;
  /** Whether this version could not read it a moment ago. */
  isUnread(id: RunId): boolean;
  /** How many it could not. */
  unread(): number;
}

/** Reads what is stored of runs, and remembers of which a newer version has written. */
export function openReading(clock: Clock): Reading {
  /** And when that was seen. */
  const unread = new Map<RunId, number>();
  return {
    read(id, schema, json) {
      const parsed = schema.safeParse(JSON.parse(json));
      if (parsed.success) {
        unread.delete(id);
        return parsed.data;
      }
      unread.set(id, clock());
      throw new NewerError(
        say`#${id} was written by a newer dimg than this bot, which leaves it alone: upgrade the bot, or ask the newer one.`,
        { cause: parsed.error },
      );
    },
    isUnread: (id) => clock() - (unread.get(id) ?? -Infinity) < UNREAD_MS,
    unread: () => unread.size,
  };
}

import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { readIfThere } from './files.ts';
import type { Journal } from './journal.ts';

const Counted = z.array(z.object({ at: z.number(), images: z.number(), bytes: z.number() }));

/**
 * What agents wrote down before there was a journal: which jobs they accepted, and what they counted against the hourly
 * limits. Taken into the journal once, and then removed. Throws a `ConfigError` where the count can't be read: limits
 * that are not known to hold would be none.
 */
export async function takeOver(journal: Journal, path: (name: string) => string, now: number): Promise<void> {
  const log = await readIfThere(path('jobs.log'));
  const ids = (log ?? '').split('\n').flatMap(parseLine);
  if (ids.length > 0) await journal.note({ t: 'ids', ids: ids.map((id) => [id, now]) });
  if (log !== null) await rm(path('jobs.log'), { force: true });

  const file = path('deleted.json');
  const text = await readIfThere(file);
  if (text === null) return;
  // Beyond what the journal counts itself, so that what was taken over before a crash is not counted twice.
  await Promise.all(
    readCounted(file, text).map((take, i) => journal.note({ t: 'take', n: -1 - i, ...take })),
  );
  await rm(file, { force: true });
}

// --- internal ---

function parseLine(line: string): string[] {
  try {
    const id: unknown = JSON.parse(line);
    return typeof id === 'string' ? [id] : [];
  } catch {
    // A line that was cut by a crash is no whole JSON string: its job did not start either.
    return [];
  }
}

function readCounted(file: string, text: string): z.infer<typeof Counted> {
  try {
    return Counted.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(
      `DIMG_STATE_DIR: ${file} can't be read, so limits.per-hour can't be kept; remove it, and the hour begins anew.`,
      { cause: error },
    );
  }
}

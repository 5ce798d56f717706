import { afterAll } from 'vitest';
import { openJournal } from '../../../agents/host/journal.ts';
import type { Io } from '../../../agents/host/journal-disk.ts';
import { openJournalFile } from '../../../agents/host/journal-file.ts';
import { sha256 } from '../../../src/domain/hash.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { RunId } from '../../../src/domain/ids.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Item } from '../../../src/domain/plan.ts';

export const SMALL = 128 * 1024;

/** For what is not about crashes. */
export const unsynced: Io = {
  write: async (file, bytes, at) => void (await file.write(bytes, 0, bytes.length, at)),
  sync: async () => {},
};

const open: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const file of open) await file.close();
});

/** The journal of a folder, as one start of the agent has it. */
export async function openIn(folder: string, more: { size?: number; io?: Io; now?: () => number } = {}) {
  const { now = () => 2000, ...options } = more;
  const file = await openJournalFile(folder, { size: SMALL, ...options });
  open.push(file);
  return { ...openJournal(file, now), file };
}

export const imageOf = (n: number) => sha256(String(n)) as ImageId;

export const itemOf = (n: number): Item => ({
  ...{ image: imageOf(n), references: [`app:${n}`], size: 1, createdAt: 0, usedAt: 0, action: 'delete' },
  ...{ remove: [`app:${n}`], containers: [], force: false, reclaim: 1, usedBy: [] },
});

export const jobOf = (run: number, items = 3) => ({
  ...{ at: 1000, id: `execute-${run}-host-1`, run: RunId.parse(run), kind: 'execute' as const },
  ...{ epoch: 'e1', planDigest: `sha256:${'d'.repeat(64)}`, cache: [] },
  items: Array.from({ length: items }, (_, i) => itemOf(run * 100_000 + i)),
});

export const outcomeOf = (item: Item, outcome: Outcome['outcome'] = 'deleted'): Outcome => ({
  ...{ image: item.image, outcome, removed: [...item.references], freed: 1 },
});

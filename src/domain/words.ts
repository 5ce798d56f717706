import { plural } from './markup.ts';
import { type Run, totals } from './run.ts';
import { describe } from './selection.ts';
import { formatSize } from './size.ts';

/** The command as one would type it: `prune host-3 --all --until 24h`. */
export function describeRun(run: Run): string {
  const options = describe(run.selection);
  const words = [run.selection.kind, run.where, options];
  if (run.skipConfirmation) words.push('-f');
  if (run.dryRun) words.push('--dry-run');
  return words.filter((word) => word !== '').join(' ');
}

/**
 * The card in one line, as a notification shows it: `#1042 done · prune host-3 · deleted 3 of 3, 1.2 GB`.
 * It holds nothing that people or images could have put in.
 */
export function headline(run: Run): string {
  const names = Object.keys(run.hosts);
  const hosts = names.length === 1 ? (names[0] ?? '') : `${names.length} hosts`;
  return `#${run.id} ${run.state} · ${run.selection.kind} ${hosts} · ${gist(run)}`;
}

/** What a plan does, as people count it: `3 images`, `1 image and 2 references`. */
export function amount(sum: { items: number; untag: number; untagReferences: number }): string {
  const { items, untag } = sum;
  const images = plural(items - untag, 'image');
  const references = plural(sum.untagReferences, 'reference');
  if (untag === 0) return images;
  return items === untag ? references : `${images} and ${references}`;
}

// --- internal ---

function gist(run: Run): string {
  const sum = totals(run);
  switch (run.state) {
    case 'planning':
      return 'looking at what would go';
    case 'empty':
      return 'nothing to delete, deleted 0 of 0, 0 B';
    case 'refused':
      return 'nothing could be planned, deleted 0 of 0, 0 B';
    case 'proposed':
      return `${amount(sum)}, ${formatSize(sum.reclaim)}, ${run.approvalFor.length > 0 ? 'waits for approval' : 'waits for confirmation'}`;
    case 'executing':
      return `${sum.settled} of ${sum.items}, ${formatSize(sum.freed)}`;
    default: {
      const dry = run.dryRun ? `dry run, would free ${formatSize(sum.reclaim)}, ` : '';
      return `${dry}deleted ${sum.deleted} of ${sum.items}, ${formatSize(sum.freed)}`;
    }
  }
}

import { plural } from './markup.ts';
import { registryWords } from './registry-selection.ts';
import type { Run } from './run.ts';
import { describe, isOfRegistry, quoted } from './selection.ts';
import { formatSize } from './size.ts';
import { totals } from './totals.ts';

/** The command as one would type it: `prune host-3 --all --until 24h`. */
export function describeRun(run: Run): string {
  const { selection, where } = run;
  const words = isOfRegistry(selection)
    ? [selection.kind, ...registryWords(where, selection).map(quoted)]
    : [selection.kind, selection.kind === 'undo' ? '' : where, describe(selection)];
  if (run.rollout?.canary) words.push(`--canary ${run.rollout.canary}`);
  if (run.rollout?.batch) words.push(`--batch ${run.rollout.batch}`);
  if (run.skipConfirmation && run.selection.kind !== 'undo') words.push('-f');
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
export function amount(sum: {
  /** An image, if absent. */
  noun?: 'image' | 'manifest';
  items: number;
  untag: number;
  untagReferences: number;
  cache: number;
}): string {
  const { noun = 'image' } = sum;
  const images = sum.items - sum.untag - sum.cache;
  const parts = [
    ...(sum.untag > 0 ? [plural(sum.untagReferences, noun === 'image' ? 'reference' : 'tag')] : []),
    ...(sum.cache > 0 ? [plural(sum.cache, 'build cache record')] : []),
  ];
  if (images > 0 || parts.length === 0) parts.unshift(plural(images, noun));
  const last = parts.pop() ?? '';
  return parts.length > 0 ? `${parts.join(', ')} and ${last}` : last;
}

/** What a run or a host's part of it was to do and did, as far as the difference of deleting and untagging goes. */
export interface Did {
  items: number;
  /** Of them, those to be untagged only. */
  untag: number;
  /** Done, in either way. */
  deleted: number;
  untagged: number;
}

/** Whether it is not deletions alone. */
export const hasUntagged = ({ untag, untagged }: Did): boolean => untag > 0 || untagged > 0;

/** `deleted 3 of 3`, `untagged 1 of 1`, `deleted 2 and untagged 1 of 3`. */
export function didWords(did: Did): string {
  const gone = did.deleted - did.untagged;
  if (!hasUntagged(did)) return `deleted ${gone} of ${did.items}`;
  if (did.deleted === 0 && did.untag < did.items) return `deleted 0 of ${did.items}`;
  if (did.untag === did.items && gone === 0) return `untagged ${did.untagged} of ${did.items}`;
  return `deleted ${gone} and untagged ${did.untagged} of ${did.items}`;
}

/** `5 MB`, or `at least 5 MB`. */
export const freedWords = ({ freed, uncounted }: Freed): string =>
  `${uncounted > 0 ? 'at least ' : ''}${formatSize(freed)}`;

/** What a plan would free: `5 MB`, or of a registry `up to 5 MB after garbage collection`. */
export const reclaimWords = ({
  noun,
  reclaim,
}: Pick<ReturnType<typeof totals>, 'noun' | 'reclaim'>): string =>
  noun === 'manifest' && reclaim > 0
    ? `up to ${formatSize(reclaim)} after garbage collection`
    : formatSize(reclaim);

/** `deleted 3 of 3, freed 5 MB`; a registry frees nothing before it collects its garbage. */
export function doneWords(did: Did & Freed & Pick<ReturnType<typeof totals>, 'noun'>): string {
  const later = did.noun === 'manifest' && did.deleted > did.untagged;
  return `${didWords(did)}, ${later ? 'nothing freed yet' : `freed ${freedWords(did)}`}`;
}

// --- internal ---

type Freed = { freed: number; uncounted: number };

function gist(run: Run): string {
  const sum = totals(run);
  if (run.selection.kind === 'undo') return undoGist(run.state, sum);
  switch (run.state) {
    case 'planning':
      return 'looking at what would go';
    case 'empty':
      return 'nothing to delete, deleted 0 of 0, 0 B';
    case 'refused':
      return 'nothing could be planned, deleted 0 of 0, 0 B';
    case 'proposed':
      return `${amount(sum)}, ${reclaimWords(sum)}, ${run.approvalFor.length > 0 ? 'waits for approval' : 'waits for confirmation'}`;
    case 'executing':
      return `${sum.settled} of ${sum.items}, ${freedWords(sum)}${run.paused ? ', waits to be continued' : ''}`;
    default: {
      const verb = sum.noun === 'image' ? 'would free ' : '';
      const dry = run.dryRun ? `dry run, ${verb}${reclaimWords(sum)}, ` : '';
      return `${dry}deleted ${sum.deleted} of ${sum.items}, ${freedWords(sum)}`;
    }
  }
}

function undoGist(state: Run['state'], sum: ReturnType<typeof totals>): string {
  if (state === 'planning') return 'looking at what can come back';
  if (state === 'refused') return 'nothing can come back';
  return state === 'executing' ? `${sum.settled} of ${sum.items}` : `restored ${sum.deleted} of ${sum.items}`;
}

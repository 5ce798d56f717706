import { undecided, whyDenied } from '../domain/decisions.ts';
import { unmatchedWords } from '../domain/drift-rows.ts';
import { join, type Markup, plural, say, time, user } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import { isOfRegistry } from '../domain/selection.ts';
import { formatSize } from '../domain/size.ts';
import { formatDuration } from '../domain/time.ts';
import { totals } from '../domain/totals.ts';
import { amount, doneWords, freedWords, reclaimWords } from '../domain/words.ts';

/** Where the run is, in a sentence. */
export function stateLine(run: Run): Markup {
  const sum = totals(run);
  const images = amount(sum);
  const gain = `${sum.noun === 'image' ? ' and free ' : ', '}${reclaimWords(sum)}`;
  if (run.selection.kind === 'undo') return undoLine(run, run.selection.run);
  switch (run.state) {
    case 'planning':
      return say`Looking at what would go…`;
    case 'empty':
      return say`Nothing to delete.`;
    case 'refused':
      return say`Nothing could be planned${run.refusal === undefined ? '' : `: ${run.refusal}`}.`;
    case 'proposed':
      return run.approvalFor.length > 0
        ? say`Waits for approval to delete ${images}, ${reclaimWords(sum)}: ${approvalWords(run)}`
        : say`${user(run.requester)}, delete ${images}${gain}?`;
    case 'executing':
      if (run.paused && !run.cancel) return pauseLine(run, run.paused);
      return say`${run.cancel ? 'Stopping' : sum.untag > 0 && sum.untag === sum.items ? 'Untagging' : 'Deleting'}: ${sum.settled} of ${sum.items}${sum.noun === 'image' ? `, ${freedWords(sum)} so far` : ''}`;
    case 'denied':
      return say`Denied${whyDenied(run)}. Nothing was deleted.`;
    case 'expired':
      if (run.recalled?.from === 'proposed')
        return say`Redis lost what was to be decided on here, so nobody can any more. Nothing was deleted.`;
      return say`Expired: ${undecided(run)} in ${formatDuration(run.policy.expires)}. Nothing was deleted.`;
    case 'stale':
      return staleLine(run);
    case 'cancelled':
      return sum.settled === 0 ? say`Cancelled. Nothing was deleted.` : say`Cancelled: ${doneWords(sum)}`;
    case 'done':
      if (run.dryRun) return say`Dry run: would delete ${images}${gain}. Nothing was deleted.`;
      return say`${capital(doneWords(sum))}`;
    default: {
      const counts = [
        ['skipped', sum.skipped],
        ['failed', sum.failed],
        ['unknown', sum.unknown],
        // Redis lost these, and their host did not tell.
        ['not told of', run.recalled ? sum.items - sum.settled : 0],
      ] as const;
      const rest = counts.filter(([, n]) => n > 0).map(([word, n]) => say`${n} ${word}`);
      return say`${capital(doneWords(sum))}; ${join(rest)}`;
    }
  }
}

// --- internal ---

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function approvalWords(run: Run): Markup {
  const words = {
    force: 'force always needs it',
    'stopped-containers': 'stopped containers are removed first',
    registry: 'a registry always needs it',
    irrecoverable: isOfRegistry(run.selection)
      ? "hosts that have tagged images can't pull them from here again"
      : "tagged images can't be pulled again",
    'reclaim-over': `more than ${formatSize(run.policy.neededFor.reclaimOver ?? 0)}`,
    'hosts-over': `more than ${run.policy.neededFor.hostsOver ?? 0} hosts`,
  };
  const given =
    run.approvals.length > 0 ? say`; ${run.approvals.length} of ${run.policy.count} given` : say``;
  return say`${run.approvalFor.map((reason) => words[reason]).join(', ')}${given}.`;
}

function pauseLine(run: Run, { why, until }: NonNullable<Run['paused']>): Markup {
  const sum = totals(run);
  const left = (run.waves?.hosts ?? []).slice((run.waves?.now ?? 0) + 1).flat().length;
  const reason = why === 'canary' ? say`the first hosts are done` : say`something went wrong`;
  return say`Waits: ${reason}; ${doneWords(sum)}. Go on with ${plural(left, 'more host')}? Ends ${time(until)}.`;
}

function staleLine(run: Run): Markup {
  const drifts = Object.values(run.hosts).flatMap(({ drift }) => drift ?? []);
  const of = drifts.reduce((n, drift) => n + drift.of, 0);
  const unmatched = drifts.reduce((n, drift) => n + drift.unmatched, 0);
  const hosts = isOfRegistry(run.selection)
    ? 'The registry has'
    : drifts.length > 1
      ? 'The hosts have'
      : 'The host has';
  return say`${hosts} changed since the plan: ${unmatchedWords(unmatched, of)}. Nothing was deleted.`;
}

function undoLine(run: Run, of: number): Markup {
  const { deleted, items, settled } = totals(run);
  switch (run.state) {
    case 'planning':
      return say`Looking at what of #${of} can come back…`;
    case 'executing':
      return say`Bringing back what #${of} deleted: ${settled} of ${items}`;
    case 'empty':
    case 'refused':
      return say`Nothing of #${of} can come back${run.refusal === undefined ? '' : `: ${run.refusal}`}.`;
    case 'cancelled':
      return say`Cancelled: restored ${deleted} of ${items}.`;
    default:
      return say`Restored ${deleted} of ${items} that #${of} had deleted.`;
  }
}

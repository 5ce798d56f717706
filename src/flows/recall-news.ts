import type { RunId } from '../domain/ids.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { describeRun } from '../domain/words.ts';
import type { News } from '../ports.ts';
import type { AuditBack } from './recall-audit.ts';
import { type FromSlack, wordsOf } from './recall-sources.ts';

/** Which runs were put back. */
export interface PutBack {
  changed: Run[];
  /** That were over, and are as they were. */
  quiet: number;
  /** Of which nothing but the number is known. */
  gone: RunId[];
}

const RUNS = 20;

/** What people are told once all is put back that can be; `null` where there is nobody who could be told. */
export function newsOf(
  { auditChannel }: { auditChannel: string | undefined },
  { audit, runs, slack, number }: { audit: AuditBack; runs: PutBack; slack: FromSlack; number: number },
): News | null {
  const newestCard = slack.cards.toSorted((a, b) => b.number - a.number)[0];
  const channels = new Set(
    runs.changed.filter((run) => !isFinal(lastKnown(run))).map(({ channel }) => channel),
  );
  if (auditChannel !== undefined) channels.add(auditChannel);
  if (channels.size === 0 && newestCard) channels.add(newestCard.channel);
  if (channels.size === 0) return null;
  const left = runs.changed.length - RUNS;
  return {
    channels: [...channels],
    lines: [
      `Redis had lost what dimg keeps there: it was emptied, or set back to an older copy. What cards, hosts and bots know is put back, and commands are taken again; the next run is #${number + 1}.`,
      auditWords(audit),
      ...runs.changed.slice(0, RUNS).map(runWords),
      ...(left > 0 ? [`and ${left} more`] : []),
      ...(runs.gone.length > 0
        ? [
            `Not put back, since nothing but their number is known: ${runs.gone.map((id) => `#${id}`).join(', ')}. Look at their hosts, and ask again.`,
          ]
        : []),
      ...(slack.unread.length > 0 ? [`Not read: ${slack.unread.map(wordsOf).join('; ')}.`] : []),
    ],
  };
}

// --- internal ---

function auditWords({ entries, lost }: AuditBack): string {
  const back = entries > 0 ? `${entries} entries of the audit are back from its mirror. ` : '';
  if (!lost) return back === '' ? 'The audit has all its entries.' : back.trimEnd();
  const { from, to, vouched } = lost;
  const which = to > from ? `Entries ${from} to ${to} of the audit are` : `Entry ${to} of the audit is`;
  return `${back}${which} lost: it goes on with ${to + 1}, which says so. ${vouched.slice(0, 3).join(', ')} saw the last of them.`;
}

const lastKnown = ({ recalled, state }: Run): Run['state'] => recalled?.from ?? state;

function runWords(run: Run): string {
  const name = `#${run.id} (${describeRun(run)})`;
  switch (lastKnown(run)) {
    case 'planning':
      return `${name} was being planned: nothing was deleted, ask again.`;
    case 'proposed':
      return `${name} waited for a decision, and can't be decided on any more: ask again, or press Run again on its card.`;
    case 'executing':
      return `${name} was being carried out: its hosts tell what became of it, or it ends as unknown.`;
    default:
      return `${name} was over: ${lastKnown(run)}.`;
  }
}

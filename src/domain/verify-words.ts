import { code, type Markup, plural, say } from './markup.ts';
import type { Verdict } from './verify.ts';
import type { Finding } from './verify-entry.ts';

/** One line that says whether the chain is whole. */
export function verdictWords({ entries, head, total }: Verdict): Markup {
  if (total > 0) return say`${plural(entries, 'entry', 'entries')}, not whole: ${plural(total, 'finding')}`;
  if (entries === 0) return say`no entries yet`;
  return say`${plural(entries, 'entry', 'entries')}, whole from 1 to ${head.n}, head ${code(head.hash)}`;
}

/** What was found, in a sentence that names the entry. */
export function findingWords(finding: Finding): Markup {
  const { n } = finding;
  switch (finding.kind) {
    case 'edited':
      return say`entry ${n} was edited`;
    case 'remade':
      return finding.by < n
        ? say`entry ${n} was edited and given a fitting hash: it does not follow entry ${finding.by}`
        : say`entry ${n} was edited and given a fitting hash: entry ${finding.by} follows another one`;
    case 'inserted':
      return say`before entry ${n} stands what the chain does not hold: it was put in`;
    case 'twice':
      return say`there are two entries ${n}`;
    case 'misplaced':
      return say`entry ${n} is not in its place: it stands after entry ${finding.after}`;
    case 'missing': {
      const { to, seen } = finding;
      const what = to > n ? say`entries ${n} to ${to} are missing` : say`entry ${n} is missing`;
      return seen ? say`${what}: ${names(seen.where)} saw entry ${seen.n}` : what;
    }
    case 'differs':
      return say`entry ${n} is not the one that ${names(finding.where)} ${finding.where.length > 1 ? 'name' : 'names'}: the chain was made anew from there or before`;
    case 'recorded':
      if (finding.recorded === null) return say`Redis has lost its record of the newest entry, which is ${n}`;
      return finding.recorded.n === n
        ? say`entry ${n} is not the one that Redis records as the newest`
        : say`Redis records entry ${finding.recorded.n} as the newest, and the chain goes to ${n}`;
    case 'torn':
      return say`the last line breaks off where entry ${n} would be: its writer was stopped in the middle, or it was cut`;
  }
}

// --- internal ---

const NAMED = 3;

function names(where: readonly string[]): string {
  const shown = where.slice(0, NAMED).join(', ');
  return where.length > NAMED ? `${shown} and ${where.length - NAMED} more` : shown;
}

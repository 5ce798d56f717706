import { code, join, type Markup, plural, say, time } from './markup.ts';
import type { Verdict } from './verify.ts';
import type { Finding } from './verify-entry.ts';

/** One line that says whether the chain is whole. */
export function verdictWords({ entries, head, total, findings }: Verdict): Markup {
  const lost = findings.flatMap((one) => (one.kind === 'lost' ? [one] : []));
  if (total > 0 && lost.length === total) {
    const which = lost.map(({ n, to }) => say`${to > n ? `${n} to ${to}` : n}`);
    return say`${plural(entries, 'entry', 'entries')}, whole up to ${head.n} but for what Redis lost (${join(which)}), head ${code(head.hash)}`;
  }
  if (total > 0) return say`${plural(entries, 'entry', 'entries')}, not whole: ${plural(total, 'finding')}`;
  if (entries === 0) return say`no entries yet`;
  return say`${plural(entries, 'entry', 'entries')}, whole from 1 to ${head.n}, head ${code(head.hash)}`;
}

/** What was found, a sentence each, with how many findings it is about: equal ones of entries in a row share one. */
export function findingLines(findings: readonly Finding[]): { words: Markup; count: number }[] {
  const lines: { words: Markup; count: number }[] = [];
  for (let i = 0; i < findings.length; ) {
    const first = findings[i] as Finding;
    let count = 1;
    while (isNext(first, count, findings[i + count])) count++;
    lines.push({ words: count === 1 ? findingWords(first) : rowWords(first, count), count });
    i += count;
  }
  return lines;
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
      return say`entry ${n} is not in its place: it stands ${finding.after === 0 ? 'at the beginning' : `after entry ${finding.after}`}`;
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
    case 'lost': {
      const { to, by, at, vouched } = finding;
      const what = to > n ? say`entries ${n} to ${to} are not here` : say`entry ${n} is not here`;
      const who = vouched.length > 0 ? say`; ${names(vouched)} saw entry ${to}` : '';
      return say`${what}: entry ${by} says that Redis had lost ${to > n ? 'them' : 'it'} ${time(at)}${who}`;
    }
    case 'torn':
      return say`the last line breaks off where entry ${n} would be: its writer was stopped in the middle, or it was cut`;
  }
}

// --- internal ---

function isNext(first: Finding, count: number, next: Finding | undefined): boolean {
  return (
    (first.kind === 'edited' || first.kind === 'twice') &&
    next?.kind === first.kind &&
    next.n === first.n + count
  );
}

function rowWords({ kind, n }: Finding, count: number): Markup {
  const row = `${n} to ${n + count - 1}`;
  return kind === 'edited'
    ? say`entries ${row} were edited`
    : say`there are two of each of the entries ${row}`;
}

const NAMED = 3;

/** Of many at least one card is named: that can be looked at without any access to hosts. */
function names(where: readonly string[]): string {
  const isCard = (one: string) => one.startsWith('the card of ');
  const sorted =
    where.length > NAMED ? where.toSorted((a, b) => Number(isCard(b)) - Number(isCard(a))) : where;
  const shown = sorted.slice(0, NAMED);
  if (where.length > NAMED) return `${shown.join(', ')} and ${where.length - NAMED} more`;
  const last = shown.pop() ?? '';
  return shown.length > 0 ? `${shown.join(', ')} and ${last}` : last;
}

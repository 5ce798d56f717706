/** What takes effect in a line of mrkdwn, as Slack reads it with `verbatim: true`; stricter where in doubt. */
export interface Scanned {
  /** `<…>`: mentions, links and dates. */
  live: string[];
  /** The text of code spans. */
  code: string[];
  /** Characters that format: `*`, `~`, and `_` at the edge of a word. */
  marks: string[];
  /** What should never be there: an open span or bracket, a bare `&`, a quote, what can't be seen. */
  wrong: string[];
  /** What a reader sees. */
  text: string;
}

const ENTITY = /^&(amp|lt|gt);/;
const MEANT: Record<string, string> = { amp: '&', lt: '<', gt: '>' };

export function scan(line: string): Scanned {
  const found: Scanned = { live: [], code: [], marks: [], wrong: [], text: '' };
  if (/^\s*(&gt;|>)/.test(line)) found.wrong.push('a quote');
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(line)) found.wrong.push('what can not be seen');
  let i = 0;
  const entity = (from: string): string => {
    const [whole = from[0] ?? '', name] = ENTITY.exec(from) ?? [];
    if (name === undefined) found.wrong.push('a bare &');
    i += whole.length;
    return name === undefined ? whole : (MEANT[name] ?? '');
  };
  while (i < line.length) {
    const c = line.charAt(i);
    if (c === '<') {
      const end = line.indexOf('>', i);
      if (end < 0) found.wrong.push('an open <');
      found.live.push(line.slice(i, end < 0 ? undefined : end + 1));
      i = end < 0 ? line.length : end + 1;
    } else if (c === '`') {
      const end = line.indexOf('`', i + 1);
      if (end < 0) found.wrong.push('an open code span');
      const stop = end < 0 ? line.length : end;
      let text = '';
      i++;
      while (i < stop) {
        const inside = line.charAt(i);
        if (inside === '<' || inside === '>') found.wrong.push(`${inside} in code`);
        if (inside === '&') text += entity(line.slice(i));
        else {
          text += inside;
          i++;
        }
      }
      if (text === '') found.wrong.push('an empty code span');
      found.code.push(text);
      found.text += text;
      i = stop + 1;
    } else if (c === '&') found.text += entity(line.slice(i));
    else {
      if (c === '>') found.wrong.push('a bare >');
      const inWord = /[A-Za-z0-9]$/.test(line.slice(0, i)) && /^[A-Za-z0-9]/.test(line.slice(i + 1));
      if (c === '*' || c === '~' || (c === '_' && !inWord)) found.marks.push(c);
      else found.text += c;
      i++;
    }
  }
  return found;
}

/** A piece of mrkdwn. What is in `text` is text: entities are read, and nothing in it takes effect any more. */
export type Token =
  | { kind: 'text' | 'code' | 'pre'; text: string }
  | { kind: 'strong' | 'em' | 's' | 'quote'; parts: Token[] }
  | { kind: 'user' | 'channel' | 'group' | 'broadcast'; id: string; label: string | null }
  | { kind: 'date'; at: number; format: string; fallback: string }
  | { kind: 'link'; href: string; label: string };

/** Reads mrkdwn as Slack's client does, `verbatim` or not: bare addresses stay text here. */
export function parse(text: string): Token[] {
  return text.split(/(```[\s\S]+?```)/).flatMap((part, i): Token[] => {
    if (i % 2 === 1) return [{ kind: 'pre', text: unescaped(part.slice(3, -3).replace(/^\n|\n$/g, '')) }];
    return part.split(/((?:^|(?<=\n))(?:&gt;[^\n]*(?:\n|$))+)/).flatMap((lines, j): Token[] => {
      if (j % 2 === 0) return inline(lines);
      return [{ kind: 'quote', parts: inline(lines.replace(/^&gt; ?/gm, '').replace(/\n$/, '')) }];
    });
  });
}

/** Slack's three entities, once. */
export function unescaped(text: string): string {
  return text.replace(/&(lt|gt|amp);/g, (_, name: string) =>
    name === 'lt' ? '<' : name === 'gt' ? '>' : '&',
  );
}

/** `:tada:` as a picture; a name that is none stays as it is. */
export function emojified(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (all, name: string) => EMOJI[name] ?? all);
}

// --- internal ---

const EMOJI: Record<string, string> = {
  '+1': '👍',
  bell: '🔔',
  broom: '🧹',
  eyes: '👀',
  heavy_check_mark: '✔️',
  hourglass_flowing_sand: '⏳',
  information_source: 'ℹ️',
  lock: '🔒',
  no_entry: '⛔',
  package: '📦',
  rotating_light: '🚨',
  smile: '😄',
  tada: '🎉',
  warning: '⚠️',
  wastebasket: '🗑️',
  wave: '👋',
  white_check_mark: '✅',
  whale: '🐳',
  x: '❌',
};

const mark = (sign: string) =>
  `(?<![\\p{L}\\p{N}${sign}])${sign}((?:[^\\s${sign}]|[^\\s${sign}][^${sign}\\n]*[^\\s${sign}]))${sign}(?![\\p{L}\\p{N}${sign}])`;
const INLINE = new RegExp(`\`([^\`\\n]+)\`|<([^<>\\n]+)>|${['\\*', '_', '~'].map(mark).join('|')}`, 'gu');

function inline(text: string): Token[] {
  const tokens: Token[] = [];
  const literal = (part: string) => {
    if (part !== '') tokens.push({ kind: 'text', text: emojified(unescaped(part)) });
  };
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, code, reference, strong, em, strike] = match;
    literal(text.slice(from, match.index));
    from = match.index + all.length;
    if (code !== undefined) tokens.push({ kind: 'code', text: unescaped(code) });
    else if (reference !== undefined) tokens.push(refer(reference));
    else if (strong !== undefined) tokens.push({ kind: 'strong', parts: inline(strong) });
    else if (em !== undefined) tokens.push({ kind: 'em', parts: inline(em) });
    else tokens.push({ kind: 's', parts: inline(strike ?? '') });
  }
  literal(text.slice(from));
  return tokens;
}

function refer(inner: string): Token {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : unescaped(inner.slice(bar + 1));
  const [, at, format] = /^!date\^(\d+)\^([^^]*)/.exec(target) ?? [];
  if (at !== undefined)
    return { kind: 'date', at: Number(at) * 1000, format: unescaped(format ?? ''), fallback: label ?? '' };
  if (target.startsWith('@')) return { kind: 'user', id: target.slice(1), label };
  if (target.startsWith('#')) return { kind: 'channel', id: target.slice(1), label };
  if (target.startsWith('!subteam^')) return { kind: 'group', id: target.slice('!subteam^'.length), label };
  if (target.startsWith('!')) return { kind: 'broadcast', id: target.slice(1), label };
  if (/^(https?|mailto):/.test(target))
    return { kind: 'link', href: unescaped(target), label: label ?? unescaped(target) };
  return { kind: 'text', text: label ?? unescaped(target) };
}

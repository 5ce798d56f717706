import type { Json } from './types.ts';

/** How ids read; without a name the id stands. */
export type Names = {
  readonly user?: (id: string) => string | undefined;
  readonly channel?: (id: string) => string | undefined;
};

/** `U0ANA` reads `@ana`: the ids of the default world carry the name. */
const nameOf = (id: string) => id.replace(/^[UWCS]0?/, '').toLowerCase();

/** mrkdwn without its marks; code keeps its backticks, and what stands in it is left alone. */
export function mrkdwn(text: string, names: Names = {}): string {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) =>
      entities(index % 2 === 1 ? references(part, names) : emphasis(references(part, names))),
    )
    .join('');
}

function emphasis(text: string): string {
  return ['*', '_', '~'].reduce((result, mark) => {
    const m = `\\${mark}`;
    return result.replace(
      new RegExp(`(^|[^\\w${m}])${m}(?=\\S)([^${m}\\n]*[^\\s${m}])${m}(?![\\w${m}])`, 'g'),
      '$1$2',
    );
  }, text);
}

function references(text: string, names: Names): string {
  return text.replace(/<([^<>\n]*)>/g, (_all, inner: string) => {
    const bar = inner.indexOf('|');
    const target = bar < 0 ? inner : inner.slice(0, bar);
    const shown = bar < 0 ? undefined : inner.slice(bar + 1);
    if (target.startsWith('@'))
      return `@${names.user?.(target.slice(1)) ?? shown ?? nameOf(target.slice(1))}`;
    if (target.startsWith('#'))
      return `#${names.channel?.(target.slice(1)) ?? shown ?? nameOf(target.slice(1))}`;
    if (target.startsWith('!subteam^')) return shown ?? `@${nameOf(target.slice('!subteam^'.length))}`;
    if (target.startsWith('!date^')) return shown ?? target;
    if (target.startsWith('!')) return `@${target.slice(1)}`;
    return shown && shown !== target ? `${shown} (${target})` : target;
  });
}

const entities = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** A rich_text block as lines. */
export function richText(block: Json, names: Names): string[] {
  return (block.elements as Json[]).flatMap((element, index) => {
    const inner = element.elements as Json[];
    switch (element.type) {
      case 'rich_text_list': {
        const indent = '  '.repeat(Number(element.indent ?? 0));
        const ordered = element.style === 'ordered';
        const first = Number(element.offset ?? 0) + 1;
        return inner.map(
          (item, at) =>
            `${indent}${ordered ? `${first + at}.` : '•'} ${parts(item.elements as Json[], names)}`,
        );
      }
      case 'rich_text_quote':
        return parts(inner, names)
          .split('\n')
          .map((line) => `> ${line}`);
      default: {
        const text = parts(inner, names);
        // A section's closing line feed only separates it from what follows.
        return (index < (block.elements as Json[]).length - 1 ? text.replace(/\n$/, '') : text).split('\n');
      }
    }
  });
}

function parts(elements: readonly Json[], names: Names): string {
  return elements.map((element) => part(element, names)).join('');
}

function part(element: Json, names: Names): string {
  const get = (key: string) => String(element[key] ?? '');
  const code = (element.style as { code?: boolean } | undefined)?.code;
  switch (element.type) {
    case 'text':
      return code ? `\`${get('text')}\`` : get('text');
    case 'link':
      return element.text ? `${get('text')} (${get('url')})` : get('url');
    case 'user':
      return `@${names.user?.(get('user_id')) ?? nameOf(get('user_id'))}`;
    case 'usergroup':
      return `@${nameOf(get('usergroup_id'))}`;
    case 'channel':
      return `#${names.channel?.(get('channel_id')) ?? nameOf(get('channel_id'))}`;
    case 'broadcast':
      return `@${get('range')}`;
    case 'emoji':
      return `:${get('name')}:`;
    case 'date':
      return element.fallback ? get('fallback') : new Date(Number(element.timestamp) * 1000).toISOString();
    default:
      return get('value');
  }
}

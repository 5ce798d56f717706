import type { UserId } from './ids.ts';

/**
 * Text for people, as data. Whatever came from images, containers, errors or people is a value in it,
 * so a renderer can show it as text and none of its formatting, links or mentions ever takes effect.
 */
export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'bold'; text: string }
  | { kind: 'user'; id: UserId }
  | { kind: 'group'; id: string }
  | { kind: 'channel'; id: string }
  | { kind: 'time'; at: number };
export type Markup = readonly Node[];
type Value = string | number | Node | Markup;

/** `say\`host ${code(name)} is offline\``: literal parts and plain values become text. */
export function say(parts: TemplateStringsArray, ...values: Value[]): Markup {
  return parts.flatMap((part, i): Markup => {
    const value = values[i];
    const literal: Markup = part === '' ? [] : [text(part)];
    return value === undefined ? literal : [...literal, ...nodes(value)];
  });
}

export const text = (value: string): Node => ({ kind: 'text', text: value });
export const code = (value: string): Node => ({ kind: 'code', text: value });
export const bold = (value: string): Node => ({ kind: 'bold', text: value });
export const user = (id: UserId): Node => ({ kind: 'user', id });
/** A user group; shown by its name, and its members are told of it where a message is new. */
export const group = (id: string): Node => ({ kind: 'group', id });
/** A channel by its Slack ID, shown by its name to those who may see it. */
export const channel = (id: string): Node => ({ kind: 'channel', id });
/** A moment in milliseconds since 1970, shown in the reader's own zone. */
export const time = (at: number): Node => ({ kind: 'time', at });

/** As a sentence begins, where it begins with text of our own. */
export function capital(markup: Markup): Markup {
  const [first, ...rest] = markup;
  if (first?.kind !== 'text') return markup;
  return [text(first.text.charAt(0).toUpperCase() + first.text.slice(1)), ...rest];
}

/** Joins with a separator: `a, b, c`. */
export function join(list: readonly Value[], separator = ', '): Markup {
  return list.flatMap((value, i) => (i === 0 ? nodes(value) : [text(separator), ...nodes(value)]));
}

/** The first of a list in code, and how many more there are. */
export function some(names: readonly string[], most = 3): Markup {
  const shown = join(names.slice(0, most).map(code));
  return names.length > most ? say`${shown} and ${names.length - most} more` : shown;
}

/** Without any markup: for logs, errors and terminals. */
export function plain(markup: Markup): string {
  return markup
    .map((node) => {
      switch (node.kind) {
        case 'user':
        case 'group':
          return `@${node.id}`;
        case 'channel':
          return `#${node.id}`;
        case 'time':
          return new Date(node.at).toISOString();
        default:
          return node.text;
      }
    })
    .join('');
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;

// --- internal ---

function nodes(value: Value): Markup {
  if (typeof value === 'string') return value === '' ? [] : [text(value)];
  if (typeof value === 'number') return [text(String(value))];
  return 'kind' in value ? [value] : value;
}

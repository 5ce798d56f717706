import { mrkdwn, type Names, richText } from './text-inline.ts';
import type { Block, Json, Message } from './types.ts';

type Text = { readonly type?: string; readonly text?: string };

/** A message as plain lines for a terminal. */
export function renderMessage(
  message: Pick<Message, 'text' | 'blocks' | 'files'>,
  names: Names = {},
): string[] {
  const body = message.blocks?.length
    ? message.blocks.flatMap((block) => renderBlock(block, names))
    : message.text.split('\n').flatMap((line) => (message.text ? [mrkdwn(line, names)] : []));
  return [...body, ...(message.files ?? []).map((file) => `📎 ${file.name} (${size(file.size)})`)];
}

function renderBlock(block: Block, names: Names): string[] {
  switch (block.type) {
    case 'section':
      return section(block, names);
    case 'header':
      return lines(block.text, names);
    case 'context': {
      const parts = (block.elements as Json[]).map((one) =>
        one.type === 'image' ? `[${String(one.alt_text)}]` : content(one, names),
      );
      return parts.join(' · ').split('\n');
    }
    case 'actions':
      return [(block.elements as Json[]).map((one) => control(one, names)).join(' ')];
    case 'divider':
      return ['────────'];
    case 'image':
      return [`[${String(block.alt_text)}]`];
    case 'input':
      return [...lines(block.label, names), control(block.element as Json, names)];
    case 'markdown':
      return String(block.text).split('\n');
    case 'rich_text':
      return richText(block, names);
    case 'table':
      return table(
        block.rows as Json[][],
        (block.column_settings as (Json | null)[] | undefined) ?? [],
        names,
      );
    default:
      return [`[${block.type}]`];
  }
}

function section(block: Block, names: Names): string[] {
  const fields = ((block.fields as Text[] | undefined) ?? []).flatMap((field) => lines(field, names));
  const accessory = block.accessory as Json | undefined;
  return [...lines(block.text, names), ...fields, ...(accessory ? [control(accessory, names)] : [])];
}

function lines(text: unknown, names: Names): string[] {
  return text ? content(text as Text, names).split('\n') : [];
}

function content(text: Text, names: Names): string {
  return text.type === 'mrkdwn' ? mrkdwn(text.text ?? '', names) : (text.text ?? '');
}

/** `[Delete 3 images]` for a button; `[Choose ▾]` for a menu. */
function control(element: Json, names: Names): string {
  if (element.type === 'image') return `[${String(element.alt_text)}]`;
  const text = (element.text ?? element.placeholder) as Text | undefined;
  const label = text ? content(text, names) : '';
  if (element.type === 'button') return `[${label}]`;
  const chosen = (element.initial_option as { text?: Text } | undefined)?.text?.text;
  return element.type === 'overflow'
    ? '[…]'
    : `[${chosen ?? (label || String(element.type).replaceAll('_', ' '))} ▾]`;
}

function table(rows: readonly Json[][], settings: readonly (Json | null)[], names: Names): string[] {
  const cells = rows.map((row) =>
    row.map((cell) => (cell.type === 'rich_text' ? richText(cell, names).join(' ') : String(cell.text))),
  );
  const widths = (cells[0] ?? []).map((_cell, column) =>
    Math.max(...cells.map((row) => [...(row[column] ?? '')].length)),
  );
  return cells.map((row) =>
    row
      .map((cell, column) => {
        const room = (widths[column] ?? 0) - [...cell].length;
        const right = settings[column]?.align === 'right';
        return right ? ' '.repeat(Math.max(0, room)) + cell : cell + ' '.repeat(Math.max(0, room));
      })
      .join('  ')
      .trimEnd(),
  );
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

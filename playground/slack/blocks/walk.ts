import type { Block, Json } from '../types.ts';

export type Placed = {
  readonly block: Block;
  readonly element: Json;
  readonly path: readonly (string | number)[];
};

/** Every interactive element of these blocks, with its block and its place. */
export function elementsOf(blocks: readonly Block[]): Placed[] {
  return blocks.flatMap((block, index): Placed[] => {
    if (block.type === 'actions') {
      const elements = block.elements as readonly Json[];
      return elements.map((element, at) => ({ block, element, path: [index, 'elements', at] }));
    }
    const key = block.type === 'section' ? 'accessory' : block.type === 'input' ? 'element' : undefined;
    const element = key && (block[key] as Json | undefined);
    return key && element && element.type !== 'image' ? [{ block, element, path: [index, key] }] : [];
  });
}

export type Button = {
  readonly label: string;
  readonly action_id: string;
  readonly value?: string;
  readonly style?: string;
  readonly confirm?: Json;
};

/** The buttons that a message or view shows, in order. */
export function buttonsOf({ blocks = [] }: { readonly blocks?: readonly Block[] }): Button[] {
  return elementsOf(blocks).flatMap(({ element }): Button[] => {
    if (element.type !== 'button') return [];
    const { text, type: _type, ...rest } = element as Json & { text: { text: string } };
    return [{ label: text.text, ...rest } as Button];
  });
}

/** The characters of all texts in these blocks. Labels of buttons count, values and ids don't. */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + textLength(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === 'text' && typeof item === 'string' ? item.length : textLength(item)),
    0,
  );
}

/** Slack names what was left unnamed: every block gets a block_id, every element an action_id. */
export function withIds(blocks: readonly Block[], fresh: () => string): Block[] {
  const copy = structuredClone(blocks) as { block_id?: string; type: string }[];
  for (const block of copy) block.block_id ??= fresh();
  for (const { element } of elementsOf(copy as Block[])) element.action_id ??= fresh();
  return copy as Block[];
}

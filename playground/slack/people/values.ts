import { elementsOf } from '../blocks/walk.ts';
import type { Block, Json } from '../types.ts';

type Option = Json & { readonly value?: string };
export type Values = Record<string, Record<string, Json>>;
type Chosen = string | readonly string[] | undefined;

const list = (chosen: Chosen) =>
  chosen === undefined ? [] : typeof chosen === 'string' ? [chosen] : [...chosen];

function options(element: Json): Option[] {
  const groups = (element.option_groups as { options: Option[] }[] | undefined) ?? [];
  return [...((element.options as Option[] | undefined) ?? []), ...groups.flatMap((group) => group.options)];
}

function option(element: Json, value: string): Option {
  const found = options(element).find((one) => one.value === value);
  if (!found) throw new Error(`no option with value ${value} in ${String(element.action_id)}`);
  return found;
}

/** An element's state after somebody chose; without a choice, its initial one. */
export function stateOf(element: Json, chosen?: Chosen): Json | undefined {
  const type = String(element.type);
  const [one] = list(chosen);
  const given = chosen !== undefined;
  const single = (key: string, initial: string) => ({
    type,
    [key]: given ? (one ?? null) : (element[initial] ?? null),
  });
  const many = (key: string, initial: string) => ({
    type,
    [key]: given ? list(chosen) : (element[initial] ?? []),
  });
  switch (type) {
    case 'plain_text_input':
    case 'number_input':
      return { type, value: given ? one || null : (element.initial_value ?? null) };
    case 'static_select':
    case 'radio_buttons':
      return {
        type,
        selected_option: given ? (one ? option(element, one) : null) : (element.initial_option ?? null),
      };
    case 'multi_static_select':
    case 'checkboxes':
      return {
        type,
        selected_options: given
          ? list(chosen).map((v) => option(element, v))
          : (element.initial_options ?? []),
      };
    case 'overflow':
      return { type, selected_option: one === undefined ? null : option(element, one) };
    case 'users_select':
      return single('selected_user', 'initial_user');
    case 'conversations_select':
      return single('selected_conversation', 'initial_conversation');
    case 'channels_select':
      return single('selected_channel', 'initial_channel');
    case 'datepicker':
      return single('selected_date', 'initial_date');
    case 'timepicker':
      return single('selected_time', 'initial_time');
    case 'multi_users_select':
      return many('selected_users', 'initial_users');
    case 'multi_conversations_select':
      return many('selected_conversations', 'initial_conversations');
    case 'multi_channels_select':
      return many('selected_channels', 'initial_channels');
    default:
      return undefined;
  }
}

/** Earlier choices, without those whose option a newer version of the message no longer has. */
export function stillOffered<C extends string | readonly string[]>(
  blocks: readonly Block[],
  chosen: Readonly<Record<string, C>>,
): Record<string, C> {
  const gone = elementsOf(blocks).flatMap(({ element }) => {
    const all = options(element);
    const values = list(chosen[String(element.action_id)]);
    const lost = all.length > 0 && values.some((value) => !all.some((one) => one.value === value));
    return lost ? [String(element.action_id)] : [];
  });
  return Object.fromEntries(Object.entries(chosen).filter(([id]) => !gone.includes(id)));
}

const STATELESS = new Set(['button', 'overflow']);

/** `state.values` of a message or view. `chosen` is by action_id or block_id. */
export function stateValues(blocks: readonly Block[], chosen: Readonly<Record<string, Chosen>>): Values {
  const values: Values = {};
  for (const { block, element } of elementsOf(blocks)) {
    if (STATELESS.has(String(element.type))) continue;
    const actionId = String(element.action_id);
    const blockId = String(block.block_id);
    const state = stateOf(element, chosen[actionId] ?? chosen[blockId]);
    if (state) values[blockId] = { ...values[blockId], [actionId]: state };
  }
  return values;
}

/** What Slack's client itself asks for before it sends a form. By block_id. */
export function formErrors(blocks: readonly Block[], values: Values): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { block, element } of elementsOf(blocks)) {
    if (block.type !== 'input') continue;
    const blockId = String(block.block_id);
    const { type: _type, ...state } = values[blockId]?.[String(element.action_id)] ?? {};
    const [value] = Object.values(state);
    const empty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
    if (empty && !block.optional) errors[blockId] = 'Please complete this required field.';
    if (typeof value !== 'string' || element.type !== 'plain_text_input') continue;
    const min = Number(element.min_length ?? 0);
    const max = Number(element.max_length ?? 3000);
    if (value.length < min) errors[blockId] = `at least ${min} characters`;
    if (value.length > max) errors[blockId] = `at most ${max} characters`;
  }
  return errors;
}

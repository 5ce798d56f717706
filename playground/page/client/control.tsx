import type { ReactNode } from 'react';
import type { Json } from '../../slack/types.ts';
import type { Choice } from '../shapes.ts';
import { personName, useDesk } from './desk.ts';
import type { TextObject } from './text.tsx';

interface Option {
  text: TextObject;
  value: string;
  description?: TextObject;
}
interface ControlOptions {
  element: Json;
  label: string;
  id?: string;
  change(value: Choice): void;
}

/** An input or menu element of Block Kit, as the browser's own control. */
export function Control({ element, label, id, change }: ControlOptions): ReactNode {
  const { scene } = useDesk();
  const type = String(element.type);
  const placeholder = (element.placeholder as TextObject | undefined)?.text;
  const common = { 'aria-label': label, ...(id !== undefined && { id }) };
  const initial = (key: string) => element[`initial_${key}`] as string | undefined;

  switch (type) {
    case 'plain_text_input': {
      const input = { ...common, placeholder, defaultValue: initial('value') };
      return element.multiline ? (
        <textarea {...input} rows={4} onChange={(event) => change(event.target.value)} />
      ) : (
        <input {...input} onChange={(event) => change(event.target.value)} />
      );
    }
    case 'number_input':
    case 'datepicker':
    case 'timepicker': {
      const kinds = { number_input: 'number', datepicker: 'date', timepicker: 'time' } as const;
      const first = initial('value') ?? initial('date') ?? initial('time');
      return (
        <input
          {...common}
          type={kinds[type]}
          placeholder={placeholder}
          defaultValue={first}
          onChange={(event) => change(event.target.value)}
        />
      );
    }
    case 'radio_buttons':
    case 'checkboxes':
      return <Boxes element={element} label={label} change={change} />;
    default: {
      const many = type.startsWith('multi_');
      const first = many ? initials(element) : initials(element)[0];
      return (
        <select
          {...common}
          multiple={many}
          // A choice from an overflow menu does not stay.
          {...(type === 'overflow' ? { value: '' } : { defaultValue: first ?? (many ? [] : '') })}
          onChange={({ target }) => {
            const chosen = [...target.selectedOptions]
              .map(({ value }) => value)
              .filter((value) => value !== '');
            change(many ? chosen : (chosen[0] ?? ''));
          }}
        >
          {!many && (
            <option value="">{type === 'overflow' ? '⋯' : (placeholder ?? 'Choose an option')}</option>
          )}
          {choices(element, scene).map(({ value, text }) => (
            <option key={value} value={value}>
              {text.text}
            </option>
          ))}
        </select>
      );
    }
  }
}

// --- internal ---

function Boxes({ element, label, change }: ControlOptions): ReactNode {
  const type = element.type === 'checkboxes' ? 'checkbox' : 'radio';
  const first = initials(element);
  return (
    <fieldset
      aria-label={label}
      onChange={({ currentTarget }) => {
        const chosen = [...currentTarget.querySelectorAll('input')]
          .filter((box) => box.checked)
          .map((box) => box.value);
        change(type === 'checkbox' ? chosen : (chosen[0] ?? ''));
      }}
    >
      {((element.options as Option[] | undefined) ?? []).map(({ value, text, description }) => (
        <label key={value}>
          <input
            type={type}
            name={String(element.action_id)}
            value={value}
            defaultChecked={first.includes(value)}
          />
          <span>
            {text.text}
            {description && <small>{description.text}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function initials(element: Json): string[] {
  const { initial_option: one, initial_options: several } = element as {
    initial_option?: Option;
    initial_options?: Option[];
  };
  const ids = ['user', 'conversation', 'channel'].flatMap((key) =>
    [element[`initial_${key}`], element[`initial_${key}s`]].flat(),
  );
  return [one, ...(several ?? [])]
    .flatMap((option) => option?.value ?? [])
    .concat(ids.filter((id) => typeof id === 'string'));
}

function choices(element: Json, scene: ReturnType<typeof useDesk>['scene']): Option[] {
  const named = (value: string, text: string): Option => ({ value, text: { text } });
  if (/users/.test(String(element.type)))
    return scene.people
      .filter(({ is_bot }) => !is_bot)
      .map(({ id }) => named(id, `@${personName(scene, id)}`));
  if (/conversations|channels/.test(String(element.type)))
    return scene.channels.map(({ id, name }) => named(id, `#${name}`));
  const groups = (element.option_groups as { options: Option[] }[] | undefined) ?? [];
  return [...((element.options as Option[] | undefined) ?? []), ...groups.flatMap(({ options }) => options)];
}

import type { ReactNode } from 'react';
import type { Json } from '../../slack/types.ts';
import type { Choice } from '../shapes.ts';
import { Control } from './control.tsx';
import type { TextObject } from './text.tsx';

interface MenuOptions {
  element: Json;
  busy: boolean;
  choose(choice: Choice): void;
}

/** A menu on a message: every choice is told to the app at once. */
export function Menu({ element, busy, choose }: MenuOptions): ReactNode {
  const placeholder = (element.placeholder as TextObject | undefined)?.text;
  const label = element.type === 'overflow' ? 'More actions' : (placeholder ?? 'Choose');
  return (
    <span className="menu" aria-busy={busy}>
      <Control element={element} label={label} change={choose} />
    </span>
  );
}

import { type ReactNode, useId } from 'react';
import type { Block, Json } from '../../slack/types.ts';
import { Control } from './control.tsx';
import type { Surface } from './surface.ts';
import { Text, type TextObject } from './text.tsx';

/** A labelled field of a form. */
export function Field({ block, surface }: { block: Block; surface: Surface }): ReactNode {
  const id = useId();
  const label = block.label as TextObject;
  const hint = block.hint as TextObject | undefined;
  const error = surface.form?.errors[block.block_id ?? ''];
  return (
    <div className="field">
      <label htmlFor={id}>
        <Text of={label} />
        {block.optional === true && <small> (optional)</small>}
      </label>
      <Control
        id={id}
        element={block.element as Json}
        label={label.text}
        change={(value) => surface.form?.set(block.block_id ?? '', value)}
      />
      {hint && (
        <small>
          <Text of={hint} />
        </small>
      )}
      {error !== undefined && (
        <span className="failed" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}

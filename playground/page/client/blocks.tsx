import type { ReactNode } from 'react';
import type { Block, Json } from '../../slack/types.ts';
import { Element } from './elements.tsx';
import { Field } from './fields.tsx';
import { Library } from './library.tsx';
import type { Surface } from './surface.ts';
import { Text, type TextObject } from './text.tsx';

/** Block Kit as Slack's client draws it. `surface` is where presses of its buttons go. */
export function Blocks({ blocks, surface }: { blocks: readonly Block[]; surface: Surface }): ReactNode {
  return (
    <div className="blocks">
      {blocks.map((block, i) => (
        <div key={block.block_id ?? i} className={`block ${block.type}`}>
          <One block={block} surface={surface} />
        </div>
      ))}
    </div>
  );
}

// --- internal ---

function One({ block, surface }: { block: Block; surface: Surface }): ReactNode {
  const text = block.text as TextObject | undefined;
  const elements = (block.elements as Json[] | undefined) ?? [];
  const blockId = block.block_id ?? '';
  switch (block.type) {
    case 'section':
      return <Section block={block} surface={surface} />;
    case 'header':
      return <h3>{text && <Text of={text} />}</h3>;
    case 'divider':
      return <hr />;
    case 'context':
      return elements.map((element, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: elements of a context have no names
        <span key={i}>
          {element.type === 'image' ? (
            <Picture element={element} />
          ) : (
            <Text of={element as unknown as TextObject} />
          )}
        </span>
      ));
    case 'actions':
      return elements.map((element, i) => (
        <Element key={String(element.action_id ?? i)} element={element} block={blockId} surface={surface} />
      ));
    case 'input':
      return <Field block={block} surface={surface} />;
    default:
      return <Library block={block} />;
  }
}

function Section({ block, surface }: { block: Block; surface: Surface }): ReactNode {
  const text = block.text as TextObject | undefined;
  const fields = (block.fields as TextObject[] | undefined) ?? [];
  const accessory = block.accessory as Json | undefined;
  return (
    <>
      <div className="words">
        {text && (
          <div>
            <Text of={text} />
          </div>
        )}
        {fields.length > 0 && <Fields of={fields} />}
      </div>
      {accessory &&
        (accessory.type === 'image' ? (
          <Picture element={accessory} />
        ) : (
          <Element element={accessory} block={block.block_id ?? ''} surface={surface} />
        ))}
    </>
  );
}

function Fields({ of }: { of: TextObject[] }): ReactNode {
  const cells = of.map((field, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: fields have no names
    <div key={i}>
      <Text of={field} />
    </div>
  ));
  return <div className="fields">{cells}</div>;
}

/** Nothing is loaded from elsewhere, so a picture is its description. */
function Picture({ element }: { element: Json }): ReactNode {
  return <span className="picture">{String(element.alt_text ?? 'picture')}</span>;
}

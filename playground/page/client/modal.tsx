import { type ReactNode, useMemo, useState } from 'react';
import type { View } from '../../slack/types.ts';
import type { Choice } from '../shapes.ts';
import { Blocks } from './blocks.tsx';
import { useDesk } from './desk.ts';
import { Dialog } from './dialog.tsx';
import { surfaceOf } from './surface.ts';
import { Text, type TextObject } from './text.tsx';

/** A modal that the app opened: what is filled in stays here until it is submitted. */
export function Modal({ view }: { view: View }): ReactNode {
  const { act } = useDesk();
  const [values, setValues] = useState<Record<string, Choice>>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const { id } = view;
  const surface = useMemo(() => surfaceOf({ view: id }, act), [id, act]);
  const form = {
    errors: { ...view.errors, ...errors },
    set: (block: string, value: Choice) => setValues((old) => ({ ...old, [block]: value })),
  };
  const close = () => void act({ do: 'close', view: id });

  async function submit(): Promise<void> {
    setBusy(true);
    const { error, fields } = await act({ do: 'submit', view: id, values });
    setBusy(false);
    setErrors(fields ?? {});
    setTrouble(fields || error === undefined ? null : 'We had some trouble connecting. Try again?');
  }

  return (
    <Dialog title={view.title && <Text of={view.title as unknown as TextObject} />} close={close}>
      <div className="body">
        {trouble && (
          <p className="failed" role="alert">
            {trouble}
          </p>
        )}
        <Blocks blocks={view.blocks} surface={{ ...surface, form }} />
      </div>
      <footer>
        <button type="button" className="button" onClick={close}>
          {view.close ? <Text of={view.close as unknown as TextObject} /> : 'Cancel'}
        </button>
        {view.submit && (
          <button
            type="button"
            className="button primary"
            aria-busy={busy}
            aria-disabled={busy}
            onClick={() => !busy && void submit()}
          >
            <Text of={view.submit as unknown as TextObject} />
          </button>
        )}
      </footer>
    </Dialog>
  );
}

import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { Text, type TextObject } from './text.tsx';

export interface ConfirmWords {
  title: TextObject;
  text: TextObject;
  confirm: TextObject;
  deny: TextObject;
  style?: 'primary' | 'danger';
}

/** "Are you sure?", as a button may ask. */
export function Confirm({ words, yes, no }: { words: ConfirmWords; yes(): void; no(): void }): ReactNode {
  return (
    <Dialog title={<Text of={words.title} />} close={no}>
      <div className="body">
        <Text of={words.text} />
      </div>
      <footer>
        <button type="button" className="button" onClick={no}>
          <Text of={words.deny} />
        </button>
        <button type="button" className={`button ${words.style ?? 'primary'}`} onClick={yes}>
          <Text of={words.confirm} />
        </button>
      </footer>
    </Dialog>
  );
}

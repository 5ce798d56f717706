import { type ReactNode, useEffect, useId, useRef } from 'react';

/** A window above the page. The browser keeps the focus in it, and Escape closes it. */
export function Dialog({
  title,
  close,
  children,
}: {
  title: ReactNode;
  close(): void;
  children: ReactNode;
}): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="plain" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

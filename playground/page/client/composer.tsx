import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';

/** The manifest's `usage_hint`. */
const HINT = 'prune host-3 -a | rmi host-3 app:1 | images host-3 | help';

interface ComposerOptions {
  label: string;
  /** Slack has no commands in threads. */
  commands?: boolean;
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  setText(text: string): void;
  send(text: string): void;
}

/** Where people type: Enter sends, Shift+Enter breaks the line, the arrow up brings back what was sent before. */
export function Composer({
  label,
  commands = false,
  field,
  text,
  setText,
  send,
}: ComposerOptions): ReactNode {
  const sent = useRef<string[]>([]);
  const [back, setBack] = useState(0);
  const id = useId();
  const offered = commands && /^\/\S*$/.test(text) && '/dimg'.startsWith(text);

  useEffect(() => {
    // On a phone this would bring up the keyboard.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, [field]);

  function submit(): void {
    if (text.trim() === '') return;
    sent.current.push(text);
    setBack(0);
    setText('');
    send(text);
  }
  function complete(): void {
    setText('/dimg ');
    field.current?.focus();
  }
  function recall(by: number): void {
    const next = Math.min(Math.max(back + by, 0), sent.current.length);
    setBack(next);
    setText(next === 0 ? '' : (sent.current.at(-next) ?? ''));
  }
  function onKeyDown(event: KeyboardEvent): void {
    const { key, shiftKey, nativeEvent } = event;
    if (nativeEvent.isComposing) return;
    if (offered && text !== '/dimg' && (key === 'Tab' || key === 'Enter')) complete();
    else if (key === 'Enter' && !shiftKey) submit();
    else if (key === 'ArrowUp' && (text === '' || back > 0)) recall(1);
    else if (key === 'ArrowDown' && back > 0) recall(-1);
    else if (key === 'Escape' && offered) setText('');
    else return;
    event.preventDefault();
  }

  return (
    <div className="composer">
      {offered && (
        <button type="button" className="offer" id={id} onClick={complete}>
          <b>/dimg</b> <span>Plan and delete Docker images on your hosts</span> <small>{HINT}</small>
        </button>
      )}
      <textarea
        ref={field}
        rows={Math.min(6, text.split('\n').length)}
        aria-label={label}
        placeholder={label}
        value={text}
        spellCheck={false}
        {...(offered && { 'aria-describedby': id })}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button type="button" className="send" aria-label="Send" disabled={text.trim() === ''} onClick={submit}>
        ➤
      </button>
      {commands && /^\/dimg\s*$/.test(text) && <small className="usage">{HINT}</small>}
    </div>
  );
}

import { type ReactNode, useState } from 'react';
import type { Json } from '../../slack/types.ts';
import type { Choice } from '../shapes.ts';
import { Confirm, type ConfirmWords } from './confirm.tsx';
import { useDesk } from './desk.ts';
import { Menu } from './menu.tsx';
import type { Surface } from './surface.ts';
import { Text, type TextObject } from './text.tsx';

/** Something to press or to choose. It shows that it is under way until the app has acknowledged. */
export function Element({
  element,
  block,
  surface,
}: {
  element: Json;
  block: string;
  surface: Surface;
}): ReactNode {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [asking, setAsking] = useState<{ choose?: Choice } | null>(null);
  const confirm = element.confirm as ConfirmWords | undefined;

  async function press(choose?: Choice): Promise<void> {
    setAsking(null);
    setBusy(true);
    setError(null);
    const result = await surface.press(block, String(element.action_id), choose);
    setBusy(false);
    setError(result.error ?? null);
  }
  const ask = (choose?: Choice) => {
    if (confirm) setAsking(choose === undefined ? {} : { choose });
    else void press(choose);
  };

  return (
    <>
      {element.type === 'button' ? (
        <Button element={element} busy={busy} press={() => ask()} />
      ) : (
        <Menu element={element} busy={busy} choose={ask} />
      )}
      {error !== null && (
        <span className="failed" role="alert">
          ⚠ {words(error)}
        </span>
      )}
      {asking && confirm && (
        <Confirm words={confirm} yes={() => void press(asking.choose)} no={() => setAsking(null)} />
      )}
    </>
  );
}

// --- internal ---

/** The address of a message, which Slack's client opens itself. */
const PERMALINK = /^https:\/\/[\w-]+\.slack\.com\/archives\/(\w+)\/p(\d+)(\d{6})$/;

function Button({ element, busy, press }: { element: Json; busy: boolean; press(): void }): ReactNode {
  const { scene, point } = useDesk();
  const url = element.url as string | undefined;
  const label = element.accessibility_label as string | undefined;
  return (
    <button
      type="button"
      className={`button ${String(element.style ?? '')}`}
      aria-busy={busy}
      aria-disabled={busy}
      {...(label !== undefined && { 'aria-label': label })}
      onClick={() => {
        if (busy) return;
        press();
        const [, channel = '', seconds = '', rest = ''] = PERMALINK.exec(url ?? '') ?? [];
        if (scene.channels.some(({ id }) => id === channel)) point(channel, `${seconds}.${rest}`);
        else if (url !== undefined && /^https?:/.test(url)) window.open(url, '_blank', 'noopener');
      }}
    >
      <Text of={element.text as TextObject} />
    </button>
  );
}

/** Slack's own words for what an app did not do. */
function words(error: string): string {
  if (error === 'operation_timeout') return 'Operation timed out. Apps need to respond within 3 seconds.';
  if (error === 'dispatch_failed') return 'This app is not responding: dispatch_failed.';
  return error;
}

import { type ReactNode, useRef, useState } from 'react';
import { repliesTo } from './channel.tsx';
import { Composer } from './composer.tsx';
import { useDesk } from './desk.ts';
import { Message, type Notice, NoticeLine } from './message.tsx';
import { counted } from './sizes.ts';
import { useStickToEnd } from './stick.ts';

interface ThreadOptions {
  ts: string;
  notices: readonly Notice[];
  write(text: string): void;
  close(): void;
}

/** A message and what was said under it, beside the channel. */
export function Thread({ ts, notices, write, close }: ThreadOptions): ReactNode {
  const { scene } = useDesk();
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useStickToEnd<HTMLDivElement>();
  const parent = scene.messages.find((message) => message.ts === ts);
  if (!parent) return null;
  const replies = repliesTo(scene.messages, parent);
  return (
    <aside className="thread" aria-label="Thread">
      <header>
        <h2>Thread</h2>
        <button type="button" className="plain" aria-label="Close the thread" onClick={close}>
          ✕
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="messages" ref={list} tabIndex={0}>
        <Message message={{ ...parent, thread_ts: ts }} />
        <div className="count">
          <span>{counted(replies.length, 'reply', 'replies')}</span>
        </div>
        {replies.map((message) => (
          <Message key={message.ts} message={message} />
        ))}
        {notices.map((notice) => (
          <NoticeLine key={notice.id} notice={notice} />
        ))}
      </div>
      <Composer field={field} label="Reply…" text={text} setText={setText} send={write} />
    </aside>
  );
}

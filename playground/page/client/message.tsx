import { memo, type ReactNode, useMemo } from 'react';
import type { SeenMessage } from '../shapes.ts';
import { Avatar } from './avatar.tsx';
import { Blocks } from './blocks.tsx';
import { clock, fullDate, sentAt } from './dates.ts';
import { personName, useDesk } from './desk.ts';
import { Files } from './files.tsx';
import { counted } from './sizes.ts';
import { surfaceOf } from './surface.ts';
import { Mrkdwn } from './text.tsx';

interface MessageOptions {
  message: SeenMessage;
  /** Shown where the message opens its thread: not inside the thread itself. */
  replies?: readonly SeenMessage[];
}

/** A message as everybody knows it: who, when, what, and what hangs on it. */
export function Message({ message, replies = [] }: MessageOptions): ReactNode {
  const { scene, act, openThread } = useDesk();
  const { channel, ts, user, blocks, text, files } = message;
  const surface = useMemo(() => surfaceOf({ channel, ts }, act), [channel, ts, act]);
  const name = personName(scene, user);
  const at = sentAt(ts);
  const isPrivate = message.ephemeral_to !== undefined;
  const last = replies.at(-1);
  return (
    <article
      className={isPrivate ? 'message private' : 'message'}
      aria-label={`${name}, ${clock(at)}`}
      data-ts={ts}
      data-state={/^#\d+ (\w+) /.exec(text)?.[1]}
    >
      <Avatar id={user} name={name} bot={message.bot_id !== undefined} />
      <div className="content">
        {isPrivate && <div className="only">👁 Only visible to you</div>}
        <div className="by">
          <strong>{name}</strong>
          {message.bot_id !== undefined && <span className="app">APP</span>}
          <time dateTime={new Date(at).toISOString()} title={fullDate(at)}>
            {clock(at)}
          </time>
        </div>
        {blocks ? (
          <Blocks blocks={blocks} surface={surface} />
        ) : (
          text !== '' && (
            <div className="words">
              <Mrkdwn text={text} />
            </div>
          )
        )}
        {message.edited && (
          <span className="edited" title={fullDate(sentAt(message.edited.ts))}>
            (edited)
          </span>
        )}
        {files && <Files files={files} />}
        {last && (
          <button type="button" className="replies" onClick={() => openThread(ts)}>
            <Avatar
              id={last.user}
              name={personName(scene, last.user)}
              bot={last.bot_id !== undefined}
              small
            />
            <b>{counted(replies.length, 'reply', 'replies')}</b>
            <span>Last reply {clock(sentAt(last.ts))}</span>
          </button>
        )}
      </div>
      {!isPrivate && message.thread_ts === undefined && (
        <div className="tools">
          <button type="button" className="plain" onClick={() => openThread(ts)}>
            Reply in thread
          </button>
        </div>
      )}
    </article>
  );
}

/** What only Slack's client says, to whoever it concerns. */
export interface Notice {
  id: number;
  channel: string;
  thread: string | null;
  text: string;
  at: number;
}

export const NoticeLine = memo(
  ({ notice }: { notice: Notice }): ReactNode => (
    <article className="message private" aria-label={`Slackbot, ${clock(notice.at)}`}>
      <span className="avatar slackbot" aria-hidden="true">
        S
      </span>
      <div className="content">
        <div className="only">👁 Only visible to you</div>
        <div className="by">
          <strong>Slackbot</strong>
          <time>{clock(notice.at)}</time>
        </div>
        <div className="words" role="alert">
          {notice.text}
        </div>
      </div>
    </article>
  ),
);

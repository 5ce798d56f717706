import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { SeenMessage } from '../shapes.ts';
import { Composer } from './composer.tsx';
import { sentAt } from './dates.ts';
import { useDesk } from './desk.ts';
import { Message, type Notice, NoticeLine } from './message.tsx';
import { useStickToEnd } from './stick.ts';

interface ChannelOptions {
  channel: string;
  hosts: readonly string[];
  /** In a registry, such as `main/team/app`. */
  repository: string | undefined;
  notices: readonly Notice[];
  /** The message that somebody was led to. */
  pointed: string | null;
  write(text: string): void;
}

/** Something for everybody to begin with, on hosts and in a registry that are there. */
function beginnings(hosts: readonly string[], repository: string | undefined): string[] {
  const [first = 'host-1', second = first] = hosts;
  const last = hosts.at(-1) ?? first;
  const there =
    repository === undefined ? [] : [`registry tags ${repository}`, `registry prune ${repository} --keep 1`];
  const onHosts = ['hosts', `prune ${last}`, `images ${first}`, `rmi ${second} web:1 -f`];
  return [...onHosts, ...there, 'help'].map((line) => `/dimg ${line}`);
}

export function Channel({ channel, hosts, repository, notices, pointed, write }: ChannelOptions): ReactNode {
  const { scene } = useDesk();
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const take = (line: string) => {
    setText(line);
    field.current?.focus();
  };
  const name = scene.channels.find(({ id }) => id === channel)?.name ?? channel;
  const here = scene.messages.filter((message) => message.channel === channel);
  const top = here.filter(({ thread_ts, ts }) => thread_ts === undefined || thread_ts === ts);
  const list = useStickToEnd<HTMLDivElement>();
  useEffect(() => {
    const message = list.current?.querySelector(`[data-ts="${CSS.escape(pointed ?? '')}"]`);
    message?.scrollIntoView({ block: 'center' });
    message?.animate([{ background: 'var(--mine)' }, { background: 'transparent' }], 2_500);
  }, [pointed, list]);
  const lines: { at: number; node: ReactNode }[] = [
    ...top.map((message) => ({
      at: sentAt(message.ts),
      node: <Message key={message.ts} message={message} replies={repliesTo(here, message)} />,
    })),
    ...notices.map((notice) => ({
      at: notice.at,
      node: <NoticeLine key={`n${notice.id}`} notice={notice} />,
    })),
  ].sort((a, b) => a.at - b.at);

  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div className="messages" ref={list} role="log" aria-label={`Messages in #${name}`} tabIndex={0}>
        <div className="beginning">
          <h2># {name}</h2>
          <p>This is the very beginning of the channel. Type a command below, or take one of these:</p>
          <p className="first">
            {beginnings(hosts, repository).map((line) => (
              <button key={line} type="button" className="button" onClick={() => take(line)}>
                <code>{line}</code>
              </button>
            ))}
          </p>
        </div>
        {lines.map(({ node }) => node)}
      </div>
      <Composer
        field={field}
        commands
        label={`Message #${name}`}
        text={text}
        setText={setText}
        send={write}
      />
    </>
  );
}

export function repliesTo(messages: readonly SeenMessage[], { ts }: SeenMessage): SeenMessage[] {
  return messages.filter((message) => message.thread_ts === ts && message.ts !== ts);
}

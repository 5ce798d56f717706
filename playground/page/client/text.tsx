import { type ReactNode, useMemo } from 'react';
import { formatDate, fullDate } from './dates.ts';
import { personName, useDesk } from './desk.ts';
import { emojified, parse, type Token } from './mrkdwn.ts';

/** A text object of Block Kit: mrkdwn or plain text. */
export interface TextObject {
  type?: string;
  text: string;
  emoji?: boolean;
}

export function Text({ of }: { of: TextObject }): ReactNode {
  if (of.type === 'mrkdwn') return <Mrkdwn text={of.text} />;
  return of.emoji === false ? of.text : emojified(of.text);
}

export function Mrkdwn({ text }: { text: string }): ReactNode {
  const tokens = useMemo(() => parse(text), [text]);
  return <Tokens of={tokens} />;
}

// --- internal ---

function Tokens({ of }: { of: Token[] }): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a text's pieces have no other name than their place
  return of.map((token, i) => <Piece key={i} token={token} />);
}

function Piece({ token }: { token: Token }): ReactNode {
  const { scene } = useDesk();
  switch (token.kind) {
    case 'text':
      return token.text;
    case 'code':
      return <code>{token.text}</code>;
    case 'pre':
      return <pre>{token.text}</pre>;
    case 'strong':
      return (
        <strong>
          <Tokens of={token.parts} />
        </strong>
      );
    case 'em':
      return (
        <em>
          <Tokens of={token.parts} />
        </em>
      );
    case 's':
      return (
        <s>
          <Tokens of={token.parts} />
        </s>
      );
    case 'quote':
      return (
        <blockquote>
          <Tokens of={token.parts} />
        </blockquote>
      );
    case 'user':
      return <Mention mine={token.id === scene.me}>@{personName(scene, token.id)}</Mention>;
    case 'channel':
      return (
        <Mention>
          #{scene.channels.find(({ id }) => id === token.id)?.name ?? token.label ?? token.id}
        </Mention>
      );
    case 'group':
      return <Mention>@{scene.groups.find(({ id }) => id === token.id)?.handle ?? token.id}</Mention>;
    case 'broadcast':
      return <Mention mine>@{token.label ?? token.id}</Mention>;
    case 'date':
      return (
        <time dateTime={new Date(token.at).toISOString()} title={fullDate(token.at)}>
          {formatDate(token.at, token.format, Date.now())}
        </time>
      );
    case 'link':
      return (
        <a href={token.href} target="_blank" rel="noreferrer">
          {token.label}
        </a>
      );
  }
}

function Mention({ mine = false, children }: { mine?: boolean; children: ReactNode }): ReactNode {
  return <span className={mine ? 'mention mine' : 'mention'}>{children}</span>;
}

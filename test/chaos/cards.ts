import { type Message, renderMessage, type Slack } from '../../playground/slack/index.ts';

export const OPS = 'C0OPS';
const FINAL = new Set('empty refused denied cancelled expired stale done partial failed unknown'.split(' '));
const TITLE = /^#(\d+) (\w+) · (\w+) /;

/** What one version of a card says. */
export interface Version {
  number: number;
  state: string;
  final: boolean;
  verb: string;
  text: string;
  lines: readonly string[];
  rows: readonly Row[];
}

/** A line about an image: `✓ app:1 3f2a… deleted`, on one host. */
export interface Row {
  host: string;
  mark: string;
  id: string | undefined;
  names: readonly string[];
  rest: string;
}

export interface CardHistory {
  number: number;
  channel: string;
  ts: string;
  /** Of the lists in its thread, for which it has no room itself. */
  listed: readonly Row[];
  /** Oldest first, with the stand-in's time. */
  versions: readonly (Version & { at: number })[];
}

/** All cards that were posted since, by the record of the stand-in; several of one number are several posts. */
export function cardsSince(slack: Slack, since: number, hosts: readonly string[]): CardHistory[] {
  const cards = new Map<
    string,
    { number: number; channel: string; ts: string; versions: (Version & { at: number })[] }
  >();
  for (const entry of slack.history.slice(since)) {
    if (entry.kind !== 'message' || entry.change === 'deleted') continue;
    const { message } = entry;
    const version = versionOf(message, hosts);
    if (!version) continue;
    const key = `${message.channel} ${message.ts}`;
    const card = cards.get(key);
    if (card) card.versions.push({ ...version, at: entry.at });
    else if (entry.change === 'posted')
      cards.set(key, {
        ...{ number: version.number, channel: message.channel, ts: message.ts },
        versions: [{ ...version, at: entry.at }],
      });
  }
  return [...cards.values()].map((card) => {
    const thread = slack.thread(card.channel, card.ts).slice(1);
    return {
      ...card,
      listed: rowsOf(
        thread.flatMap((message) => renderMessage(message)),
        hosts,
      ),
    };
  });
}

export function versionOf(message: Message, hosts: readonly string[]): Version | undefined {
  const [, number, state = '', verb = ''] = TITLE.exec(message.text) ?? [];
  if (number === undefined || message.bot_id === undefined || message.thread_ts !== undefined)
    return undefined;
  const lines = renderMessage(message);
  return {
    ...{ number: Number(number), state, verb, text: message.text, lines },
    final: FINAL.has(state),
    rows: rowsOf(lines, hosts),
  };
}

// --- internal ---

function rowsOf(lines: readonly string[], hosts: readonly string[]): Row[] {
  let host = '';
  return lines.flatMap((line) => {
    host = hosts.find((name) => line.startsWith(`${name} `)) ?? host;
    const [, mark, text = ''] = /^([•◦✓–✗?…]) (.*)$/.exec(line) ?? [];
    if (mark === undefined) return [];
    const row = text.replace(/` and \d+ more `/, '` `');
    const [, head = '', rest = ''] = /^((?:`[^`]*`(?:, | )?)+)(.*)$/.exec(row) ?? [];
    const codes = [...head.matchAll(/`([^`]*)`/g)].map(([, code]) => code ?? '');
    const id = /^[0-9a-f]{12}$/.test(codes.at(-1) ?? '') ? codes.pop() : undefined;
    return [{ host, mark, id, names: codes.filter((code) => code !== '<none>:<none>'), rest }];
  });
}

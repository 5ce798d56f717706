import { expect } from 'vitest';
import type { Snapshot } from '../../playground/parts/witness.ts';
import { diff } from '../../playground/parts/witness-diff.ts';
import { buttonsOf, type Message, renderMessage, type Slack } from '../../playground/slack/index.ts';

/** A row of a card: `• app:1 3f2a… frees 120 MB`. */
export interface Row {
  mark: string;
  /** References before the verb; empty for `<none>:<none>`. */
  names: string[];
  /** The short ID, where the row has one. */
  id: string | undefined;
  rest: string;
}

/** What a card says of one host. */
export interface HostView {
  line: string;
  goes: Row[];
  stays: Row[];
  rows: Row[];
}

/** A card as it is shown at one moment. */
export interface View {
  message: Message;
  text: string;
  state: string;
  lines: string[];
  buttons: string[];
  host(name?: string): HostView;
  /** From the footer. */
  audit: number | undefined;
}

export interface Card {
  number: number;
  channel: string;
  ts: string;
  now(): View;
  /** Every version that was ever shown, oldest first. */
  versions(): View[];
  waitFor(fits: (view: View) => unknown, limitMs?: number): Promise<View>;
  ends(limitMs?: number): Promise<View>;
}

const FINAL = 'empty|refused|denied|cancelled|expired|stale|done|partial|failed|unknown';
const TITLE = new RegExp(`^#(\\d+) (planning|proposed|executing|${FINAL}) · `);

export const rendered = (message: Message): string[] => renderMessage(message);

/** The card that a message is, or undefined for other messages. */
export function cardOf(slack: Slack, message: Message): Card | undefined {
  const number = TITLE.exec(message.text)?.[1];
  if (number === undefined || message.bot_id === undefined || message.thread_ts !== undefined)
    return undefined;
  const { channel, ts } = message;
  const now = () => viewOf(slack.message(channel, ts) ?? message);
  const card: Card = {
    number: Number(number),
    channel,
    ts,
    now,
    versions: () =>
      slack.history.flatMap((entry) =>
        entry.kind === 'message' && entry.message.channel === channel && entry.message.ts === ts
          ? [viewOf(entry.message)]
          : [],
      ),
    async waitFor(fits, limitMs = 25_000) {
      try {
        return await slack.waitFor(() => (fits(now()) ? now() : undefined), limitMs, `card #${number}`);
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${now().text}\n${now().lines.join('\n')}`);
      }
    },
    ends: (limitMs) => card.waitFor(({ state }) => new RegExp(`^(${FINAL})$`).test(state), limitMs),
  };
  return card;
}

/** Rows of a card, or of a list in its thread. */
export function rowsOf(lines: readonly string[]): Row[] {
  return lines.flatMap((line): Row[] => {
    const [, mark, text = ''] = /^([•◦✓–✗?…]) (.*)$/.exec(line) ?? [];
    if (mark === undefined) return [];
    const [, head = '', rest = ''] = /^((?:`[^`]*`(?:, | )?)+)(.*)$/.exec(text) ?? [];
    const codes = [...head.matchAll(/`([^`]*)`/g)].map(([, code]) => code ?? '');
    const id = /^[0-9a-f]{12}$/.test(codes.at(-1) ?? '') ? codes.pop() : undefined;
    return [{ mark, names: codes.filter((code) => code !== '<none>:<none>').sort(), id, rest }];
  });
}

/**
 * Whether exactly that became of an engine which the rows of the plan say: deleted images with all their
 * tags, untagged references, and nothing else. What the rows call an image is what the engine called it.
 */
export function expectAsPlanned(goes: readonly Row[], before: Snapshot, after: Snapshot): void {
  const tagsGone: string[] = [];
  const imagesGone = goes.flatMap((row) => {
    const untag = row.rest.startsWith('untag only');
    const image = before.images.find(({ id, tags }) =>
      row.id === undefined ? tags.includes(row.names[0] ?? '') : id.startsWith(`sha256:${row.id}`),
    );
    if (!image) throw new Error(`The engine never had ${row.id ?? row.names.join()}.`);
    tagsGone.push(...(untag ? row.names : image.tags).map((tag) => `${tag}=${image.id}`));
    if (untag) return [];
    const called = image.tags.length > 0 ? image.tags : image.digests;
    expect([...called]).toEqual(expect.arrayContaining(row.names));
    return [image.id];
  });
  const became = diff(before, after);
  expect({ ...became, imagesGone: sorted(became.imagesGone), tagsGone: sorted(became.tagsGone) }).toEqual({
    imagesGone: sorted(imagesGone),
    imagesNew: [],
    tagsGone: sorted(tagsGone),
    tagsNew: [],
    digestsGone: became.digestsGone,
    digestsNew: [],
    containersGone: [],
    containersNew: [],
    containersChanged: [],
  });
}

// --- internal ---

const sorted = (list: readonly string[]): string[] => [...list].sort();

function viewOf(message: Message): View {
  const lines = rendered(message);
  const audit = /audit (\d+) `/.exec(lines.join('\n'))?.[1];
  return {
    message,
    text: message.text,
    state: TITLE.exec(message.text)?.[2] ?? '',
    lines,
    buttons: buttonsOf(message).map(({ label }) => label),
    audit: audit === undefined ? undefined : Number(audit),
    host(name = 'host-1') {
      const from = lines.findIndex((line) => line.startsWith(`${name} `));
      if (from < 0) throw new Error(`The card does not speak of ${name}:\n${lines.join('\n')}`);
      const length = lines.slice(from + 1).findIndex((line) => /^(host-\d+ |plan `|\[)/.test(line));
      const part = lines.slice(from + 1, length < 0 ? undefined : from + 1 + length);
      const rows = rowsOf(part);
      return {
        line: lines[from] ?? '',
        rows,
        goes: rows.filter(({ mark }) => mark === '•'),
        stays: rows.filter(({ mark }) => mark === '◦'),
      };
    },
  };
}

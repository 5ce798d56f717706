import { setTimeout as sleep } from 'node:timers/promises';
import type { Line } from './script.ts';
import { buttonsOf, type Message, renderMessage, type Slack } from './slack/index.ts';

/** Longer than any plan, press or sample deletion takes; a script that waits longer has failed. */
const LIMIT_MS = 60_000;

/** A button that has not come once the channel has been still for so long does not come. */
const STILL_MS = 5_000;
/** Of a file, so many lines are shown. */
const FILE_LINES = 5;

export interface Play {
  slack: Slack;
  channel: string;
  print(line: string): void;
  stillMs?: number;
}

/**
 * Plays lines as people would: types, waits for a button and presses it, and prints what the channel
 * shows once it has settled. Rejects with a sentence when a line can't be played.
 */
export async function play(
  { slack, channel, print, stillMs = STILL_MS }: Play,
  lines: readonly Line[],
): Promise<void> {
  const shown = new Map<string, string>();
  const names = { user: (id: string) => slack.world.users.get(id)?.name ?? id };
  let heard = 0;

  for (const line of lines) {
    if (line.kind === 'pause') {
      await sleep(line.ms);
      printNews();
      continue;
    }
    const user = [...slack.world.users.values()].find(
      ({ name, is_bot }) => name === line.user && !is_bot,
    )?.id;
    if (user === undefined) throw new Error(`Nobody here is called ${line.user}: ${people().join(', ')}.`);
    print('');
    print(line.source);
    const before = fingerprint();
    if (line.kind === 'say') await slack.say({ user, channel, text: line.text });
    else {
      if (line.kind === 'command') await type(user, line.text);
      else await press(user, line);
      if (line.wait) await settled(before);
    }
    printNews();
  }

  async function type(user: string, text: string): Promise<void> {
    const [command = '', ...rest] = text.split(' ');
    const result = await slack.command({ user, channel, command, text: rest.join(' ') });
    if (result.error) throw new Error(`Slack showed ${line0(text)} the error ${result.error}.`);
  }

  async function press(user: string, wanted: Pressed): Promise<void> {
    const card = await cardWith(wanted);
    const result = await slack.press({ user, channel, ts: card.ts, label: wanted.label });
    if (result.error) throw new Error(`Slack showed [${wanted.label}] the error ${result.error}.`);
    if (wanted.label === 'Deny') await sendForm(user, wanted.reason);
  }

  async function cardWith(wanted: Pressed): Promise<Message> {
    const started = Date.now();
    for (let last = '', since = started; ; await sleep(100)) {
      const card = cards().find((message) => has(message, wanted));
      if (card) return card;
      const now = fingerprint();
      if (now !== last || underWay()) since = Date.now();
      last = now;
      if (Date.now() - since > stillMs || Date.now() - started > LIMIT_MS)
        throw new Error(`line ${wanted.at}: ${missing(cards(), wanted)}`);
    }
  }

  /** A denial asks why. */
  async function sendForm(user: string, reason: string | undefined): Promise<void> {
    const form = slack.views().find((view) => view.user === user && view.type === 'modal');
    if (!form) return;
    const result = await slack.submit({ user, view_id: form.id, values: { reason: reason ?? '' } });
    if (result.error) throw new Error(`Slack showed the form the error ${result.error}.`);
  }

  /** Something has happened, and nothing is under way any more. */
  async function settled(before: string): Promise<void> {
    await slack.waitFor(() => fingerprint() !== before && !underWay(), LIMIT_MS, 'the channel to settle');
    // What belongs together may come as several messages.
    for (let last = ''; last !== fingerprint(); ) {
      last = fingerprint();
      await sleep(400);
      await slack.waitFor(() => !underWay(), LIMIT_MS, 'the channel to settle');
    }
  }

  function cards(): Message[] {
    return slack
      .messages(channel)
      .filter((message) => message.bot_id !== undefined)
      .toReversed();
  }

  function underWay(): boolean {
    // A run that pauses between two waves goes on when a person says so.
    return cards().some(
      (message) =>
        isCard(message) &&
        /^#\d+ (planning|executing) /.test(message.text) &&
        !message.text.endsWith('waits to be continued'),
    );
  }

  function fingerprint(): string {
    const all = [...slack.messages(channel), ...slack.ephemerals(undefined, channel)];
    return JSON.stringify(all.map(({ ts, text, blocks }) => [ts, text, blocks]));
  }

  function people(): string[] {
    return [...slack.world.users.values()].filter(({ is_bot }) => !is_bot).map(({ name }) => name);
  }

  function printNews(): void {
    const privately = slack.ephemerals(undefined, channel);
    for (const message of privately.slice(heard))
      show(message, `  (only ${names.user(message.ephemeral_to ?? '')} sees this)`);
    heard = privately.length;
    for (const message of slack.messages(channel).filter(({ bot_id }) => bot_id !== undefined)) {
      const now = JSON.stringify([message.text, message.blocks]);
      if (shown.get(message.ts) === now) continue;
      show(
        message,
        message.thread_ts && message.thread_ts !== message.ts
          ? '  dimg, in the thread:'
          : `  dimg${shown.has(message.ts) ? ', edited' : ''}:`,
      );
      shown.set(message.ts, now);
    }
  }

  function show(message: Message, title: string): void {
    print(title);
    for (const line of renderMessage(message, names)) print(`  │ ${line}`);
    for (const { id } of message.files ?? []) {
      const content = slack.files().find((file) => file.id === id)?.content;
      for (const line of content ? firstLines(content) : []) print(`  │   ${line}`);
    }
  }
}

// --- internal ---

/** What `show` posts begins as a card does, and stays as it is. */
const isCard = ({ metadata }: Message): boolean => metadata?.event_type === 'dimg_run';

type Pressed = Extract<Line, { kind: 'press' }>;

/** What there is instead of this button. `all` newest first. */
function missing(all: readonly Message[], wanted: Pressed): string {
  const about = all.flatMap((message) => {
    const [, number, state] = (isCard(message) && /^#(\d+) ([a-z]+) · /.exec(message.text)) || [];
    return number === undefined ? [] : [{ message, number: Number(number), state }];
  });
  const found = about.find(({ number }) => wanted.run === undefined || number === wanted.run);
  if (!found)
    return `there is no card${wanted.run === undefined ? '' : ` of #${wanted.run}`}, so no button [${wanted.label}].`;
  const has = buttonsOf(found.message).map(({ label }) => `[${label}]`);
  const which = wanted.run === undefined ? 'the newest card, ' : '';
  return `${which}#${found.number} ${found.state}${which === '' ? '' : ','} has no button [${wanted.label}]; it has ${has.join(', ') || 'none'}.`;
}

/** Of a text; nothing of what is none. */
function firstLines(content: Buffer): string[] {
  if (content.includes(0)) return [];
  const lines = content.toString('utf8').trimEnd().split(/\r?\n/);
  const more = lines.length - FILE_LINES;
  return [...lines.slice(0, FILE_LINES), ...(more > 0 ? [`… ${more} more`] : [])];
}

function has(message: Message, wanted: { label: string; run?: number }): boolean {
  if (wanted.run !== undefined && !message.text.startsWith(`#${wanted.run} `)) return false;
  return buttonsOf(message).some(({ label }) => label.startsWith(wanted.label));
}

const line0 = (text: string): string => text.split('\n')[0] ?? '';

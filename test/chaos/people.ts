import { setTimeout as sleep } from 'node:timers/promises';
import type { Slack } from '../../playground/slack/index.ts';
import { type Board, bears, type Shown } from './board.ts';
import { OPS } from './cards.ts';
import type { Command, Press, Schedule, When } from './schedule.ts';

/** How long somebody goes on trying. */
const PATIENCE_MS = 45_000;
/** What was taken has a card by then, or Slack is away, or a bot died with it. */
const SHOWS_MS = 12_000;

export interface Tried {
  marker: string;
  user: string;
  line: string;
  at: number;
  /** Acknowledged without a word: it is taken, unless a word follows. */
  taken: boolean;
}
export interface Pressed {
  run: number;
  user: string;
  label: string;
  at: number;
  acked: boolean;
}

/** People who type and press as a schedule says; what they did and when is remembered. */
export function play(slack: Slack, board: Board, schedule: Schedule, note: (text: string) => void) {
  const tried: Tried[] = [];
  const pressed: Pressed[] = [];
  const reached = new Map<string, () => void>();
  const phases = new Map<string, Promise<void>>();
  const phaseKey = (of: number, phase: When['phase']) => `${of} ${phase}`;
  for (const [of] of schedule.commands.entries())
    for (const phase of ['asked', 'shown', 'decided'] as const)
      phases.set(
        phaseKey(of, phase),
        new Promise<void>((resolve) => reached.set(phaseKey(of, phase), resolve)),
      );
  const reach = (of: number, phase: When['phase']) => reached.get(phaseKey(of, phase))?.();
  const pending = new Set<Promise<unknown>>();
  const aside = (work: Promise<unknown>) => {
    pending.add(work);
    void work.finally(() => pending.delete(work));
  };
  let over = false;

  async function type(user: string, line: string, marker: string, times = 1, asked = () => {}) {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end && !over; await sleep(250)) {
      const at = Date.now();
      const entry: Tried = { marker, user, line, at, taken: false };
      tried.push(entry);
      note(`${user} types /dimg ${line}${times > 1 ? `, which comes ${times} times` : ''}`);
      const typing = slack.command({ user, channel: OPS, text: line, times });
      asked();
      const { error, message } = await typing;
      entry.taken = error === undefined && message === undefined;
      if (entry.taken) return;
      note(`→ ${error ?? message?.text.replaceAll('\n', ' ')}`);
      if (message && /no run|nothing that could|is not over|being undone|is an undo/i.test(message.text))
        return;
    }
  }

  async function press(card: Shown, { user, label, after, times, insist, old }: Press, sent = () => {}) {
    await sleep(after);
    const { channel, ts, number } = card;
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end && !over; await sleep(300)) {
      const now = board.now(ts);
      if (!now || (now.final && !old)) return;
      const at = Date.now();
      const done: Pressed = { run: number, user, label, at, acked: false };
      try {
        const pressing = slack.press({
          ...{ user, channel, ts, label, times },
          ...(old && { messageOverride: card.message }),
        });
        note(`${user} presses ${label} on #${number}${times > 1 ? `, ${times} times` : ''}`);
        pressed.push(done);
        sent();
        const { error } = await pressing;
        done.acked = error === undefined;
        if (error !== undefined) note(`→ ${error}`);
        else if (label === 'Deny') await explain(user);
      } catch (error) {
        // The button is not there any more.
        if (!/^no button/.test((error as Error).message)) throw error;
        return;
      }
      if (!insist) return;
    }
  }

  async function explain(user: string): Promise<void> {
    const form = () => slack.views().find((view) => view.user === user && view.type === 'modal');
    for (let i = 0; i < 40 && !form(); i++) await sleep(50);
    const view = form();
    if (view) await slack.submit({ user, view_id: view.id, values: { reason: 'not now' } }).catch(() => {});
  }

  const met = new Set<string>();
  const once = (what: string) => !met.has(what) && met.add(what);
  board.onCard((card) => {
    const of = schedule.commands.findIndex(({ marker }) => bears(card, marker));
    const command = schedule.commands[of];
    if (!command) return;
    if (card.state === 'proposed' && once(`shown ${card.ts}`)) {
      reach(of, 'shown');
      for (const one of command.presses)
        aside(press(card, one, one.insist ? () => reach(of, 'decided') : undefined));
    }
    if (card.state === 'executing') {
      reach(of, 'shown');
      reach(of, 'decided');
      if (card.lines.some((line) => line.includes('[Continue]')) && once(`continue ${card.ts}`))
        aside(press(card, { user: command.user, label: 'Continue', after: 100, times: 1, insist: true }));
    }
    // A card that is over gets no further.
    if (card.final) for (const phase of ['shown', 'decided'] as const) reach(of, phase);
    if (/^(done|partial|cancelled)$/.test(card.state) && command.undo && once(`undo ${command.marker}`))
      aside(type(command.undo, `undo ${card.number}`, `undo ${card.number}`));
  });

  const all = Promise.all(
    schedule.commands.map(async (command: Command, of) => {
      await sleep(command.at);
      await type(command.user, command.line, command.marker, command.times, () => reach(of, 'asked'));
    }),
  );
  let typed = false;
  void all.then(() => {
    typed = true;
  });
  const shows = ({ marker, at }: Tried) =>
    Date.now() - at > SHOWS_MS ||
    /^undo \d+$/.test(marker) ||
    board.all().some((card) => bears(card, marker));
  return {
    tried,
    pressed,
    /** When this phase of that command was reached. */
    phase: (of: number, phase: When['phase']) => phases.get(phaseKey(of, phase)) ?? Promise.resolve(),
    /** Everybody has typed what they wanted to, nobody is pressing, and what was taken shows: or never will. */
    idle: () => typed && pending.size === 0 && tried.every((one) => !one.taken || shows(one)),
    async stop() {
      over = true;
      await Promise.all([all, ...pending]);
    },
  };
}
export type Play = ReturnType<typeof play>;

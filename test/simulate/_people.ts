import { RunId } from '../../src/domain/ids.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Answer } from '../../src/ports.ts';
import { readMetadata } from '../../src/slack/metadata.ts';
import { own } from '../../src/store/keys.ts';
import type { Bot } from './_bot.ts';
import type { Loop } from './_loop.ts';
import type { RedisData } from './_redis-data.ts';
import type { Act, Move, Schedule } from './_schedule.ts';
import type { Message } from './_slack.ts';
import type { Witness } from './_witness.ts';

export interface PeopleSetting {
  loop: Loop;
  data: RedisData;
  schedule: Schedule;
  witness: Witness;
  /** Those that live, in an order that may differ each time. */
  bots(): Bot[];
  channel: string;
}

/** What became of a command: `null` is that it was accepted. */
export interface Asked {
  act: number;
  tries: number;
  answer: Answer | null | 'none';
}

/** People: they type commands, read cards, and press what is on them, now and then twice, late, or without a right to. */
export function openPeople({ loop, data, schedule, witness, bots, channel }: PeopleSetting) {
  const asked: Asked[] = [];
  const seen = new Set<string>();
  const origins = new Map<RunId, string | null>();
  let deliveries = 0;
  let gone = false;
  let underWay = 0;
  /** What bots have in hand; what a bot that died had is over. */
  const inHand = new Set<{ bot: Bot }>();

  /** Something reaches one bot, or two. */
  function deliver(
    twice: boolean,
    work: (bot: Bot) => Promise<Answer | null>,
  ): Promise<Answer | null | 'none'> {
    const living = bots();
    const [first, second] = living;
    if (!first) return Promise.resolve('none');
    const by = (bot: Bot) => {
      const one = { bot };
      inHand.add(one);
      return work(bot).finally(() => inHand.delete(one));
    };
    const answer = by(first);
    if (twice) void by(second ?? first);
    return answer;
  }

  function ask(act: Act, i: number, tries = 1): void {
    if (gone) return;
    const { by: user, text, twice } = act;
    const delivery = `command-${i}-${tries}`;
    loop.say(() => `${user} types /dimg ${text}${twice ? ' (delivered twice)' : ''}`);
    const request = {
      user,
      team: 'T1',
      channel,
      text,
      replyTo: `https://slack.invalid/act/${i}/${tries}`,
      delivery,
    };
    const note: Asked = { act: i, tries, answer: 'none' };
    asked.push(note);
    void deliver(twice, (bot) => bot.command(request)).then((answer) => {
      note.answer = answer;
      // Told to try again in a minute, most people do.
      const away = answer === 'none' || answer?.lines.map(plain).join('').includes("can't reach Redis");
      if (away && tries < 3) later(5_000 + loop.random.below(10_000), () => ask(act, i, tries + 1));
      if (answer && answer !== 'none')
        loop.say(() => `${user} is told: ${answer.lines.map(plain).join(' / ')}`);
    });
  }

  function move(run: RunId, message: Message, { by, verb, via, twice }: Move): void {
    if (gone) return;
    const delivery = `${by} ${++deliveries}`;
    witness.presses.push({ run, verb, by, at: loop.state.now });
    loop.say(
      () =>
        `${by} ${via === 'button' ? 'presses' : 'sends'} ${verb} #${run}${twice ? ' (delivered twice)' : ''}`,
    );
    const person = { user: by, team: 'T1' };
    const reply = 'https://slack.invalid/later';
    void deliver(twice, (bot) =>
      via === 'command'
        ? bot.command({ ...person, channel, text: `${verb} ${run}`, replyTo: reply, delivery })
        : bot.press(
            {
              ...person,
              run,
              verb,
              on: { channel: message.channel, ts: message.ts },
              replyTo: reply,
              delivery,
            },
            (of) => form(of, by),
          ),
    ).then((answer) => {
      if (answer && answer !== 'none')
        loop.say(() => `${by} is told: ${answer.lines.map(plain).join(' / ')}`);
    });
  }

  /** The form that asks why is filled in, and sent once or twice. */
  function form(run: Run, user: Move['by']): void {
    const send = () => {
      if (gone) return;
      witness.presses.push({ run: run.id, verb: 'deny', by: user, at: loop.state.now });
      loop.say(() => `${user} sends the form for #${run.id}`);
      void deliver(false, (bot) => bot.form({ run: run.id, user, team: 'T1', reason: 'not today' }));
    };
    later(500 + loop.random.below(8_000), send);
    if (loop.random.chance(0.2)) later(1_000 + loop.random.below(9_000), send);
  }

  function later(ms: number, work: () => void): void {
    underWay++;
    loop.at(loop.state.now + ms, null, '', () => {
      underWay--;
      work();
    });
  }

  /** A card has come, or changed: those who want to press on it do so in a while. */
  function read(message: Message): void {
    if (gone) return;
    const found = RunId.safeParse(readMetadata(message)?.run);
    if (!found.success || message.thread_ts !== undefined || message.channel !== channel) return;
    const run = found.data;
    const state = stateOf(message.text);
    if (state === 'planning' || seen.has(`${run} ${state}`)) return;
    seen.add(`${run} ${state}`);
    const of = actOf(run);
    const moves = of === null ? [] : (schedule.acts[of]?.moves ?? []);
    for (const one of moves.filter(({ when }) => when === state)) {
      later(one.after, () => move(run, message, one));
      if (one.again !== undefined) later(one.after + one.again, () => move(run, message, one));
    }
    // Who asked for the same again confirms it.
    const requester = witness.runs.get(run)?.requester;
    if (of === null && state === 'proposed' && requester)
      later(3_000, () =>
        move(run, message, {
          when: 'proposed',
          after: 0,
          by: requester,
          verb: 'confirm',
          via: 'button',
          twice: false,
        }),
      );
  }

  /** A number that nobody knew of any more after a loss is given once more. */
  const former: { run: RunId; origin: string }[] = [];
  function bornAgain(run: RunId): void {
    const origin = origins.get(run);
    if (origin) former.push({ run, origin });
    origins.delete(run);
    originOf(run);
  }

  /** Which command, and which time that it was typed, a run comes from; looked for while its reply address is known. */
  function originOf(run: RunId): string | null {
    const known = origins.get(run);
    if (known !== undefined) return known;
    const match = /^https:\/\/slack\.invalid\/act\/(\d+\/\d+)$/.exec(
      String(data.exec('GET', [own.replyTo(run)])),
    );
    origins.set(run, match?.[1] ?? null);
    return match?.[1] ?? null;
  }
  const actOf = (run: RunId): number | null => {
    const origin = originOf(run);
    return origin === null ? null : Number.parseInt(origin, 10);
  };

  schedule.acts.forEach((act, i) => {
    later(act.at, () => ask(act, i));
  });
  return {
    asked,
    read,
    originOf,
    bornAgain,
    /** The runs that this command made, each time that it was typed. */
    madeBy: (runs: readonly RunId[], origin: string): RunId[] =>
      runs.filter(
        (id) => originOf(id) === origin || former.some((one) => one.run === id && one.origin === origin),
      ),
    /** Nobody presses any more. */
    leave(): void {
      gone = true;
    },
    busy: () => underWay > 0 || [...inHand].some(({ bot }) => bot.process.alive),
  };
}

// --- internal ---

/** As far as it matters to those who look at the card. */
function stateOf(text: string): Move['when'] | 'planning' {
  if (text.endsWith('waits to be continued')) return 'paused';
  const word = / (planning|proposed|executing) · /.exec(text)?.[1];
  return word === undefined ? 'over' : (word as 'planning' | 'proposed' | 'executing');
}

import { expect, vi } from 'vitest';
import type { Child } from '../../playground/parts/child.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { startWitness, type Witness } from '../../playground/parts/witness.ts';
import {
  type Delivery,
  type Message,
  type Rejected,
  type Repeat,
  renderMessage,
  type Slack,
  type View,
} from '../../playground/slack/index.ts';
import { startWorld, type World, type WorldOptions } from '../../playground/world.ts';
import { type Card, cardOf, rendered } from './_card.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

export const OPS = 'C0OPS';
/** How long anything may take that nobody waits for on purpose. */
const SOON_MS = 25_000;

const PEOPLE = { ana: 'U0ANA', bo: 'U0BO', cy: 'U0CY', gus: 'U0GUS' } as const;

export interface StageOptions extends Partial<WorldOptions> {
  /** Images and containers, before the agents start. */
  load?(world: World): Promise<unknown>;
  /** For the bot's first start. */
  botEnv?: Record<string, string>;
}

/** One press: how it was delivered, and what only the presser was told about it. */
export interface Pressed {
  delivery: Delivery;
  told(): Promise<string>;
  /** Nothing was said, and nothing is within a moment. */
  silence(): Promise<void>;
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
export type Person = ReturnType<typeof personOf>;

/** The whole product on real parts, people to play with, and a witness beside every engine. */
export async function openStage(name: string, options: StageOptions = {}) {
  const scope: Scope = createScope(name);
  try {
    const hosts = options.hosts ?? ['host-1', 'host-2'];
    const { load, botEnv, ...rest } = options;
    const world = await startWorld(scope, { ...rest, hosts });
    await load?.(world);
    const witnesses = new Map<string, Witness>();
    const agents = new Map<string, Child>();
    let bot: Child | undefined;
    await Promise.all([
      world.startBot(botEnv).then((child) => {
        bot = child;
      }),
      ...hosts.map(async (host) => {
        agents.set(host, await world.startAgent(host));
        witnesses.set(host, await startWitness(world.engine(host)));
      }),
    ]);
    const { slack } = world;

    return {
      scope,
      world,
      slack,
      ana: personOf(slack, PEOPLE.ana),
      bo: personOf(slack, PEOPLE.bo),
      cy: personOf(slack, PEOPLE.cy),
      gus: personOf(slack, PEOPLE.gus),
      person: (id: string) => personOf(slack, id),
      docker: (host = 'host-1') => world.engine(host).docker,
      witness: (host = 'host-1') => known(witnesses.get(host)),
      agent: (host = 'host-1') => known(agents.get(host)),
      async restartAgent(host: string) {
        agents.set(host, await world.startAgent(host));
      },
      bot: () => known(bot),
      async startBot(env: Record<string, string> = {}) {
        bot = await world.startBot({ ...botEnv, ...env });
      },
      /** Does what makes one new card of another's, and waits until that one is planned. */
      async anew<T>(than: Card, work: () => Promise<T>): Promise<{ card: Card; result: T }> {
        const cards = () => slack.messages(OPS).flatMap((message) => cardOf(slack, message) ?? []);
        const known = Math.max(than.number, ...cards().map(({ number }) => number));
        const result = await work();
        const card = await slack.waitFor(
          () => cards().find(({ number }) => number > known),
          SOON_MS,
          `a card that follows #${than.number}`,
        );
        await card.waitFor(({ state }) => state !== 'planning', SOON_MS);
        return { card, result };
      },
      /** Ends everything, and looks at all that Slack was ever sent. `meant` are refusals that a test asked for. */
      async close(meant: (rejected: Rejected) => boolean = () => false) {
        for (const witness of witnesses.values()) witness.stop();
        // How an agent ends in order is restart.test.ts's business, and takes its time.
        for (const agent of agents.values()) agent.kill('SIGKILL');
        await scope.close();
        expect(slack.rejected.filter((one) => !meant(one))).toEqual([]);
        expect(slack.warnings).toEqual([]);
        for (const message of everShown(slack)) expectInert(message);
      },
    };
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Every version of every message of the bot. */
function everShown(slack: Slack): Message[] {
  return slack.history.flatMap((entry) =>
    entry.kind === 'message' && entry.message.bot_id !== undefined ? [entry.message] : [],
  );
}

/** Image IDs in the order in which the engine says it deleted them. */
export function deletions(witness: Witness): string[] {
  return witness.events
    .filter(({ type, action }) => type === 'image' && action === 'delete')
    .map((e) => e.id);
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

// --- internal ---

function personOf(slack: Slack, id: string) {
  const heard = () => slack.ephemerals(id);
  const answer = async (before: number, what: string, limitMs = SOON_MS) => {
    await slack.waitFor(() => heard().length > before, limitMs, what);
    return heard().slice(before).flatMap(rendered).join('\n');
  };
  const numbers = () => slack.messages().flatMap((message) => cardOf(slack, message)?.number ?? []);

  const formOf = () => slack.views().find((view) => view.user === id && view.type === 'modal');

  async function types(line: string, more: Repeat & { channel?: string } = {}): Promise<Delivery> {
    const [command = '', ...words] = line.split(' ');
    const { channel = OPS, ...repeat } = more;
    const delivery = await slack.command({ user: id, channel, command, text: words.join(' '), ...repeat });
    if (delivery.error !== undefined) throw new Error(`Slack showed ${line} the error ${delivery.error}.`);
    return delivery;
  }

  return {
    id,
    types,
    /** Types, and resolves to what only this person is told. */
    async told(line: string, more: Repeat & { channel?: string } = {}): Promise<string> {
      const before = heard().length;
      await types(line, more);
      return answer(before, `an answer to ${line}`);
    },
    /** Types, and resolves to the new card, in the first of these states that it reaches. */
    async asks(line: string, more: Repeat & { channel?: string; state?: string } = {}): Promise<Card> {
      const { state, ...rest } = more;
      const last = Math.max(0, ...numbers());
      await types(line, rest);
      const card = await slack.waitFor(
        () =>
          slack
            .messages(more.channel ?? OPS)
            .map((message) => cardOf(slack, message))
            .find((one) => one && one.number > last),
        SOON_MS,
        `a card for ${line}`,
      );
      await card.waitFor(
        (now) => (state === undefined ? now.state !== 'planning' : now.state === state),
        SOON_MS,
      );
      return card;
    },
    /** What the audit says by `/dimg history …`, newest first. */
    async history(options = ''): Promise<string[]> {
      const known = slack.messages(OPS).length;
      await types(`/dimg history ${options}`);
      const fresh = () => slack.messages(OPS).slice(known);
      const said = await slack.waitFor(
        () => fresh().find(({ text }) => text.includes('audit entries')),
        SOON_MS,
        'the history',
      );
      return rendered(said);
    },
    async presses(
      card: Card,
      label: string,
      more: Repeat & { messageOverride?: Message; valueOverride?: string } = {},
    ): Promise<Pressed> {
      const before = heard().length;
      const { channel, ts } = card;
      const delivery = await slack.press({ user: id, channel, ts, label, ...more });
      expect(delivery.error).toBeUndefined();
      return {
        delivery,
        told: () => answer(before, `an answer to [${label}]`),
        async silence() {
          await wait(600);
          expect(heard().slice(before).flatMap(rendered)).toEqual([]);
        },
      };
    },
    /** Presses a button that the message need not have, as a client that was tampered with might. */
    async forces(card: Card, verb: string): Promise<string> {
      const before = heard().length;
      const { channel, ts, number } = card;
      const raw = { type: 'button', action_id: verb, block_id: 'x', value: String(number) };
      const { error } = await slack.press({ user: id, channel, ts, raw });
      expect(error).toBeUndefined();
      return answer(before, `an answer to ${verb} on #${number}`);
    },
    /** Presses `Deny` and sends the form that opens; resolves to the form as it was, and what stands there afterwards. */
    async denies(card: Card, reason = ''): Promise<{ form: View; after: string[] }> {
      const { channel, ts } = card;
      const { error } = await slack.press({ user: id, channel, ts, label: 'Deny' });
      expect(error).toBeUndefined();
      const form = await slack.waitFor(() => formOf(), SOON_MS, 'the form that asks why');
      return { form, after: await this.sends(form, reason) };
    },
    /** Sends a form; resolves to the words that stand in its place then, none where it closed. */
    async sends(form: View, reason = ''): Promise<string[]> {
      const sent = await slack.submit({ user: id, view_id: form.id, values: { reason } });
      expect([sent.error, sent.errors]).toEqual([undefined, undefined]);
      const open = formOf();
      return open ? renderMessage({ text: '', blocks: open.blocks }) : [];
    },
    /** The modal that is open before this person. */
    form: () => formOf(),
  };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no such part on this stage.');
  return value;
}

/** No text of an image, a label, a container or a person took effect as a mention, a link or a broadcast. */
function expectInert(message: Message): void {
  const marks = JSON.stringify([message.text, message.blocks]).match(/<[^<>]*>/g) ?? [];
  const strange = marks.filter(
    (mark) => !/^<(@U0(ANA|BO|CY|GUS|EVE)|!subteam\^S0SRE|!date\^\d+\^[^<>]*)>$/.test(mark),
  );
  expect(strange).toEqual([]);
}

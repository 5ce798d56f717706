import { createScope } from '../../playground/parts/scope.ts';
import type { SimulatedEngine } from '../../playground/simulated/index.ts';
import { startWorld, type WorldOptions } from '../../playground/world.ts';
import { type Card, cardOf } from '../e2e/_card.ts';

export const OPS = 'C0OPS';
export const ANA = 'U0ANA';
export const BO = 'U0BO';

/** The program of the former version, and undefined for this one. */
export const FORMER = process.env.DIMG_FORMER;
export const OWN = undefined;

/** One host with a simulated engine; which version bot and agent are of is for each start to say. */
export async function openSkew(name: string, options: Partial<WorldOptions> = {}) {
  const scope = createScope(name);
  const world = await startWorld(scope, { hosts: ['host-1'], kind: 'simulated', ...options });
  const { slack } = world;
  const engine = world.engine('host-1') as SimulatedEngine;
  let made = 0;
  const images = async () => (await engine.docker.listImages({ all: true })).map(({ Id }) => Id);

  async function type(user: string, line: string) {
    const [command = '', ...words] = line.split(' ');
    const { error } = await slack.command({ user, channel: OPS, command, text: words.join(' ') });
    if (error !== undefined) throw new Error(`Slack showed ${line} the error ${error}.`);
  }
  return {
    scope,
    world,
    slack,
    engine,
    images,
    type,
    seed: (many: number) =>
      engine.seed(
        Array.from({ length: many }, () => ({ layers: [{ name: `layer ${++made}`, bytes: 1_000 }] })),
      ),
    async asks(line: string, state = 'proposed'): Promise<Card> {
      const cards = () => slack.messages(OPS).flatMap((message) => cardOf(slack, message) ?? []);
      const last = Math.max(0, ...cards().map(({ number }) => number));
      await type(ANA, line);
      const card = await slack.waitFor(() => cards().find(({ number }) => number > last), 20_000, line);
      await card.waitFor((now) => now.state === state || (state === 'end' && now.state !== 'planning'));
      return card;
    },
    async press(user: string, { ts }: Card, label: string) {
      const { error } = await slack.press({ user, channel: OPS, ts, label });
      if (error !== undefined) throw new Error(`Slack showed the error ${error} for ${label}.`);
    },
    /** In the middle of the deletions the engine holds still while something is done. */
    async midway(before: number, what: () => Promise<unknown>) {
      while ((await images()).length >= before - 1) await new Promise((resolve) => setTimeout(resolve, 2));
      engine.pause();
      try {
        await what();
      } finally {
        engine.resume();
      }
    },
    close: () => scope.close(),
  };
}

import { WebClient } from '@slack/web-api';
import type { Slack } from '../../playground/slack/index.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { advance } from '../../src/flows/advance.ts';
import type { CardQueue, Log } from '../../src/ports.ts';
import { openGate } from '../../src/slack/gate.ts';
import { CALL_MS } from '../../src/slack/marks.ts';
import { openWriter } from '../../src/slack/writer.ts';
import { logger } from '../playground/slack/_app.ts';
import type { Random } from '../property/_random.ts';
import type { Virtual } from './_virtual.ts';

/** What a lock that nobody renews is held for; as in production. */
const LOCK_MS = 3_000;

/** Longer than in production, since each look makes time stand still; what changes is told at once, as there. */
const LOOK_MS = 2_000;
let places = 0;

export interface Call {
  bot: string;
  key: string;
  /** When it was sent, and its and its answer's places among all sendings and answers. */
  at: number;
  sent: number;
  answered: number;
  status: number;
  retryAfter: number;
}

/**
 * The production writer with all that it stands on, of a bot that can die (nothing of it goes on, its locks run out) and
 * stand still (as after SIGSTOP: all goes on later as if nothing had been).
 */
export function openBot(
  name: string,
  world: { slack: Slack; deps: Deps; virtual: Virtual; random: Random; log: Log; calls: Call[] },
) {
  const { slack, deps, virtual, random, calls } = world;
  let dead = false;
  let still: Promise<void> | null = null;
  let goOn = () => {};
  const locks = new Set<{ unlock(): Promise<void>; lost: boolean }>();

  async function alive(): Promise<void> {
    if (dead) return new Promise(() => {});
    while (still) await still;
    if (dead) return new Promise(() => {});
  }
  async function act<T>(work: () => Promise<T>): Promise<T> {
    await alive();
    try {
      return await virtual.real(work);
    } finally {
      await alive();
    }
  }
  function over<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        return typeof value === 'function'
          ? (...args: unknown[]) => act(async () => value.apply(target, args))
          : value;
      },
    });
  }
  async function loseLocks(): Promise<void> {
    const held = [...locks];
    await virtual.time.sleep(LOCK_MS);
    if (!dead && !still) return;
    for (const lock of held.filter((each) => locks.has(each))) {
      lock.lost = true;
      locks.delete(lock);
      await virtual.real(lock.unlock);
    }
  }

  const time = {
    now: virtual.time.now,
    monotonic: virtual.time.now,
    random: () => random.below(1_000_000) / 1_000_000,
    async sleep(ms: number, signal?: AbortSignal) {
      await virtual.time.sleep(ms, signal);
      await alive();
    },
  };
  const send: typeof fetch = async (input, init) => {
    const deadline = time.now() + CALL_MS;
    await alive();
    const timeout = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    // Whoever stood still meanwhile finds the time over before the call is made.
    if (time.now() >= deadline) throw timeout();
    const [late, done] = [new AbortController(), new AbortController()];
    void virtual.time.sleep(deadline - time.now(), done.signal).then(() => late.abort(timeout()));
    try {
      return await act(async () => {
        const [at, sent] = [time.now(), ++places];
        const response = await fetch(input, { ...init, signal: late.signal });
        const { status, headers } = response;
        const channel = new URLSearchParams(typeof init?.body === 'string' ? init.body : '').get('channel');
        const method = String(input).replace(/.*\//, '');
        calls.push({
          ...{ bot: name, at, sent, answered: ++places, status },
          key: method === 'chat.postMessage' ? `${method} ${channel}` : method,
          retryAfter: Number(headers.get('retry-after') ?? 0),
        });
        const text = await response.text();
        return new Response(text === '' ? null : text, { status, headers });
      });
    } finally {
      done.abort();
    }
  };

  const gate = openGate(time, world.log, send);
  const client = new WebClient(slack.botToken, {
    ...{ slackApiUrl: slack.apiUrl, logger, fetch: gate.fetch },
    ...{ retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
  });
  const cards: CardQueue = {
    ...over(deps.cards),
    ...Object.fromEntries(
      (['waiting', 'behind', 'shown', 'once', 'marked', 'mark'] as const).map((key) => [
        key,
        (...args: unknown[]) => act(async () => (deps.cards[key] as (...all: unknown[]) => unknown)(...args)),
      ]),
    ),
    async lock(id) {
      const unlock = await act(() => deps.cards.lock(id, 3_600_000));
      if (!unlock) return null;
      const lock = { unlock, lost: false };
      locks.add(lock);
      return async () => {
        await act(async () => {
          if (!lock.lost && locks.delete(lock)) await unlock();
        });
      };
    },
  };
  const told: string[] = [];
  const writer = openWriter({
    ...{ client, gate, cards, time, name, lookMs: LOOK_MS, log: world.log, botId: 'B0DIMG' },
    ...{ runs: over(deps.runs), rights: deps.rights, auditChannel: 'C0AUDIT' },
    posted: (run, card) =>
      act(async () => {
        const advanced = await advance(deps, run, { type: 'posted', at: time.now(), card });
        return 'run' in advanced ? advanced.run.card : undefined;
      }),
    unpostable: (run, words) =>
      act(async () => {
        await advance(deps, run.id, { type: 'refuse', at: time.now(), why: plain(words) });
        told.push(`${run.id} ${plain(words)}`);
      }),
  });

  return {
    name,
    told,
    start: writer.start,
    kick(): void {
      if (!dead && !still) writer.kick();
    },
    die(): void {
      dead = true;
      void loseLocks();
    },
    /** Stands still for so long. */
    async pause(ms: number): Promise<void> {
      if (still || dead) return;
      still = new Promise((resolve) => {
        goOn = resolve;
      });
      void loseLocks();
      await virtual.time.sleep(ms);
      still = null;
      goOn();
    },
  };
}
export type Bot = ReturnType<typeof openBot>;

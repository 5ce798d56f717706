import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/ports.ts';
import { backoff, openPatience } from '../../src/slack/backoff.ts';
import { Held, openGate } from '../../src/slack/gate.ts';

const MINUTE = 60_000;

/** A gate whose Slack answers as it is told, in a time that goes on as it is told. */
function setUp() {
  let now = 1_800_000_000_000;
  let answer: () => Response = () => Response.json({ ok: true });
  let calls = 0;
  const said: string[] = [];
  const say = (msg: string) => void said.push(msg);
  const log: Log = { info: say, warn: say, error: say };
  const time = { now: () => now, monotonic: () => now, sleep: async () => {}, random: () => 0 };
  const gate = openGate(time, log, async () => {
    calls++;
    return answer();
  });
  return {
    gate,
    said,
    calls: () => calls,
    pass(ms: number): void {
      now += ms;
    },
    answers(next: () => Response): void {
      answer = next;
    },
    /** How many milliseconds it was held back, `null` where it was made. */
    async call(method: string, channel = 'C1'): Promise<number | null> {
      try {
        const body = new URLSearchParams({ channel, text: 'x' }).toString();
        await gate.fetch(`https://slack.example/api/${method}`, { method: 'POST', body });
        return null;
      } catch (error) {
        if (error instanceof Held) return error.ms;
        return null;
      }
    },
  };
}
const status = (code: number, headers = {}) => new Response('', { status: code, headers });
const broken = (): Response => {
  throw new TypeError('fetch failed');
};

describe('a call to Slack', () => {
  test.each(['soon', '', undefined])(
    'that was too many holds for half a minute where Slack says %o',
    async (said) => {
      const { call, answers } = setUp();
      answers(() => status(429, said === undefined ? {} : { 'retry-after': said }));
      await call('chat.update');
      expect(await call('chat.update')).toBe(30_000);
    },
  );

  test('that was too many holds all of its kind for as long as Slack says, the longest of what it said', async () => {
    const { call, answers, pass } = setUp();
    answers(() => status(429, { 'retry-after': '20' }));
    await call('chat.postMessage');
    answers(() => Response.json({ ok: true }));
    expect(await call('chat.postMessage')).toBe(20_000);
    expect([await call('chat.postMessage', 'C2'), await call('chat.update')]).toEqual([null, null]);
    pass(19_999);
    expect(await call('chat.postMessage')).toBe(1);
    pass(1);
    expect(await call('chat.postMessage')).toBeNull();
  });

  test.each([
    ['a status', () => status(503)],
    ['no answer', broken],
    ['a word of its own', () => Response.json({ ok: false, error: 'internal_error' })],
    ['something that is not its own', () => new Response('<html>')],
  ])(
    'is held once three failed by %s; then one at a time asks, ever more rarely, at least each minute',
    async (_, fails) => {
      const { call, answers, pass, calls, gate, said } = setUp();
      answers(fails);
      for (let i = 0; i < 3; i++) expect(await call('chat.update')).toBeNull();
      const waits: number[] = [];
      for (let i = 0; i < 7; i++) {
        const wait = (await call('conversations.history')) ?? 0;
        waits.push(wait);
        expect(gate.away()).toBe(wait);
        pass(wait);
        expect(await call('chat.update')).toBeNull();
      }
      expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, MINUTE, MINUTE]);
      expect(calls()).toBe(10);
      pass(MINUTE);
      answers(() => Response.json({ ok: true }));
      const both = await Promise.all([call('chat.update'), call('chat.update')]);
      expect(both).toEqual([null, 500]);
      expect(gate.away()).toBeNull();
      expect(await call('chat.update')).toBeNull();
      expect(said.filter((line) => /Slack is away|takes calls again/.test(line))).toHaveLength(2);
    },
  );

  test('waits where our token is good for nothing, which is said once, until it is good again', async () => {
    const { call, answers, pass, said, gate } = setUp();
    answers(() => Response.json({ ok: false, error: 'token_revoked' }));
    await call('chat.update');
    for (let i = 0; i < 3; i++) {
      expect(await call('chat.postMessage')).toBe(MINUTE);
      pass(MINUTE);
      expect(await call('chat.update')).toBeNull();
    }
    expect(said).toEqual([expect.stringContaining('(token_revoked): install the app again')]);
    answers(() => Response.json({ ok: true }));
    pass(MINUTE);
    await call('chat.update');
    expect(gate.away()).toBeNull();
  });

  test('keeps within what Slack allows, and leaves some for what matters more', async () => {
    const { call, pass, gate } = setUp();
    const many = async (method: string) => {
      let made = 0;
      while ((await call(method)) === null) made++;
      return made;
    };
    expect(await many('chat.postMessage')).toBe(3);
    expect(await call('chat.postMessage')).toBe(1_000);
    pass(1_000);
    expect(await many('chat.postMessage')).toBe(1);
    expect(gate.wait('chat.update', undefined, 10)).toBe(0);
    expect(await many('chat.update')).toBe(40);
    expect(gate.wait('chat.update', undefined, 10)).toBeGreaterThan(gate.wait('chat.update'));
    pass(MINUTE);
    expect(await many('chat.update')).toBe(40);
  });
});

test('waits grow to a minute, by chance up to half shorter, and begin anew after a success', () => {
  expect([1, 2, 3, 9, 500].map((n) => backoff(n, () => 0))).toEqual([2_000, 4_000, 8_000, MINUTE, MINUTE]);
  expect(backoff(9, () => 0.999_999)).toBeCloseTo(MINUTE / 2, -2);
  const patience = openPatience(() => 0);
  expect([patience.next(1), patience.next(1), patience.next(2)]).toEqual([2_000, 4_000, 2_000]);
  patience.forget(1);
  expect(patience.next(1)).toBe(2_000);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openCache } from '../../../agents/host/details.ts';
import { openHeart, type Pulse } from '../../../agents/host/heartbeat.ts';
import { openHostLook } from '../../../agents/host/host-look.ts';
import { type Engine, EngineTrouble } from '../../../agents/host/ports.ts';
import { HEARTBEAT_MS, type Heartbeat } from '../../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { plainAround } from './_around.ts';
import { HOST } from './_setup.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = { debug() {}, info() {}, warn() {}, error() {} };

function setup(info: Engine['info'], more: Partial<Pulse> = {}) {
  const sent: Heartbeat[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const heart = openHeart({
    ...{ host: HOST, identity: 'i', epoch: 'e', agent: 'test' },
    look: openHostLook({
      planner: {
        ...{ host: HOST, cache: openCache(), rules: DEFAULT_RULES, around: plainAround(), sleep },
        engine: { info } as Engine,
      },
      ...{ has: { tell: async () => {} }, readDisk: async () => null, sleep, log },
      monotonic: () => performance.now(),
    }).look,
    queue: {
      async heartbeat(heartbeat) {
        sent.push(heartbeat);
        return { before: null, auditHead: null };
      },
    },
    rival: { saw: () => false, present: () => false },
    heads: { saw: async () => {} },
    looked() {},
    known: () => ({ run: null, audit: null }),
    met() {},
    log,
    ...more,
  });
  return { heart, sent };
}

test('a heartbeat waits for nothing that is written down', async () => {
  const away = async () => {
    throw new EngineTrouble({ kind: 'no-answer' });
  };
  const { heart, sent } = setup(away, { looked: () => new Promise(() => {}) });
  const end = new AbortController();
  heart.run(end.signal);
  await vi.advanceTimersByTimeAsync(3 * HEARTBEAT_MS);
  end.abort();
  expect(sent).toHaveLength(3);
});

test('heartbeats do not pile up behind one that is slow', async () => {
  let answer = () => {};
  const slow = () =>
    new Promise<never>((_, reject) => {
      answer = () => reject(new EngineTrouble({ kind: 'no-answer' }));
    });
  const { heart, sent } = setup(slow);
  const end = new AbortController();
  heart.run(end.signal);
  await vi.advanceTimersByTimeAsync(20 * HEARTBEAT_MS);
  end.abort();
  for (let i = 0; i < 20; i++) {
    answer();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(sent).toHaveLength(2);
});

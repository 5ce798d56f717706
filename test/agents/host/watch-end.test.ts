import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Engine, EngineEvent } from '../../../agents/host/ports.ts';
import { openWatch } from '../../../agents/host/watch.ts';
import { memoryLastUsed } from './_around.ts';

type Watched = Pick<Engine, 'events' | 'inspect' | 'container'>;

function watching(engine: Partial<Watched>, pause: () => Promise<void>) {
  const end = new AbortController();
  const heard: number[] = [];
  const watch = openWatch({
    engine: { container: async () => null, inspect: async () => null, ...engine } as Watched,
    lastUsed: { ...memoryLastUsed(), heard: (at) => void heard.push(at) },
    touched() {},
    sleep: pause,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  return { end, heard, ended: watch.run(end.signal) };
}
const event = (at: number): EngineEvent => ({
  ...{ type: 'container', action: 'create', image: 'app:1', at },
  id: at.toString(16).padStart(64, '0'),
});

test('an end waits for the event at hand alone, and leaves what is queued to the next start', async () => {
  let answer = () => {};
  const container = vi.fn(() => new Promise<null>((resolve) => (answer = () => resolve(null))));
  const { end, heard, ended } = watching(
    {
      container,
      async events(_, { opened, hear }, stop) {
        opened();
        for (let at = 1; at <= 40; at++) hear(event(at));
        await new Promise((resolve) => stop.addEventListener('abort', resolve));
      },
    },
    () => sleep(1),
  );
  await vi.waitFor(() => expect(container).toHaveBeenCalledOnce());
  end.abort();
  answer();
  await ended;
  expect(container).toHaveBeenCalledOnce();
  // Asked for from here on, the others come again.
  expect(heard).toEqual([1]);
});

test('an end in the pause before the next try does not wait for it', async () => {
  const pause = vi.fn(() => new Promise<void>(() => {}));
  const { end, ended } = watching(
    {
      async events() {
        throw new Error('away');
      },
    },
    pause,
  );
  await vi.waitFor(() => expect(pause).toHaveBeenCalledOnce());
  end.abort();
  await ended;
});

test('however often it listens anew, one listener waits for the end', async () => {
  let tries = 0;
  const { end, ended } = watching(
    {
      async events() {
        tries++;
        throw new Error('away');
      },
    },
    () => new Promise((resolve) => setImmediate(resolve)),
  );
  await vi.waitFor(() => expect(tries).toBeGreaterThan(20));
  expect(getEventListeners(end.signal, 'abort')).toHaveLength(1);
  end.abort();
  await ended;
});

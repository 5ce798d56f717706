import { expect, test } from 'vitest';
import { lookUp } from '../../../agents/host/look-up.ts';
import { EngineTrouble } from '../../../agents/host/ports.ts';
import { openWait } from '../../../agents/host/wait.ts';
import type { EngineProblem } from '../../../src/domain/outcome.ts';
import { memoryEngine } from './_hands.ts';
import { imageOf, itemOf } from './_journal.ts';

const app = imageOf(1);
const MINUTE = 60_000;

/** A deletion that got no answer, looked up while the engine answers everything but questions about its image. */
function silentAbout(problem: EngineProblem, untilMs = Number.POSITIVE_INFINITY) {
  const stop = new AbortController();
  const { images, port } = memoryEngine({ 'app:1': app });
  const is = { now: 0, asked: 0 };
  const clock = {
    now: () => is.now,
    sleep: async (ms: number) => {
      is.now += ms;
      await new Promise(setImmediate);
    },
  };
  const engine = {
    ...port,
    async inspect(name: string) {
      is.asked++;
      if (is.now < untilMs) throw new EngineTrouble(problem);
      return port.inspect(name);
    },
  };
  const found = lookUp(
    itemOf(1),
    app,
    { engine, ...openWait(engine, clock, stop.signal) },
    { kind: 'trouble', problem: { kind: 'no-answer' }, begun: true, cut: true },
    null,
  );
  return { found, is, stop, images };
}

test('what the engine refuses to say of an image is in doubt, and not asked again and again', async () => {
  const { found, is } = silentAbout({ kind: 'engine', message: 'layer does not exist' });
  expect(await found).toBe('in doubt');
  expect(is.asked).toBe(1);
});

test('where it says nothing of it, that is given up after as long as a deletion may take, with pauses', async () => {
  const { found, is } = silentAbout({ kind: 'no-answer' });
  expect(await found).toBe('in doubt');
  expect(is.now).toBe(10 * MINUTE);
  expect(is.asked).toBeLessThanOrEqual(601);
});

test('or at once when the agent is to end', async () => {
  const { found, is, stop } = silentAbout({ kind: 'no-answer' });
  await new Promise(setImmediate);
  stop.abort();
  expect(await found).toBe('in doubt');
  expect(is.now).toBeLessThan(MINUTE);
});

test('where it says so in the end, that counts', async () => {
  const { found, images } = silentAbout({ kind: 'no-answer' }, MINUTE);
  images.clear();
  expect(await found).toBe('gone');
  expect(await silentAbout({ kind: 'no-answer' }, MINUTE).found).toBe('still there');
});

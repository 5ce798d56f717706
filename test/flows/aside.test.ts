import { expect, test } from 'vitest';
import { openAside } from '../../src/flows/aside.ts';

/** Work that ends when the test says so. */
function work() {
  let end = () => {};
  let fail = (_: Error) => {};
  const promise = new Promise<void>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end: () => end(), fail: () => fail(new Error('no')) };
}

test('the end waits for what goes on beside, also for what begins meanwhile and what fails', async () => {
  const aside = openAside();
  expect(await aside.settled(0)).toBe(true);
  const [first, second] = [work(), work()];
  aside.add(first.promise);
  let over: boolean | undefined;
  const ending = aside.settled(60_000).then((all) => {
    over = all;
  });
  aside.add(second.promise);
  first.fail();
  await new Promise(setImmediate);
  expect(over).toBeUndefined();
  second.end();
  await ending;
  expect(over).toBe(true);
});

test('and no longer than it may', async () => {
  const aside = openAside();
  const one = work();
  aside.add(one.promise);
  expect(await aside.settled(10)).toBe(false);
  one.end();
  expect(await aside.settled(60_000)).toBe(true);
});

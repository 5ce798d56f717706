import { describe, expect, test } from 'vitest';
import { together } from '../../src/slack/together.ts';

/** Look-ups that end when the test says so. */
function lookUps() {
  const begun: { about: string; end(value: number): void; fail(): void }[] = [];
  const ask = together<number>(
    (about) =>
      new Promise((resolve, reject) => {
        begun.push({ about, end: resolve, fail: () => reject(new Error('away')) });
      }),
  );
  return { begun, ask };
}

describe('a look-up', () => {
  test('that is asked for while one is under way begins after it, once for all who ask meanwhile', async () => {
    const { begun, ask } = lookUps();
    const first = ask('a');
    const meanwhile = Array.from({ length: 500 }, () => ask('a'));
    expect(begun).toHaveLength(1);
    begun[0]?.end(1);
    expect(await first).toBe(1);
    await expect.poll(() => begun.length).toBe(2);
    const third = ask('a');
    begun[1]?.end(2);
    expect(new Set(await Promise.all(meanwhile))).toEqual(new Set([2]));
    await expect.poll(() => begun.length).toBe(3);
    begun[2]?.end(3);
    expect(await third).toBe(3);
  });

  test('is not remembered once it is over', async () => {
    const { begun, ask } = lookUps();
    const first = ask('a');
    begun[0]?.end(1);
    await first;
    const second = ask('a');
    expect(begun).toHaveLength(2);
    begun[1]?.end(2);
    expect(await second).toBe(2);
  });

  test('about something else does not wait', () => {
    const { begun, ask } = lookUps();
    void ask('a');
    void ask('b');
    expect(begun.map(({ about }) => about)).toEqual(['a', 'b']);
  });

  test('that fails fails for those who share it, and not for the next', async () => {
    const { begun, ask } = lookUps();
    const first = ask('a');
    const next = [ask('a'), ask('a')];
    begun[0]?.fail();
    await expect(first).rejects.toThrow('away');
    await expect.poll(() => begun.length).toBe(2);
    begun[1]?.end(2);
    expect(await Promise.all(next)).toEqual([2, 2]);
  });
});

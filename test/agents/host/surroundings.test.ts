import { expect, test } from 'vitest';
import { openDiskReader } from '../../../agents/host/surroundings.ts';

test('a disk that does not answer is not known, and not asked once more before it has', async () => {
  const asked: string[] = [];
  let answer: (sizes: { bsize: number; blocks: number; bavail: number }) => void = () => {};
  const ask = (path: string) => {
    asked.push(path);
    return new Promise<{ bsize: number; blocks: number; bavail: number }>((resolve) => {
      answer = resolve;
    });
  };
  const read = openDiskReader(true, ask, 20);
  expect([await read('/data'), await read('/data')]).toEqual([null, null]);
  expect(asked).toEqual(['/data']);
  answer({ bsize: 10, blocks: 5, bavail: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  const again = read('/data');
  answer({ bsize: 10, blocks: 5, bavail: 1 });
  expect(await again).toEqual({ total: 50, free: 10 });
  expect(asked).toEqual(['/data', '/data']);
});

test('where a container does not see the engine’s folder, its own root is on the same file system', async () => {
  const ask = async (path: string) => {
    if (path !== '/') throw new Error('ENOENT');
    return { bsize: 1, blocks: 2, bavail: 1 };
  };
  expect(await openDiskReader(true, ask)('/data')).toEqual({ total: 2, free: 1 });
  expect(await openDiskReader(false, ask)('/data')).toBeNull();
});

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, mountsBelow, processesOf } from '../../../playground/parts/cleanup.ts';
import { createScope } from '../../../playground/parts/scope.ts';

const isRoot = process.getuid?.() === 0;
const scopeFile = new URL('../../../playground/parts/scope.ts', import.meta.url).href;

test('closing stops children, their descendants, and those that ignore SIGTERM', async () => {
  const scope = createScope('test');
  onTestFinished(scope.close);
  const plain = await scope.spawn('sleep', ['1000']);
  const stubborn = await scope.spawn('sh', ['-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {
    stopLimitMs: 100,
  });
  // It leaves its parent, its session and its environment's owner behind.
  const parent = await scope.spawn('sh', ['-c', 'setsid sleep 1001 & echo up']);
  await stubborn.until('it said so', () => stubborn.log().includes('up'));
  await parent.exited;
  const stray = processesOf(scope.dir).filter((pid) => pid !== plain.pid && pid !== stubborn.pid);
  expect(stray.length).toBeGreaterThan(0);

  await scope.close();
  expect([plain.pid, stubborn.pid, ...stray].filter(isAlive)).toEqual([]);
  expect(processesOf(scope.dir)).toEqual([]);
  expect(existsSync(scope.dir)).toBe(false);
});

test('deferred functions run last first, all of them, and their error comes out', async () => {
  const scope = createScope('test');
  const order: string[] = [];
  scope.defer(() => order.push('first'));
  scope.defer(() => {
    throw new Error('oops');
  });
  scope.defer(() => order.push('last'));
  await expect(scope.close()).rejects.toThrow('oops');
  expect(order).toEqual(['last', 'first']);
  expect(existsSync(scope.dir)).toBe(false);
  await expect(scope.spawn('true', [])).rejects.toThrow('closed');
});

test('a child that ends too early says so with the tail of its log', async () => {
  const scope = createScope('test');
  onTestFinished(scope.close);
  const child = await scope.spawn('sh', ['-c', 'echo the reason >&2; exit 3']);
  await expect(child.until('it answered', () => false)).rejects.toThrow(/before it answered\.\nthe reason/);
  expect(await child.exited).toEqual({ code: 3, signal: null });
  await expect(scope.spawn('/no/such/program', [])).rejects.toThrow('ENOENT');
});

test.skipIf(!isRoot)(
  'closing unmounts what is left, mounts upon mounts too, and keeps what was below',
  async () => {
    const scope = createScope('test');
    onTestFinished(scope.close);
    mkdirSync(join(scope.dir, 'a b'));
    const mount = async (path: string) => (await scope.spawn('mount', ['-t', 'tmpfs', 'none', path])).exited;
    await mount(join(scope.dir, 'a b'));
    mkdirSync(join(scope.dir, 'a b/c'));
    await mount(join(scope.dir, 'a b/c'));
    await mount(join(scope.dir, 'a b/c'));
    expect(mountsBelow(scope.dir)).toHaveLength(3);
    await scope.close();
    expect(mountsBelow(scope.dir)).toEqual([]);
  },
);

test.each([
  ['an uncaught error', 'throw new Error("dead")', undefined, 1],
  ['process.exit', 'process.exit(4)', undefined, 4],
  ['SIGTERM', 'setInterval(() => {}, 1000)', 'SIGTERM', 143],
  ['SIGINT', 'setInterval(() => {}, 1000)', 'SIGINT', 130],
] as const)('nothing is left after %s', async (_, end, signal, code) => {
  const program = `
    const { createScope } = await import(${JSON.stringify(scopeFile)});
    const scope = createScope('test');
    const child = await scope.spawn('sleep', ['1002']);
    process.stdout.write(JSON.stringify([scope.dir, child.pid]) + '\\n', () => { ${end} });
  `;
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = new Promise((resolve) => owner.once('exit', resolve));
  const line = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (data) => resolve(String(data))),
  );
  const [dir, pid] = JSON.parse(line) as [string, number];
  if (signal) owner.kill(signal);
  expect(await exited).toBe(code);
  expect(existsSync(dir)).toBe(false);
  expect(isAlive(pid)).toBe(false);
});

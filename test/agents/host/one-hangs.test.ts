import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../../agents/host/engine.ts';
import { engineAddress } from '../../../agents/host/engine-address.ts';
import { besideNoneThatHangs } from '../../../agents/host/one-hangs.ts';
import { temporaryFolder } from './_folder.ts';
import { imageOf } from './_journal.ts';

const MINUTE = 60_000;

/** An engine whose deletions take as long as told, and which may fall silent. */
async function engineThatHangs() {
  const deletions: string[] = [];
  const answers: (() => void)[] = [];
  const is = { silent: false };
  const server = createServer(({ method, url = '' }, response) => {
    if (is.silent) return;
    if (method === 'DELETE') {
      deletions.push(url);
      answers.push(() => response.end('[]'));
    } else if (url.startsWith('/version')) response.end(JSON.stringify({ Version: 'x', ApiVersion: '1.41' }));
    else response.end(JSON.stringify({ Driver: 'overlay2', DockerRootDir: '/x', DriverStatus: [] }));
  });
  const socket = join(temporaryFolder(), 'sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const address = engineAddress({ host: `unix://${socket}`, tlsVerify: undefined, certPath: undefined });
  let now = 0;
  const engine = besideNoneThatHangs(
    openEngine({ address, callLimitMs: 100, removeLimitMs: 2000 }),
    () => now,
  );
  await engine.info();
  const remove = (n: number) => engine.remove(imageOf(n), { force: false });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { engine, remove, deletions, answers, is, close, pass: (ms: number) => (now += ms) };
}

test('no deletion is begun beside one that has been going on for long, while the engine says nothing', async () => {
  const { remove, deletions, answers, is, close, pass } = await engineThatHangs();
  const first = remove(1);
  await expect.poll(() => deletions.length).toBe(1);
  is.silent = true;
  pass(MINUTE + 1);
  await expect(remove(2)).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
  is.silent = false;
  // It answers: what it does, it does at its own pace.
  const third = remove(3);
  await expect.poll(() => deletions.length).toBe(2);
  for (const answer of answers) answer();
  expect([(await first).kind, (await third).kind]).toEqual(['done', 'done']);
  close();
});

test('nor after one that got no answer, before the engine has answered something else', async () => {
  const { remove, deletions, is, close } = await engineThatHangs();
  const first = remove(1);
  await expect.poll(() => deletions.length).toBe(1);
  is.silent = true;
  expect(await first).toMatchObject({ kind: 'trouble', begun: true });
  await expect(remove(2)).rejects.toMatchObject({ problem: { kind: 'no-answer' } });
  is.silent = false;
  void remove(3);
  await expect.poll(() => deletions.length).toBe(2);
  close();
});

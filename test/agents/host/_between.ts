import { request as ask, createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Engine } from '../../../playground/parts/engine.ts';
import type { Scope } from '../../../playground/parts/scope.ts';

export type Between = Awaited<ReturnType<typeof standBetween>>;

/**
 * Stands between an agent and its engine, passes all on, and can hold deletions of images: before the engine hears of
 * one, or after it has answered.
 */
export async function standBetween(scope: Scope, engine: Pick<Engine, 'socket'>, name: string) {
  let hold: 'before' | 'after' | null = null;
  let free = 0;
  let released = gate();
  let arrived = gate();
  const held: string[] = [];

  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url = '', headers } = request;
      // What becomes another protocol does not come through here; the agent does without.
      if (headers.upgrade !== undefined) {
        response.writeHead(404).end();
        return;
      }
      const deletion = method === 'DELETE' && url.includes('/images/');
      const holds = deletion && --free < 0 ? hold : null;
      const wait = async () => {
        held.push(url);
        arrived.resolve();
        await released.promise;
      };
      if (holds === 'before') await wait();
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const passed = ask({ socketPath: engine.socket, method, path: url, headers }, resolve);
        passed.on('error', reject);
        // Whoever hangs up here hangs up there.
        response.on('close', () => passed.destroy());
        request.pipe(passed);
      });
      if (holds === 'after') {
        answer.pause();
        await wait();
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    })().catch(() => response.destroy());
  });
  const socket = join(scope.dir, `${name}.sock`);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    host: `unix://${socket}`,
    /** What is held. */
    held,
    /** Holds deletions from now on, but for the first so many. */
    hold(where: 'before' | 'after', afterSo = 0) {
      hold = where;
      free = afterSo;
      held.splice(0);
      arrived = gate();
      released = gate();
    },
    /** Resolves when one is held. */
    holds: () => arrived.promise,
    /** Lets go of what is held, and holds no more. */
    release() {
      hold = null;
      released.resolve();
    },
    /** Forgets what is held: it never gets further. */
    drop() {
      hold = null;
      released.reject(new Error('dropped'));
    },
  };
}

// --- internal ---

function gate() {
  let resolve = (): void => {};
  let reject = (_: Error): void => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

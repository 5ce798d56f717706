import type { Server } from 'node:http';
import { createServer } from 'node:net';
import type { Scope } from './scope.ts';

/** A TCP port on 127.0.0.1 that was free a moment ago; another process may still take it first. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No port was given.'));
        else resolve(address.port);
      });
    });
  });
}

/** Runs `start` on a free port, and again on another one when somebody took the port in between. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, tries = 3): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (left <= 1 || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

/** Has a server of ours listen on loopback until the scope ends. Resolves to its port. */
export async function listenIn(scope: Scope, server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

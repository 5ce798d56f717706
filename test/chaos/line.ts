import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

type Target = { readonly port: number } | { readonly path: string };

/** How bytes go through: all, none of either side, none of the answers, or late. `refuse` lets nobody in. */
export type LineMode = 'open' | 'stall' | 'deaf' | 'slow' | 'refuse' | 'mid-answer';

export interface Line {
  readonly name: string;
  readonly port: number;
  set(mode: LineMode): void;
  /** From now on each answer comes so many milliseconds later. */
  pace(ms: number): void;
  /** Ends every connection, without a word where `hard`. */
  cut(): void;
  close(): void;
}

export interface LineOptions {
  /** A socket to listen on, else a free port on 127.0.0.1. */
  listenAt?: string;
  /** What goes to the target, at the instant at which it does. */
  sent?(chunk: Buffer): void;
}

const SLOW_MS = 40;
/** Of an answer, before it is cut off. */
const MID_BYTES = 60;

/** Stands between two parts, hears what one says to the other, and can be broken. */
export async function openLine(name: string, target: () => Target, options: LineOptions = {}): Promise<Line> {
  let mode: LineMode = 'open';
  let paceMs = 0;
  const wakes = new Set<() => void>();
  const pairs = new Set<[Socket, Socket]>();

  const server = createServer((client) => {
    client.on('error', () => {});
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(target());
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    let over = false;
    const end = () => {
      over = true;
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.on('close', end);
    upstream.on('error', end);
    upstream.on('close', () => {
      // A side that hears nothing does not hear either that the other one left.
      if (mode === 'open' || mode === 'slow') end();
      else wakes.add(end);
    });
    pump(
      client,
      upstream,
      () => over,
      () => mode === 'stall',
      () => 0,
      (chunk) => options.sent?.(chunk),
    );
    pump(
      upstream,
      client,
      () => over,
      () => mode === 'stall' || mode === 'deaf',
      () => paceMs,
      (chunk) => {
        if (mode !== 'mid-answer') return;
        client.write(chunk.subarray(0, Math.min(MID_BYTES, chunk.length - 1)));
        client.end();
        setTimeout(end, 5);
      },
    );
  });

  function pump(
    from: Socket,
    to: Socket,
    over: () => boolean,
    held: () => boolean,
    lateBy: () => number,
    passing: (chunk: Buffer) => void,
  ): void {
    const queue: Buffer[] = [];
    let timer: NodeJS.Timeout | undefined;
    const go = () => {
      timer = undefined;
      while (queue.length > 0 && !over() && !held()) {
        const chunk = queue.shift() as Buffer;
        passing(chunk);
        if (mode === 'mid-answer' && to.writableEnded) return;
        if (!to.destroyed) to.write(chunk);
        if (mode === 'slow' && queue.length > 0) {
          timer = setTimeout(go, SLOW_MS);
          return;
        }
      }
      if (queue.length > 0 && !over()) wakes.add(go);
    };
    from.on('data', (chunk: Buffer) => {
      queue.push(chunk);
      if (timer) return;
      const late = lateBy() + (mode === 'slow' ? SLOW_MS : 0);
      if (late > 0) timer = setTimeout(go, late);
      else go();
    });
  }

  const { listenAt } = options;
  if (listenAt !== undefined) rmSync(listenAt, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (listenAt === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(listenAt, resolve);
  });
  const address = server.address();
  const cut = () => {
    for (const [client, upstream] of [...pairs]) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    name,
    port: address !== null && typeof address === 'object' ? address.port : 0,
    set(next) {
      mode = next;
      if (mode === 'refuse') cut();
      const all = [...wakes];
      wakes.clear();
      for (const wake of all) wake();
    },
    pace(ms) {
      paceMs = ms;
    },
    cut,
    close() {
      cut();
      server.close();
    },
  };
}

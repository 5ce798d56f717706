import { readdirSync, readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

/** What a process holds at one instant. */
export interface Sample {
  /** Bytes, after a collection of garbage. */
  heap: number;
  /** Bytes, as the kernel counts them. */
  rss: number;
  /** Open files and sockets. */
  files: number;
  /** What keeps its event loop alive, timers included. */
  resources: number;
}

/** Asks a node that was started with `--inspect`, whose log names the address. */
export async function sample(pid: number, log: string): Promise<Sample> {
  const url = [...log.matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1];
  if (url === undefined) throw new Error(`Process ${pid} has no inspector.`);
  const socket = new WebSocket(url);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let last = 0;
  const ask = (method: string, params: object = {}) =>
    new Promise<{ result?: { value?: string } }>((resolve, reject) => {
      const id = ++last;
      const timer = setTimeout(() => reject(new Error(`No answer to ${method}.`)), 8_000);
      socket.on('message', function hear(data) {
        const answer = JSON.parse(String(data)) as { id?: number; result: { result?: { value?: string } } };
        if (answer.id !== id) return;
        clearTimeout(timer);
        socket.off('message', hear);
        resolve(answer.result);
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  try {
    await ask('HeapProfiler.collectGarbage');
    const expression =
      'JSON.stringify([process.memoryUsage().heapUsed, process.getActiveResourcesInfo().length])';
    const { result } = await ask('Runtime.evaluate', { expression });
    const [heap = 0, resources = 0] = JSON.parse(result?.value ?? '[]') as number[];
    const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    return { heap, rss, files: readdirSync(`/proc/${pid}/fd`).length, resources };
  } finally {
    socket.terminate();
  }
}

import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { RegistryProblem } from '../../src/domain/registry.ts';
import type { Limits } from './limits.ts';
import { RegistryTrouble } from './ports.ts';

export type Ask = {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
};

export type Answer = { status: number; headers: http.IncomingHttpHeaders; body: Buffer };

/** No whole answer came. `begun`: the question may have arrived all the same. */
export class NoAnswer extends RegistryTrouble {
  readonly begun: boolean;
  constructor(what: RegistryProblem['what'], message: string, begun: boolean) {
    super({ kind: 'registry', what, message });
    this.name = 'NoAnswer';
    this.begun = begun;
  }
}

export type Line = {
  /** One exchange, whatever its status. Always settles; rejects with `NoAnswer`. */
  ask(what: Ask): Promise<Answer>;
  close(): void;
};

/** Trusts the authorities that Node knows, and `ca` (PEM) as well. */
export function openLine(ca: string | undefined, limits: Limits): Line {
  const trust = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agents = (keepAlive: boolean) => ({
    'http:': new http.Agent({ keepAlive, maxSockets: 8 }),
    'https:': new https.Agent({ keepAlive, maxSockets: 8, ...trust }),
  });
  const kept = agents(true);
  const fresh = agents(false);
  const going = new Set<() => void>();
  let closed = false;
  const over = async (what: Ask, some: typeof kept): Promise<Answer> => {
    if (closed) throw new NoAnswer('no-answer', CLOSED, false);
    return exchange(what, what.url.protocol === 'https:' ? some['https:'] : some['http:'], limits, going);
  };
  return {
    async ask(what) {
      // A kept connection may be closed by the other side in this very moment; nobody could tell what became of a deletion.
      if (what.method === 'DELETE') return over(what, fresh);
      try {
        return await over(what, kept);
      } catch (error) {
        if (!(error instanceof StaleConnection) || what.method === 'POST') throw error;
        return over(what, fresh);
      }
    },
    close() {
      closed = true;
      for (const stop of [...going]) stop();
      for (const agent of [...Object.values(kept), ...Object.values(fresh)]) agent.destroy();
    },
  };
}

// --- internal ---

const CLOSED = 'this connection to the registry is closed';

/** A connection that was kept, and closed by the other side before it answered anything. */
class StaleConnection extends NoAnswer {}

/** Connections that stand. Node tells it of those that lay idle, not of those that a question waited for. */
const standing = new WeakSet<Socket>();

/** Settled by hand: a destroyed request of Node's emits what it likes, at times nothing. */
function exchange(what: Ask, agent: http.Agent, limits: Limits, going: Set<() => void>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const deletes = what.method === 'DELETE';
    const timers = new Set<NodeJS.Timeout>();
    let begun = false;
    let reused = false;
    const request = (what.url.protocol === 'https:' ? https : http).request(what.url, {
      method: what.method,
      headers: { 'user-agent': 'dimg', ...what.headers },
      agent,
    });
    const settle = (then: () => void) => {
      for (const timer of timers) clearTimeout(timer);
      going.delete(stop);
      then();
    };
    const fail = (error: NoAnswer) => {
      settle(() => reject(error));
      request.destroy();
    };
    const stop = () => fail(new NoAnswer('no-answer', CLOSED, begun));
    const limit = (ms: number, words: string, kind: RegistryProblem['what'] = 'no-answer') => {
      const time = ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
      const timer = setTimeout(() => fail(new NoAnswer(kind, `${words} within ${time}`, begun)), ms);
      timers.add(timer);
      return timer;
    };
    going.add(stop);

    let silence: NodeJS.Timeout | undefined;
    request.once('socket', (socket) => {
      // Not before: with many questions at once each waits here for a connection.
      limit(deletes ? limits.deletionMs : limits.wholeMs, 'no whole answer');
      const stands = () => {
        begun = true;
        silence = limit(deletes ? limits.deletionMs : limits.silentMs, 'no answer');
      };
      reused = standing.has(socket);
      if (reused) return stands();
      const connecting = limit(limits.connectMs, 'no connection', 'unreachable');
      socket.once(agent instanceof https.Agent ? 'secureConnect' : 'connect', () => {
        clearTimeout(connecting);
        standing.add(socket);
        stands();
      });
    });
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const status = response.statusCode ?? 0;
      const whole = () =>
        settle(() => resolve({ status, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('data', (chunk: Buffer) => {
        silence?.refresh();
        size += chunk.length;
        if (size <= limits.bytes) return chunks.push(chunk);
        // Of a refusal the status is enough.
        if (status < 400)
          return fail(new NoAnswer('wrong', `it answered more than ${limits.bytes} B`, begun));
        whole();
        return request.destroy();
      });
      response.once('end', whole);
      const cut = () => fail(new NoAnswer('no-answer', 'its answer was cut off', begun));
      response.on('error', cut);
      response.once('close', cut);
    });
    request.on('error', (error) => fail(failure(error, begun, reused)));
    request.end(what.body);
  });
}

function failure(error: NodeJS.ErrnoException, begun: boolean, reused: boolean): NoAnswer {
  const { code = '' } = error;
  // Where all addresses of a name fail, Node leaves the message empty.
  const words = error.message || code || 'the connection failed';
  if (!begun) return new NoAnswer('unreachable', words, false);
  if (code.startsWith('HPE_')) return new NoAnswer('wrong', 'it does not answer in HTTP', begun);
  if (reused && (code === 'ECONNRESET' || code === 'EPIPE'))
    return new StaleConnection('no-answer', words, begun);
  return new NoAnswer('no-answer', words, begun);
}

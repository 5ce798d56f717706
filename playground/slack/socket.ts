import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { DisconnectReason } from './controls.ts';
import type { Faults } from './faults.ts';
import type { RecordKeeper } from './record.ts';
import type { Json } from './types.ts';
import { APP_ID } from './world.ts';

export type Envelope = {
  readonly envelope_id: string;
  readonly type: 'slash_commands' | 'interactive' | 'events_api';
  readonly accepts_response_payload: boolean;
  readonly payload: Json;
  readonly retry_attempt?: number;
  readonly retry_reason?: string;
};

export type OnAck = (envelopeId: string, payload: Json) => void;

/** How an envelope reaches the app: returns the connection's name, or `undefined` when there is none. */
export type Transport = {
  readonly send: (envelope: Envelope) => string | undefined;
  readonly onAck: (listener: OnAck) => void;
};

export type Sockets = Transport & {
  readonly ticket: () => string;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly connections: () => number;
  /** Slack's own way to end connections; after it the client has to come again. */
  readonly disconnect: (reason: DisconnectReason) => void;
  /** Ends connections without a word, as a broken network does. */
  readonly cut: () => void;
  readonly close: () => void;
};

const MAX_CONNECTIONS = 10;
const TICKET_MS = 30_000;
/** How long a client that was told to go may stay. */
const GRACE_MS = 1000;

/** Socket Mode: tickets, connections, envelopes to one random connection. */
export function createSockets(record: RecordKeeper, faults: Faults, host: () => string): Sockets {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Map<string, number>();
  const open = new Map<string, WebSocket>();
  const timers = new Set<NodeJS.Timeout>();
  const listeners: OnAck[] = [];
  let count = 0;

  const note = (change: 'opened' | 'closed', connection: string) =>
    record.add({ kind: 'connection', change, connection, open: open.size });

  const accept = (socket: WebSocket) => {
    const name = `socket-${++count}`;
    socket.on('error', () => socket.terminate());
    if (open.size >= MAX_CONNECTIONS) {
      socket.send(
        JSON.stringify({
          type: 'disconnect',
          reason: 'too_many_websockets',
          debug_info: { host: 'stand-in' },
        }),
      );
      socket.close();
      return;
    }
    socket.on('message', (data) => receive(String(data)));
    socket.on('close', () => {
      if (open.delete(name)) note('closed', name);
    });
    if (faults.meet('hello', {})) return;
    open.set(name, socket);
    note('opened', name);
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: open.size,
        connection_info: { app_id: APP_ID },
        debug_info: { host: 'stand-in', build_number: 1, approximate_connection_time: 18_060 },
      }),
    );
  };

  const receive = (data: string) => {
    try {
      const ack = JSON.parse(data) as { envelope_id?: unknown; payload?: Json };
      if (typeof ack.envelope_id !== 'string') throw new Error('no envelope_id');
      for (const listener of listeners) listener(ack.envelope_id, ack.payload ?? {});
    } catch {
      record.warn('socket', 'not an acknowledgement', { data });
    }
  };

  return {
    ticket: () => {
      const ticket = randomBytes(16).toString('hex');
      tickets.set(ticket, Date.now());
      return `ws://${host()}/link/?ticket=${ticket}&app_id=${APP_ID}`;
    },
    upgrade: (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://stand-in');
      const ticket = url.searchParams.get('ticket') ?? '';
      const made = tickets.get(ticket);
      tickets.delete(ticket);
      const refused = faults.down()
        ? '503 Service Unavailable'
        : made === undefined || Date.now() - made > TICKET_MS || url.pathname !== '/link/'
          ? '403 Forbidden'
          : undefined;
      if (refused) {
        socket.end(`HTTP/1.1 ${refused}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      server.handleUpgrade(request, socket, head, accept);
    },
    send: (envelope) => {
      const ready = [...open].filter(([, socket]) => socket.readyState === socket.OPEN);
      const [name, socket] = ready[Math.floor(Math.random() * ready.length)] ?? [];
      socket?.send(JSON.stringify(envelope));
      return name;
    },
    onAck: (listener) => {
      listeners.push(listener);
    },
    connections: () => open.size,
    disconnect: (reason) => {
      const leaving = [...open];
      for (const [name, socket] of leaving) {
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'stand-in' } }));
        // A warning leaves the connection in use for some more seconds.
        if (reason === 'warning') continue;
        open.delete(name);
        note('closed', name);
        timers.add(setTimeout(() => socket.terminate(), GRACE_MS).unref());
      }
    },
    cut: () => {
      for (const socket of server.clients) socket.terminate();
    },
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

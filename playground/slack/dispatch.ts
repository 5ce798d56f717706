import { randomUUID } from 'node:crypto';
import type { Context } from './context.ts';
import type { Delivery, Repeat } from './controls.ts';
import type { Envelope, Transport } from './socket.ts';
import type { Json } from './types.ts';

export type Dispatch = {
  /** Sends an envelope and waits for its first acknowledgement, or for the time limit. */
  readonly deliver: (
    type: Envelope['type'],
    payload: Json,
    who: { user: string; what: string },
    repeat?: Repeat,
  ) => Promise<Delivery>;
  readonly close: () => void;
};

type Pending = {
  readonly sent: number;
  acked: boolean;
  timedOut: boolean;
  settle: (delivery: Delivery) => void;
};

/** Envelopes on their way: acknowledgements, the time limit, duplicates, and the retries of events. */
export function createDispatch(
  { settings, record }: Pick<Context, 'settings' | 'record'>,
  transport: Transport,
): Dispatch {
  const pending = new Map<string, Pending>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  transport.onAck((id, payload) => {
    const entry = pending.get(id);
    if (!entry) {
      record.warn('socket', 'acknowledged an unknown envelope', { id, payload });
      return;
    }
    const ms = Math.round(performance.now() - entry.sent);
    const first = !entry.acked;
    entry.acked = true;
    record.add({ kind: 'ack', id, ms, first, late: entry.timedOut, payload });
    if (first && !entry.timedOut)
      entry.settle({ ackMs: ms, ackPayload: payload, envelopeId: id, payload: {} });
  });

  const send = (envelope: Envelope) => {
    const connection = transport.send(envelope);
    if (connection === undefined) return false;
    const { envelope_id: id, type, payload, retry_attempt } = envelope;
    record.add({ kind: 'envelope', id, type, payload, attempt: retry_attempt ?? 0, connection });
    return true;
  };

  const retryEvent = (envelope: Envelope, attempt: number) => {
    const delay = settings.eventRetries[attempt];
    if (delay === undefined) return;
    later(delay, () => {
      if (pending.get(envelope.envelope_id)?.acked) return;
      send({ ...envelope, retry_attempt: attempt + 1, retry_reason: 'timeout' });
      later(settings.ackTimeout, () => {
        if (!pending.get(envelope.envelope_id)?.acked) retryEvent(envelope, attempt + 1);
      });
    });
  };

  return {
    deliver: (type, payload, { user, what }, { times = 1, gapMs = 0, renamed = false } = {}) =>
      new Promise((resolve) => {
        const id = randomUUID();
        const event = type === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {};
        const envelope: Envelope = {
          envelope_id: id,
          type,
          accepts_response_payload: type !== 'events_api',
          payload,
          ...event,
        };
        const fail = (error: string) => {
          record.add({ kind: 'user-error', user, error, what });
          resolve({ error, envelopeId: id, payload });
        };
        const entry: Pending = {
          sent: performance.now(),
          acked: false,
          timedOut: false,
          settle: (delivery) => resolve({ ...delivery, payload }),
        };
        pending.set(id, entry);
        if (!send(envelope)) {
          fail('dispatch_failed');
          if (type === 'events_api') retryEvent(envelope, 0);
          return;
        }
        for (let copy = 1; copy < times; copy++) {
          const again = renamed ? { ...envelope, envelope_id: randomUUID() } : envelope;
          if (renamed) pending.set(again.envelope_id, { ...entry, settle: () => {} });
          if (gapMs === 0) send(again);
          else later(gapMs * copy, () => send(again));
        }
        later(settings.ackTimeout, () => {
          if (entry.acked) return;
          entry.timedOut = true;
          // People do not see a lost event; they do see a command or a press that went nowhere.
          if (type === 'events_api') {
            resolve({ error: 'operation_timeout', envelopeId: id, payload });
            retryEvent(envelope, 0);
          } else fail('operation_timeout');
        });
      }),
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      // Whoever still waits for an acknowledgement gets none.
      for (const [id, entry] of pending) entry.settle({ error: 'closed', envelopeId: id, payload: {} });
    },
  };
}

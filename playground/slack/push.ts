import { createHmac } from 'node:crypto';
import type { Options } from './controls.ts';
import type { RecordKeeper } from './record.ts';
import type { Envelope, OnAck, Transport } from './socket.ts';
import type { Json } from './types.ts';

/** Bolt's HTTP mode: each request is signed and posted; the answer is the acknowledgement. */
export function createPush(
  record: RecordKeeper,
  target: NonNullable<Options['requestUrl']>,
  ackTimeout: number,
): Transport {
  const listeners: OnAck[] = [];

  const post = async (envelope: Envelope) => {
    const { body, type } = encode(envelope);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const hmac = createHmac('sha256', target.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    const retry = envelope.retry_attempt
      ? { 'x-slack-retry-num': String(envelope.retry_attempt), 'x-slack-retry-reason': 'http_timeout' }
      : {};
    const headers = {
      'content-type': type,
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac}`,
      ...retry,
    };
    // Slack hangs up when the time for an acknowledgement is over.
    const signal = AbortSignal.timeout(ackTimeout + 50);
    const response = await fetch(target.url, { method: 'POST', body, headers, signal });
    const text = await response.text();
    if (!response.ok) {
      record.warn('request_url', `http_status: ${response.status}`, envelope.payload);
      return;
    }
    for (const listener of listeners) listener(envelope.envelope_id, answer(text));
  };

  return {
    send: (envelope) => {
      // An app that can't be reached shows as a missing acknowledgement.
      post(envelope).catch((error: unknown) => record.warn('request_url', String(error), envelope.payload));
      return 'http';
    },
    onAck: (listener) => {
      listeners.push(listener);
    },
  };
}

function encode({ type, payload }: Envelope): { body: string; type: string } {
  if (type === 'events_api') return { body: JSON.stringify(payload), type: 'application/json' };
  const fields =
    type === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>);
  return { body: new URLSearchParams(fields).toString(), type: 'application/x-www-form-urlencoded' };
}

function answer(text: string): Json {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { text };
  }
}

import { SocketModeReceiver } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startSlack } from '../../../playground/slack/index.ts';
import { clientOf, errorOf, logger, withApp } from './_app.ts';

const ops = { user: 'U0ANA', channel: 'C0OPS', text: '' };

/** A bare socket that acknowledges as told. */
async function rawSocket(url: string, ack: (id: string, envelope: { payload: unknown }) => unknown) {
  const socket = new WebSocket(url);
  const seen: { type: string; envelope_id: string; retry_attempt?: number; payload: unknown }[] = [];
  const hello = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      seen.push(message);
      if (message.type === 'hello' || message.type === 'disconnect') return resolve();
      const answer = ack(message.envelope_id, message);
      if (answer !== undefined) socket.send(JSON.stringify(answer));
    });
  });
  await hello;
  return { socket, seen };
}

const ticketOf = async (slack: Awaited<ReturnType<typeof startSlack>>) =>
  (await clientOf(slack, slack.appToken).apps.connections.open()).url ?? '';

describe('Socket Mode', () => {
  it('takes a ticket once, and ten connections', async () => {
    const slack = await startSlack();
    try {
      expect(await errorOf(clientOf(slack).apps.connections.open())).toBe('not_allowed_token_type');
      const url = await ticketOf(slack);
      const first = await rawSocket(url, () => undefined);
      expect(first.seen[0]).toMatchObject({ type: 'hello', num_connections: 1 });
      await expect(rawSocket(url, () => undefined)).rejects.toThrow('403');
      for (let count = 2; count <= 10; count++) await rawSocket(await ticketOf(slack), () => undefined);
      expect(slack.connections()).toBe(10);
      const eleventh = await rawSocket(await ticketOf(slack), () => undefined);
      expect(eleventh.seen[0]).toMatchObject({ type: 'disconnect', reason: 'too_many_websockets' });
    } finally {
      await slack.close();
    }
  });

  it('sends each envelope to one connection, and repeats an unacknowledged event', async () => {
    const slack = await startSlack({ ackTimeout: 60, eventRetries: [0, 10_000] });
    try {
      expect((await slack.command(ops)).error).toBe('dispatch_failed');
      const sockets: Awaited<ReturnType<typeof rawSocket>>[] = [];
      for (let count = 0; count < 3; count++)
        sockets.push(await rawSocket(await ticketOf(slack), () => undefined));
      expect((await slack.openHome('U0ANA')).error).toBe('operation_timeout');
      const envelopes = () => sockets.flatMap(({ seen }) => seen.filter((one) => one.type === 'events_api'));
      await slack.waitFor(() => slack.history.filter((one) => one.kind === 'envelope').length === 2);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(
        envelopes()
          .map((one) => one.retry_attempt)
          .sort(),
      ).toEqual([0, 1]);
      expect(new Set(envelopes().map((one) => one.envelope_id)).size).toBe(1);
    } finally {
      await slack.close();
    }
  });

  it('records late and unknown acknowledgements, and refuses payloads that Slack refuses', async () => {
    const slack = await startSlack({ ackTimeout: 40 });
    try {
      let answer = (id: string): unknown => ({ envelope_id: id, payload: { text: 'x', colour: 'red' } });
      const { socket } = await rawSocket(await ticketOf(slack), (id) => answer(id));
      expect((await slack.command(ops)).error).toBe('invalid_arguments');
      expect(slack.rejected).toMatchObject([
        { method: 'ack', detail: ['invalid additional property: colour [json-pointer:]'] },
      ]);
      answer = (id) => {
        setTimeout(() => socket.send(JSON.stringify({ envelope_id: id, payload: {} })), 80);
        return { envelope_id: 'other', payload: {} };
      };
      expect((await slack.command(ops)).error).toBe('operation_timeout');
      await slack.waitFor(() => slack.history.some((one) => one.kind === 'ack' && one.late));
      expect(slack.warnings.map((one) => one.warning)).toContain('acknowledged an unknown envelope');
    } finally {
      await slack.close();
    }
  });

  it('can leave a connection without hello, and ends waits when it is closed', async () => {
    const slack = await startSlack();
    slack.fault({ method: 'hello', kind: 'hang' });
    const mute = new WebSocket(await ticketOf(slack));
    await new Promise((resolve) => mute.on('open', resolve));
    expect((await slack.command(ops)).error).toBe('dispatch_failed');
    await rawSocket(await ticketOf(slack), () => undefined);
    const command = slack.command(ops);
    const wait = slack.waitFor(() => false).catch((error: Error) => error.message);
    await slack.close();
    expect((await command).error).toBe('closed');
    expect(await wait).toBe('the Slack stand-in was closed');
  });

  it('is deaf for five seconds after a disconnect, unless there is a second receiver', async () => {
    const fixture = await withApp({}, (app) => app.command('/dimg', async ({ ack }) => ack('hi')));
    const { slack, app } = fixture;
    const second = new SocketModeReceiver({
      appToken: slack.appToken,
      logger,
      installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
    });
    try {
      slack.disconnect('refresh_requested');
      expect(slack.connections()).toBe(0);
      expect((await slack.command(ops)).error).toBe('dispatch_failed');
      second.init(app);
      await second.start();
      expect((await slack.command(ops)).message?.text).toBe('hi');
      await slack.waitFor(() => slack.connections() === 2, 7000, 'the reconnection');
      expect((await slack.command(ops)).message?.text).toBe('hi');
      slack.disconnect('warning');
      expect(slack.connections()).toBe(2);
    } finally {
      await second.stop();
      await fixture.end();
    }
  }, 12_000);
});

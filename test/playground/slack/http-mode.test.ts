import { createServer } from 'node:net';
import { App } from '@slack/bolt';
import { expect, it } from 'vitest';
import { startSlack } from '../../../playground/slack/index.ts';
import { logger } from './_app.ts';

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

it('posts signed requests to an app in HTTP mode', async () => {
  const port = await freePort();
  const requestUrl = { url: `http://127.0.0.1:${port}/slack/events`, signingSecret: 'secret' };
  const slack = await startSlack({ requestUrl, ackTimeout: 500 });
  const app = new App({
    token: slack.botToken,
    signingSecret: 'secret',
    clientOptions: { slackApiUrl: slack.apiUrl },
    logger,
  });
  const homes: string[] = [];
  app.command('/dimg', async ({ ack, command }) => {
    if (command.text !== 'silent') await ack(`got ${command.text}`);
  });
  app.action('go', async ({ ack, respond }) => {
    await ack();
    await respond({ text: 'pressed', replace_original: true });
  });
  app.event('app_home_opened', async ({ event }) => {
    homes.push(event.user);
  });
  await app.start(port);
  try {
    const ops = { user: 'U0ANA', channel: 'C0OPS' };
    expect((await slack.command({ ...ops, text: 'x & y' })).message?.text).toBe('got x &amp; y');
    expect((await slack.command({ ...ops, text: 'silent' })).error).toBe('operation_timeout');
    const { ts = '' } = await app.client.chat.postMessage({
      channel: 'C0OPS',
      text: 'card',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }],
        },
      ],
    });
    await slack.press({ ...ops, ts, label: 'Go' });
    await slack.waitFor(() => slack.message('C0OPS', ts)?.text === 'pressed');
    expect((await slack.openHome('U0BO')).ackMs).toBeDefined();
    await slack.waitFor(() => homes.includes('U0BO'));
  } finally {
    await app.stop();
    await slack.close();
  }
});

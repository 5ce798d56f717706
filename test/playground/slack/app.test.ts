import type { App } from '@slack/bolt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renderMessage } from '../../../playground/slack/index.ts';
import { type Fixture, withApp } from './_app.ts';

const button = {
  type: 'button' as const,
  action_id: 'confirm',
  text: { type: 'plain_text' as const, text: 'Delete 3 images' },
  value: '1042',
};
const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } });

function listen(app: App) {
  app.command('/dimg', async ({ command, ack, client, respond, body }) => {
    const [word] = command.text.split(' ');
    if (word === 'silent') return;
    if (word === 'help') return ack({ response_type: 'ephemeral', text: `usage for <@${command.user_id}>` });
    await ack();
    if (word === 'card') {
      await client.chat.postMessage({
        channel: command.channel_id,
        text: 'a card',
        blocks: [section('*3 images* of `app`'), { type: 'actions', elements: [button] }],
        metadata: { event_type: 'run', event_payload: { id: 1042 } },
        unfurl_links: false,
        unfurl_media: false,
      });
    }
    if (word === 'respond') await respond('by url');
    if (word === 'modal') {
      await client.views.open({
        trigger_id: body.trigger_id,
        view: {
          type: 'modal',
          callback_id: 'deny',
          private_metadata: command.channel_id,
          title: { type: 'plain_text', text: 'Deny' },
          submit: { type: 'plain_text', text: 'Deny' },
          blocks: [
            {
              type: 'input',
              block_id: 'why',
              label: { type: 'plain_text', text: 'Reason' },
              element: { type: 'plain_text_input', action_id: 'reason' },
            },
          ],
        },
      });
    }
    if (word === 'file') {
      const filename = 'plan.csv';
      await client.files.uploadV2({
        channel_id: command.channel_id,
        filename,
        content: 'a,b\n1,2\n',
        initial_comment: 'the plan',
      });
    }
  });
  app.action('confirm', async ({ ack, body, action, client }) => {
    await ack();
    if (body.type !== 'block_actions' || !body.channel || !body.message || action.type !== 'button')
      throw new Error('odd body');
    const by = `<@${body.user.id}>`;
    await client.chat.update({
      channel: body.channel.id,
      ts: body.message.ts,
      text: `done ${action.value}`,
      blocks: [section(`done by ${by}`)],
    });
    await client.chat.postEphemeral({ channel: body.channel.id, user: body.user.id, text: 'only for you' });
  });
  app.view('deny', async ({ ack, view, client }) => {
    const reason = view.state.values.why?.reason?.value;
    if (reason === 'no') return ack({ response_action: 'errors', errors: { why: 'more, please' } });
    await ack();
    await client.chat.postMessage({ channel: view.private_metadata, text: `denied: ${reason}` });
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [section('hello')] } });
  });
}

describe('an unmodified Bolt app', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await withApp({ ackTimeout: 300, eventRetries: [50] }, listen);
  });
  afterAll(() => fixture.end());
  beforeEach(() => {
    expect(fixture.slack.rejected).toEqual([]);
  });
  const ops = { user: 'U0ANA', channel: 'C0OPS' };

  it('is acknowledged with an ephemeral answer', async () => {
    const result = await fixture.slack.command({ ...ops, text: 'help' });
    expect(result.ackMs).toBeLessThan(300);
    expect(result.message).toMatchObject({ text: 'usage for <@U0ANA>', ephemeral_to: 'U0ANA' });
    expect(renderMessage(result.message ?? { text: '' })).toEqual(['usage for @ana']);
    expect(fixture.slack.ephemerals('U0BO')).toEqual([]);
  });

  it('shows an error to the person when nothing acknowledges', async () => {
    const result = await fixture.slack.command({ ...ops, text: 'silent' });
    expect(result.error).toBe('operation_timeout');
    expect(fixture.slack.history.findLast((entry) => entry.kind === 'user-error')).toMatchObject({
      user: 'U0ANA',
      error: 'operation_timeout',
    });
  });

  it('posts a card; a press updates it and answers its presser alone', async () => {
    const { slack } = fixture;
    await slack.command({ ...ops, text: 'card' });
    const card = await slack.waitFor(
      () => slack.messages('C0OPS').find((one) => one.text === 'a card'),
      2000,
      'the card',
    );
    expect(card.metadata).toEqual({ event_type: 'run', event_payload: { id: 1042 } });
    expect(renderMessage(card)).toEqual(['3 images of `app`', '[Delete 3 images]']);
    await expect(slack.press({ ...ops, ts: card.ts, label: 'Approve' })).rejects.toThrow(
      'no button Approve; there is: [Delete 3 images]',
    );
    await expect(slack.press({ ...ops, user: 'U0DIMG2', ts: card.ts, label: 'Delete' })).rejects.toThrow(
      'no user',
    );

    const press = await slack.press({ ...ops, user: 'U0BO', ts: card.ts, label: 'Delete' });
    expect(press.error).toBeUndefined();
    const done = await slack.waitFor(() => slack.ephemerals('U0BO', 'C0OPS')[0], 2000, 'the private answer');
    expect(done.text).toBe('only for you');
    expect(slack.message('C0OPS', card.ts)).toMatchObject({
      text: 'done 1042',
      metadata: { event_type: 'run' },
    });
    const versions = slack.history.filter(
      (entry) => entry.kind === 'message' && entry.message.ts === card.ts,
    );
    expect(versions.map((entry) => entry.kind === 'message' && entry.change)).toEqual(['posted', 'updated']);

    const stale = await slack.press({
      ...ops,
      ts: card.ts,
      messageOverride: card,
      label: 'Delete',
      valueOverride: '7',
    });
    expect(stale.payload).toMatchObject({
      message: { text: 'a card' },
      actions: [{ action_id: 'confirm', value: '7', type: 'button' }],
    });
    await slack.waitFor(() => slack.message('C0OPS', card.ts)?.text === 'done 7', 2000);
    await slack.waitFor(() => slack.ephemerals('U0ANA').some((one) => one.text === 'only for you'));
  });

  it('runs a listener twice when an envelope comes twice', async () => {
    const { slack } = fixture;
    const before = slack.messages('C0OPS').length;
    await slack.command({ ...ops, text: 'card', times: 2 });
    await slack.waitFor(() => slack.messages('C0OPS').length === before + 2, 2000, 'two cards');
    await slack.waitFor(
      () => slack.history.filter((entry) => entry.kind === 'ack' && !entry.first).length === 1,
    );
  });

  it('answers by response_url', async () => {
    await fixture.slack.command({ ...ops, text: 'respond' });
    await fixture.slack.waitFor(() =>
      fixture.slack.ephemerals('U0ANA', 'C0OPS').some((one) => one.text === 'by url'),
    );
  });

  it('opens a modal; the client and the app check it', async () => {
    const { slack } = fixture;
    await slack.command({ ...ops, text: 'modal' });
    const modal = await slack.waitFor(() => slack.views()[0], 2000, 'the modal');
    const form = { user: 'U0ANA', view_id: modal.id };
    expect(await slack.submit({ ...form, values: {} })).toMatchObject({
      error: 'incomplete',
      errors: { why: expect.any(String) },
    });
    expect((await slack.submit({ ...form, values: { reason: 'no' } })).errors).toEqual({
      why: 'more, please',
    });
    expect(slack.views()[0]?.errors).toEqual({ why: 'more, please' });
    await slack.submit({ ...form, values: { reason: 'not today' } });
    expect(slack.views()).toEqual([]);
    await slack.waitFor(() => slack.messages('C0OPS').some((one) => one.text === 'denied: not today'));
  });

  it('publishes the Home tab', async () => {
    const { slack } = fixture;
    expect((await slack.openHome('U0CY')).ackMs).toBeDefined();
    const home = await slack.waitFor(() => slack.home('U0CY'));
    expect(renderMessage({ text: '', blocks: home.blocks })).toEqual(['hello']);
  });

  it('uploads a file', async () => {
    const { slack } = fixture;
    await slack.command({ ...ops, text: 'file' });
    const shared = await slack.waitFor(() => slack.messages('C0OPS').find((one) => one.files));
    expect(renderMessage(shared)).toEqual(['the plan', '📎 plan.csv (8 B)']);
    expect(slack.files()[0]?.content.toString()).toBe('a,b\n1,2\n');
  });

  it('has text escaped and names turned into ids', async () => {
    const text = 'help @bo, @sre #ops <script> & https://x.io ghcr.io/a:1 @nobody';
    const { payload } = await fixture.slack.command({ ...ops, text, linkify: true });
    expect(payload.text).toBe(
      'help <@U0BO|bo>, <!subteam^S0SRE|@sre> <#C0OPS|ops> &lt;script&gt; &amp; <https://x.io> <http://ghcr.io/a:1|ghcr.io/a:1> @nobody',
    );
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { buttonsOf, type Message } from '../../../playground/slack/index.ts';
import { type Fixture, withClient } from './_app.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const option = (value: string) => ({ text: plain(value.toUpperCase()), value });
const options = [option('a'), option('b')];
const channel = 'C0OPS';

// Nothing listens here: presses fail, but tell what they would have sent.
let fixture: Fixture;
let card: Message;
beforeAll(async () => {
  fixture = await withClient();
  const { ts = '' } = await fixture.client.chat.postMessage({
    channel,
    text: 'card',
    blocks: [
      {
        type: 'actions',
        block_id: 'row',
        elements: [
          { type: 'button', action_id: 'go', text: plain('Delete 3'), value: '7', style: 'danger' },
          { type: 'static_select', action_id: 'one', placeholder: plain('Choose'), options },
          { type: 'multi_users_select', action_id: 'who', placeholder: plain('Who') },
          { type: 'overflow', action_id: 'more', options },
        ],
      },
    ],
  });
  card = fixture.slack.message(channel, ts) as Message;
});
afterAll(() => fixture.end());

const press = async (rest: object) => {
  const { payload, error } = await fixture.slack.press({ user: 'U0ANA', channel, ts: card.ts, ...rest });
  expect(error).toBe('dispatch_failed');
  return payload as {
    actions: object[];
    state: { values: object };
    container: object;
    message?: object;
    user: object;
  };
};

it('lists the buttons', () => {
  expect(buttonsOf(card)).toEqual([{ label: 'Delete 3', action_id: 'go', value: '7', style: 'danger' }]);
});

it('sends what Slack sends for a button', async () => {
  const payload = await press({ label: 'Delete' });
  expect(payload).toMatchObject({
    type: 'block_actions',
    team: { id: 'T0TEAM', domain: 'team' },
    user: { id: 'U0ANA', username: 'ana', name: 'ana', team_id: 'T0TEAM' },
    api_app_id: 'A0DIMG',
    container: { type: 'message', message_ts: card.ts, channel_id: channel, is_ephemeral: false },
    channel: { id: channel, name: 'ops' },
    message: { type: 'message', ts: card.ts, bot_id: 'B0DIMG', text: 'card' },
    actions: [
      {
        type: 'button',
        action_id: 'go',
        block_id: 'row',
        value: '7',
        action_ts: expect.stringMatching(/^\d+\.\d{6}$/),
      },
    ],
  });
});

it('keeps what was chosen for the presses that follow', async () => {
  expect((await press({ action_id: 'one', choose: 'b' })).actions).toMatchObject([
    { type: 'static_select', selected_option: option('b') },
  ]);
  expect((await press({ action_id: 'who', choose: ['U0BO', 'U0CY'] })).actions).toMatchObject([
    { selected_users: ['U0BO', 'U0CY'] },
  ]);
  expect((await press({ action_id: 'more', choose: 'a' })).actions).toMatchObject([
    { type: 'overflow', selected_option: option('a') },
  ]);
  expect((await press({ label: 'Delete' })).state.values).toEqual({
    row: {
      one: { type: 'static_select', selected_option: option('b') },
      who: { type: 'multi_users_select', selected_users: ['U0BO', 'U0CY'] },
    },
  });
  await expect(press({ action_id: 'one', choose: 'z' })).rejects.toThrow('no option with value z');
});

it('forgets a choice that a newer version does not offer', async () => {
  const { client, slack } = fixture;
  const blocks = (shown: object[]) =>
    [
      {
        type: 'actions',
        block_id: 'r',
        elements: [{ type: 'static_select', action_id: 'pick', options: shown }],
      },
    ] as never;
  const { ts = '' } = await client.chat.postMessage({ channel, text: 'x', blocks: blocks(options) });
  const at = { user: 'U0ANA', channel, ts, action_id: 'pick' };
  await slack.press({ ...at, choose: 'b' });
  await client.chat.update({ channel, ts, text: 'x', blocks: blocks([option('a')]) });
  expect((await slack.press(at)).payload).toMatchObject({
    state: { values: { r: { pick: { selected_option: null } } } },
  });
});

it('lets only those press who see the message', async () => {
  const { slack, client } = fixture;
  slack.addUser({ id: 'U0OUT', name: 'out' });
  slack.addUser({ id: 'U0GONE', name: 'gone', deleted: true });
  await expect(press({ user: 'U0OUT', label: 'Delete' })).rejects.toThrow('not in the channel');
  await expect(press({ user: 'U0GONE', label: 'Delete' })).rejects.toThrow('deactivated');
  const { message_ts: ts = '' } = await client.chat.postEphemeral({
    channel,
    user: 'U0BO',
    text: 'x',
    blocks: card.blocks as never,
  });
  await expect(press({ ts, label: 'Delete' })).rejects.toThrow('ana does not see this message');
  const payload = await press({ user: 'U0BO', ts, label: 'Delete' });
  expect(payload.container).toMatchObject({ is_ephemeral: true });
  expect(payload).not.toHaveProperty('message');
});

it('sends forged actions as they are', async () => {
  const raw = { type: 'button', action_id: 'other', block_id: 'b', value: '9' };
  expect((await press({ user: 'U0OUT', raw })).actions).toMatchObject([raw]);
  const { payload } = await fixture.slack.pressRaw({ type: 'block_actions', user: { id: 'U0X' } });
  expect(payload).toEqual({ type: 'block_actions', user: { id: 'U0X' } });
});

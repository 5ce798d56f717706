import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, errorOf, type Fixture, withClient } from './_app.ts';

const channel = 'C0OPS';
const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } });
const rich = {
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'x' }] }],
} as never;

describe('the Web API', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await withClient();
  });
  afterAll(() => fixture.end());

  it('knows its tokens and methods', async () => {
    const { slack, client } = fixture;
    expect(await client.auth.test()).toMatchObject({
      team_id: 'T0TEAM',
      user_id: 'U0DIMG',
      bot_id: 'B0DIMG',
    });
    expect(await errorOf(clientOf(slack, 'xoxb-other').auth.test())).toBe('invalid_auth');
    expect(await errorOf(clientOf(slack, slack.appToken).auth.test())).toBe('not_allowed_token_type');
    expect(await errorOf(client.apiCall('chat.shout'))).toBe('unknown_method');
    const bare = await fetch(`${slack.url}/api/auth.test`, { method: 'POST' });
    expect(await bare.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  it('takes JSON as well', async () => {
    const { slack } = fixture;
    const headers = {
      authorization: `Bearer ${slack.botToken}`,
      'content-type': 'application/json; charset=utf-8',
    };
    const send = async (body: string) =>
      (await fetch(`${slack.apiUrl}chat.postMessage`, { method: 'POST', headers, body })).json() as Promise<{
        ok: boolean;
        error?: string;
      }>;
    expect(await send(JSON.stringify({ channel, text: 'x', blocks: [section('x')] }))).toMatchObject({
      ok: true,
    });
    expect((await send('{')).error).toBe('invalid_json');
  });

  it('refuses channels as Slack does', async () => {
    const { slack, client } = fixture;
    slack.addChannel({ id: 'C0OLD', name: 'old', is_archived: true, members: ['U0DIMG'] });
    slack.addChannel({ id: 'C0SECRET', name: 'secret', is_private: true, members: ['U0ANA'] });
    const post = (to: string) => errorOf(client.chat.postMessage({ channel: to, text: 'x' }));
    expect(await post('C0RANDOM')).toBe('not_in_channel');
    expect(await post('C0NONE')).toBe('channel_not_found');
    expect(await post('C0SECRET')).toBe('channel_not_found');
    expect(await post('C0OLD')).toBe('is_archived');
    expect(await post('U0ANA')).toBe('ok');
    slack.addUser({ id: 'U0DI', name: 'di' });
    expect(await errorOf(client.chat.postEphemeral({ channel, user: 'U0DI', text: 'x' }))).toBe(
      'user_not_in_channel',
    );
    slack.join(channel, 'U0DI');
    expect(await errorOf(client.chat.postEphemeral({ channel, user: 'U0DI', text: 'x' }))).toBe('ok');
    expect((await client.conversations.info({ channel: 'C0RANDOM' })).channel).toMatchObject({
      is_member: false,
      is_private: false,
    });
    expect(
      (await client.conversations.members({ channel, limit: 2 })).response_metadata?.next_cursor,
    ).not.toBe('');
  });

  it('updates and deletes the own, lasting messages only', async () => {
    const { slack, client } = fixture;
    const update = (ts: string, rest: object = {}) =>
      errorOf(client.chat.update({ channel, ts, text: 'new', ...rest }));
    const human = slack.say({ user: 'U0ANA', channel, text: 'hello' });
    expect(await update(human.ts)).toBe('cant_update_message');
    expect(await errorOf(client.chat.delete({ channel, ts: human.ts }))).toBe('cant_delete_message');
    const { message_ts = '' } = await client.chat.postEphemeral({ channel, user: 'U0ANA', text: 'x' });
    expect(await update(message_ts)).toBe('message_not_found');

    const { ts = '' } = await client.chat.postMessage({ channel, text: 'old', blocks: [section('old')] });
    expect(await update(ts, { blocks: [rich] })).toBe('block_mismatch');
    for (const text of ['x'.repeat(4001), 'é'.repeat(2001), '&'.repeat(801)]) {
      expect(await update(ts, { text })).toBe('msg_too_long');
    }
    expect(await update(ts, { text: '&amp;'.repeat(800) })).toBe('ok');
    expect(await update(ts)).toBe('ok');
    expect(slack.message(channel, ts)).toMatchObject({ text: 'new', blocks: [{ type: 'section' }] });
    expect(await update(ts, { blocks: [] })).toBe('ok');
    expect(slack.message(channel, ts)?.blocks).toBeUndefined();
    slack.fault({ method: 'chat.update', kind: 'error', error: 'edit_window_closed' });
    expect(await update(ts)).toBe('edit_window_closed');
    expect(await errorOf(client.chat.delete({ channel, ts }))).toBe('ok');
    expect(await update(ts)).toBe('message_not_found');
  });

  it('reads history and replies back, metadata when asked', async () => {
    const { slack, client } = fixture;
    const metadata = { event_type: 'run', event_payload: { id: 7 } };
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'card', metadata });
    const reply = await client.chat.postMessage({ channel, text: 'reply', thread_ts: ts });
    const plain = await client.conversations.history({ channel, oldest: ts, inclusive: true });
    expect(plain.messages).toMatchObject([{ text: 'card', reply_count: 1, bot_id: 'B0DIMG' }]);
    expect(plain.messages?.[0]).not.toHaveProperty('metadata');
    const full = await client.conversations.history({ channel, limit: 1, include_all_metadata: true });
    expect(full).toMatchObject({ has_more: true, messages: [{ metadata }] });
    const next = await client.conversations.history({
      channel,
      limit: 1,
      cursor: full.response_metadata?.next_cursor ?? '',
    });
    expect(next.messages?.[0]?.ts).not.toBe(ts);
    const replies = await client.conversations.replies({ channel, ts });
    expect(replies.messages?.map((one) => one.text)).toEqual(['card', 'reply']);
    expect(slack.thread(channel, ts).map((one) => one.text)).toEqual(['card', 'reply']);
    const link = await client.chat.getPermalink({ channel, message_ts: reply.ts ?? '' });
    expect(link.permalink).toBe(
      `https://team.slack.com/archives/C0OPS/p${reply.ts?.replace('.', '')}?thread_ts=${ts}&cid=C0OPS`,
    );
  });

  it('knows people and groups', async () => {
    const { slack, client } = fixture;
    expect((await client.users.info({ user: 'U0GUS' })).user).toMatchObject({
      is_restricted: true,
      team_id: 'T0TEAM',
      deleted: false,
    });
    expect(await errorOf(client.users.info({ user: 'U0NOBODY' }))).toBe('user_not_found');
    expect((await client.users.list({ limit: 2 })).members).toHaveLength(2);
    expect((await client.usergroups.users.list({ usergroup: 'S0SRE' })).users).toEqual(['U0BO']);
    slack.setGroup({ id: 'S0SRE', users: ['U0BO', 'U0CY'] });
    expect((await client.usergroups.list({ include_users: true })).usergroups).toMatchObject([
      { handle: 'sre', users: ['U0BO', 'U0CY'] },
    ]);
    slack.setGroup({ id: 'S0SRE', disabled: true });
    expect(await errorOf(client.usergroups.users.list({ usergroup: 'S0SRE' }))).toBe('no_such_subteam');
  });

  it('checks uploads', async () => {
    const { client } = fixture;
    const { upload_url = '', file_id: id = '' } = await client.files.getUploadURLExternal({
      filename: 'a.txt',
      length: 3,
    });
    const complete = () =>
      errorOf(client.files.completeUploadExternal({ channel_id: channel, files: [{ id }] } as never));
    expect((await fetch(upload_url, { method: 'POST', body: 'four' })).status).toBe(400);
    expect(await complete()).toBe('file_not_found');
    expect((await fetch(upload_url, { method: 'POST', body: 'abc' })).status).toBe(200);
    expect(await complete()).toBe('ok');
    expect(await complete()).toBe('file_not_found');
  });
});

it('names the missing scope', async () => {
  const { client, end } = await withClient({ scopes: ['chat:write'], plan: 'free' });
  await expect(client.usergroups.list()).rejects.toMatchObject({
    data: { error: 'missing_scope', needed: 'usergroups:read', provided: 'chat:write' },
  });
  await end();
});

it('has user groups on a paid plan only', async () => {
  const { client, end } = await withClient({ plan: 'free' });
  expect(await errorOf(client.usergroups.users.list({ usergroup: 'S0SRE' }))).toBe('plan_upgrade_required');
  await end();
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, errorOf, type Fixture, withClient } from './_app.ts';

const channel = 'C0OPS';
let fixture: Fixture;
const post = (text = 'x', to = channel) => fixture.client.chat.postMessage({ channel: to, text });
const texts = () => fixture.slack.messages(channel).map((one) => one.text);

describe('faults', () => {
  beforeEach(async () => {
    fixture = await withClient();
  });
  afterEach(() => fixture.end());

  it('answers with the error, as often as told, where it matches', async () => {
    const fault = fixture.slack.fault({
      method: 'chat.postMessage',
      kind: 'error',
      error: 'token_revoked',
      times: 2,
      match: (body) => body.text === 'bad',
    });
    expect(await errorOf(post('good'))).toBe('ok');
    expect(await errorOf(post('bad'))).toBe('token_revoked');
    expect(fault.left()).toBe(1);
    fault.stop();
    expect(await errorOf(post('bad'))).toBe('ok');
    expect(fixture.slack.rejected).toEqual([]);
  });

  it('answers with a status, or a rate limit', async () => {
    fixture.slack.fault({ method: '*', kind: 'http', status: 502 });
    await expect(post()).rejects.toMatchObject({ statusCode: 502 });
    fixture.slack.fault({ method: 'chat.postMessage', kind: 'ratelimited', retryAfter: 7 });
    await expect(post()).rejects.toMatchObject({ code: 'slack_webapi_rate_limited_error', retryAfter: 7 });
    expect(texts()).toEqual([]);
  });

  it('drops the connection before or after the effect', async () => {
    fixture.slack.fault({ method: 'chat.postMessage', kind: 'drop' });
    await expect(post('before')).rejects.toThrow();
    expect(texts()).toEqual([]);
    fixture.slack.fault({ method: 'chat.postMessage', kind: 'drop-after' });
    await expect(post('after')).rejects.toThrow();
    expect(texts()).toEqual(['after']);
    expect(fixture.slack.history.filter((one) => one.kind === 'call').map((one) => one.fault)).toEqual([
      'drop',
      'drop-after',
    ]);
  });

  it('hangs', async () => {
    fixture.slack.fault({ method: 'chat.postMessage', kind: 'hang' });
    const hung = post();
    const first = await Promise.race([
      hung.catch(() => 'ended'),
      new Promise((resolve) => setTimeout(resolve, 100, 'hung')),
    ]);
    expect(first).toBe('hung');
  });

  it('is out and back', async () => {
    fixture.slack.outage(true);
    await expect(post()).rejects.toMatchObject({ statusCode: 503 });
    fixture.slack.outage(false);
    expect(await errorOf(post())).toBe('ok');
  });

  it('says what it waited for in vain', async () => {
    await post('seen');
    await expect(fixture.slack.waitFor(() => undefined, 30, 'a miracle')).rejects.toThrow(
      /in vain for a miracle[\s\S]*seen/,
    );
  });
});

describe('rate limits', () => {
  it('slow posting into one channel, not into another', async () => {
    fixture = await withClient({ rateLimits: true });
    fixture.slack.addChannel({ id: 'C0MORE', members: ['U0DIMG'] });
    for (let count = 0; count < 3; count++) await post();
    await expect(post()).rejects.toMatchObject({ retryAfter: 1 });
    expect(await errorOf(post('x', 'C0MORE'))).toBe('ok');
    fixture.slack.advance(1000);
    expect(await errorOf(post())).toBe('ok');
    expect(fixture.slack.rejected).toEqual([]);
    await fixture.end();
  });

  it('are per method and tier', async () => {
    fixture = await withClient({ rateLimits: { 'chat.update': 1 } });
    const { client, slack } = fixture;
    const list = () => client.usergroups.users.list({ usergroup: 'S0SRE' });
    for (let count = 0; count < 20; count++) await list();
    await expect(list()).rejects.toMatchObject({ retryAfter: 3 });
    const { ts = '' } = await post();
    const update = () => client.chat.update({ channel, ts, text: 'y' });
    await update();
    await expect(update()).rejects.toMatchObject({ retryAfter: 60 });
    const answer = await fetch(`${slack.apiUrl}chat.update`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.botToken}` },
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '60']);
    await fixture.end();
  });
});

describe('what Slack lends', () => {
  const modal = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'T' }, blocks: [] };
  const grants = async () => {
    const { payload } = await fixture.slack.command({ user: 'U0ANA', channel, text: '' });
    return { trigger_id: String(payload.trigger_id), url: String(payload.response_url) };
  };
  const respond = async (url: string, body: object) =>
    (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).status;
  beforeEach(async () => {
    fixture = await withClient();
  });
  afterEach(() => fixture.end());

  it('a trigger for one use, within 3 s', async () => {
    const open = (trigger_id: string) => errorOf(fixture.client.views.open({ trigger_id, view: modal }));
    const { trigger_id } = await grants();
    expect([await open(trigger_id), await open(trigger_id), await open('none')]).toEqual([
      'ok',
      'exchanged_trigger_id',
      'invalid_trigger_id',
    ]);
    const late = await grants();
    fixture.slack.advance(3001);
    expect(await open(late.trigger_id)).toBe('expired_trigger_id');
  });

  it('a response_url for five uses, within 30 minutes', async () => {
    const { url } = await grants();
    const statuses = [];
    for (let count = 0; count < 6; count++) statuses.push(await respond(url, { text: `${count}` }));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
    expect(fixture.slack.ephemerals('U0ANA')).toHaveLength(5);
    const late = await grants();
    fixture.slack.advance(30 * 60_000 + 1);
    expect(await respond(late.url, { text: 'x' })).toBe(404);
    expect(fixture.slack.rejected.map((one) => one.error)).toEqual(['used_url', 'expired_url']);
  });

  it('a response_url that replaces, deletes, posts for all, and is checked', async () => {
    const { slack } = fixture;
    const { url } = await grants();
    await respond(url, { text: 'one', response_type: 'in_channel' });
    await respond(url, { text: 'two', replace_original: true });
    expect(slack.messages(channel).map((one) => one.text)).toEqual(['two']);
    await respond(url, { delete_original: true });
    expect(slack.messages(channel)).toEqual([]);
    expect(await respond(url, {})).toBe(400);
    expect(await respond(url, { text: 'x', blocks: [{ type: 'section' }] })).toBe(400);
    expect(slack.rejected.map((one) => one.error)).toEqual(['no_text', 'invalid_blocks']);
  });

  it('views that are pushed, updated by hash and published by hash', async () => {
    const { client, slack } = fixture;
    expect(await errorOf(client.views.push({ trigger_id: (await grants()).trigger_id, view: modal }))).toBe(
      'not_found',
    );
    const opened = await client.views.open({ trigger_id: (await grants()).trigger_id, view: modal });
    for (let count = 0; count < 2; count++)
      await client.views.push({ trigger_id: (await grants()).trigger_id, view: modal });
    expect(await errorOf(client.views.push({ trigger_id: (await grants()).trigger_id, view: modal }))).toBe(
      'push_limit_reached',
    );
    const { id: view_id = '', hash = '' } = opened.view ?? {};
    expect(await errorOf(client.views.update({ view_id, hash, view: modal }))).toBe('ok');
    expect(await errorOf(client.views.update({ view_id, hash, view: modal }))).toBe('hash_conflict');
    expect(await errorOf(client.views.update({ view_id: 'V9', view: modal }))).toBe('not_found');

    const view = { type: 'home' as const, blocks: [] };
    const home = await client.views.publish({ user_id: 'U0ANA', view });
    expect(await errorOf(client.views.publish({ user_id: 'U0ANA', view, hash: home.view?.hash ?? '' }))).toBe(
      'ok',
    );
    expect(await errorOf(client.views.publish({ user_id: 'U0ANA', view, hash: home.view?.hash ?? '' }))).toBe(
      'hash_conflict',
    );
    expect(slack.views().map((one) => one.type)).toEqual(['modal', 'modal', 'modal', 'home']);
    expect(await errorOf(clientOf(slack).views.publish({ user_id: 'U9', view }))).toBe('invalid_arguments');
  });
});

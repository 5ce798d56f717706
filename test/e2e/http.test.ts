import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { freePort } from '../../playground/parts/port.ts';
import { expectAsPlanned } from './_card.ts';
import { openStage, type Stage, wait } from './_world.ts';

const SECRET = 'a-signing-secret';

describe.skipIf(skipWithout('the bot by HTTP', 'redis', 'engines'))('HTTP', () => {
  let stage: Stage;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/slack/events`;
    stage = await openStage('http', {
      hosts: ['host-1'],
      slack: { requestUrl: { url, signingSecret: SECRET } },
      botEnv: { SLACK_APP_TOKEN: '', SLACK_SIGNING_SECRET: SECRET, PORT: String(port) },
      load: (world) =>
        loadImages(world.engine('host-1').docker, {
          loose: { tags: [], layers: [{ name: 'loose', bytes: 90_000 }] },
        }),
    });
  });
  afterAll(() => stage?.close());

  /** The same body as Slack's own, signed by us. */
  async function post(text: string, secret: string, at = Math.floor(Date.now() / 1000)): Promise<number> {
    const body = new URLSearchParams({
      ...{ token: 'x', team_id: 'T0TEAM', user_id: 'U0ANA', user_name: 'ana', api_app_id: 'A0DIMG' },
      ...{
        channel_id: 'C0OPS',
        channel_name: 'ops',
        command: '/dimg',
        text,
        trigger_id: `t-${Math.random()}`,
      },
      response_url: `${stage.slack.url}/nowhere`,
    }).toString();
    const signature = `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': signature,
      },
      body,
    });
    return response.status;
  }

  test('what Slack did not sign gets 401 and does nothing', async () => {
    const before = await stage.witness().snapshot();
    expect(await post('prune host-1 -f', 'another-secret')).toBe(401);
    expect(await post('prune host-1 -f', SECRET, Math.floor(Date.now() / 1000) - 600)).toBe(401);
    const bare = await fetch(url, { method: 'POST', body: 'text=prune' });
    expect(bare.status).toBe(401);
    await wait(1000);
    expect(stage.slack.messages('C0OPS')).toEqual([]);
    expect(await stage.witness().snapshot()).toEqual(before);
    // The same request with the right secret is heard: it is the signature that made the difference.
    expect(await post('help', SECRET)).toBe(200);
  });

  test('a command is planned, and a press deletes', async () => {
    expect(await stage.ana.told('/dimg hosts')).toContain('host-1 online');
    const card = await stage.ana.asks('/dimg prune host-1');
    const shown = card.now();
    const before = await stage.witness().snapshot();
    const refused = await stage.bo.presses(card, 'Delete');
    expect(await refused.told()).toContain('Only @ana');
    await stage.ana.presses(card, 'Delete');
    expect((await card.ends()).text).toContain('deleted 1 of 1, 90 kB');
    expectAsPlanned(shown.host().goes, before, await stage.witness().snapshot());
  });
});

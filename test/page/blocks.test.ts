import { request } from 'node:http';
import type { App } from '@slack/bolt';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../../playground/page/chromium.ts';
import { startPage } from '../../playground/page/server.ts';
import { type Fixture, withApp } from '../playground/slack/_app.ts';
import { skipWithoutChromium, type Visit, visit } from './_page.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const button = (action_id: string, label: string, more = {}) => ({
  type: 'button' as const,
  action_id,
  text: plain(label),
  ...more,
});
const option = (value: string) => ({ text: plain(`option ${value}`), value });

/** An app that uses more of Slack than dimg does. */
function listen(heard: string[]) {
  return (app: App): void => {
    app.command('/dimg', async ({ command, ack }) => {
      if (command.text !== 'silent') await ack('heard');
    });
    app.action('sure', async ({ ack, body }) => {
      await ack();
      heard.push(`sure by ${body.user.id}`);
    });
    app.action('row', async ({ ack, action }) => {
      await ack();
      heard.push(`row ${(action as { value?: string }).value}`);
    });
    app.action('never', async () => {});
    app.action('pick', async ({ ack, action }) => {
      await ack();
      heard.push(`picked ${(action as { selected_option?: { value: string } }).selected_option?.value}`);
    });
    app.action('open', async ({ ack, body, client }) => {
      await ack();
      await client.views.open({
        trigger_id: (body as { trigger_id: string }).trigger_id,
        view: {
          type: 'modal',
          callback_id: 'form',
          title: plain('A form'),
          submit: plain('Send'),
          blocks: [
            {
              type: 'input',
              block_id: 'why',
              label: plain('Why'),
              element: { type: 'plain_text_input', action_id: 'a' },
            },
            {
              type: 'input',
              block_id: 'how',
              label: plain('How'),
              element: { type: 'static_select', action_id: 'b', options: [option('1'), option('2')] },
            },
          ],
        },
      });
    });
    app.view('form', async ({ ack, view }) => {
      const { why, how } = view.state.values;
      const words = `${why?.a?.value} ${how?.b?.selected_option?.value}`;
      if (words.startsWith('no')) return ack({ response_action: 'errors', errors: { why: 'more, please' } });
      await ack();
      heard.push(`form ${words}`);
    });
    app.event('app_home_opened', async ({ event, client }) => {
      await client.views.publish({
        user_id: event.user,
        view: { type: 'home', blocks: [{ type: 'header', text: plain('At home') }] },
      });
    });
  };
}

describe.skipIf(skipWithoutChromium('Block Kit in a browser'))('blocks', () => {
  const heard: string[] = [];
  let fixture: Fixture;
  let browser: Browser;
  let page: Awaited<ReturnType<typeof startPage>>;
  let ana: Visit;

  beforeAll(async () => {
    fixture = await withApp({ ackTimeout: 300 }, listen(heard));
    page = await startPage({ slack: fixture.slack, engines: new Map(), kind: 'simulated' });
    browser = await openChromium();
    ana = await visit(await browser.newContext({ timezoneId: 'Asia/Tokyo' }), page.url);
  });
  afterAll(async () => {
    await browser?.close();
    await page?.close();
    await fixture?.end();
  });
  afterEach(() => {
    expect(ana.wrong).toEqual([]);
    expect(fixture.slack.rejected).toEqual([]);
  });

  const post = async (...blocks: object[]) => {
    await fixture.client.chat.postMessage({
      channel: 'C0OPS',
      text: 'blocks',
      blocks: blocks as never,
      unfurl_links: false,
      unfurl_media: false,
    });
    return ana.channel.locator('.message').last();
  };
  const hears = (words: string) => expect.poll(() => heard, { timeout: 5000 }).toContain(words);

  test('texts, rich text, tables and dates are drawn', async () => {
    const at = Date.UTC(2024, 0, 31, 22, 30) / 1000;
    const message = await post(
      { type: 'header', text: plain('A header') },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: `*bold* \`<none>\` &lt;b&gt; <!date^${at}^{date_num} {time}|x>` },
      },
      { type: 'divider' },
      {
        type: 'rich_text',
        elements: [
          { type: 'rich_text_section', elements: [{ type: 'text', text: 'rich', style: { bold: true } }] },
        ],
      },
      {
        type: 'table',
        rows: [
          [
            { type: 'raw_text', text: 'host <b>' },
            { type: 'raw_text', text: 'size' },
          ],
          [
            { type: 'raw_text', text: 'host-1' },
            { type: 'raw_number', value: 12, text: '12' },
          ],
        ],
      },
    );
    await message.getByRole('heading', { name: 'A header' }).waitFor();
    expect(await message.locator('.section').textContent()).toMatch(/^bold <none> <b> 2024-02-01 0?7:30.AM$/);
    expect(await message.locator('table').textContent()).toMatch(/host <b>\s*size\s*host-1\s*12/);
    expect(await message.textContent()).toContain('rich');
  });

  test('a button asks first; the same button in two rows is two; a menu tells its choice', async () => {
    const confirm = {
      title: plain('Sure?'),
      text: plain('All of them.'),
      confirm: plain('Yes'),
      deny: plain('No'),
    };
    const row = (value: string) => ({
      type: 'section',
      block_id: `row-${value}`,
      text: plain(`row ${value}`),
      accessory: button('row', `Take ${value}`, { value }),
    });
    const message = await post(row('a'), row('b'), {
      type: 'actions',
      elements: [
        button('sure', 'Do it', { confirm, style: 'danger' }),
        button('never', 'Wait'),
        {
          type: 'static_select',
          action_id: 'pick',
          placeholder: plain('Pick one'),
          options: [option('x'), option('y')],
        },
      ],
    });
    await message.getByRole('button', { name: 'Do it' }).click();
    const dialog = ana.page.getByRole('dialog', { name: 'Sure?' });
    await dialog.getByRole('button', { name: 'No' }).click();
    await message.getByRole('button', { name: 'Do it' }).click();
    await dialog.getByRole('button', { name: 'Yes' }).click();
    await hears('sure by U0ANA');
    expect(heard).toEqual(['sure by U0ANA']);
    await message.getByRole('button', { name: 'Take b' }).click();
    await hears('row b');
    await message.getByLabel('Pick one').selectOption('y');
    await hears('picked y');

    const slow = message.getByRole('button', { name: 'Wait' });
    await slow.click();
    expect(await slow.getAttribute('aria-busy')).toBe('true');
    await message.getByText('Operation timed out. Apps need to respond within 3 seconds.').waitFor();
    expect(await slow.getAttribute('aria-busy')).toBe('false');
  });

  test('what fails is said as Slack says it, to the author alone', async () => {
    await ana.type('/dimg silent');
    const said = ana.channel.getByText('/dimg failed with the error "operation_timeout"');
    await said.waitFor();
    await ana.type('/other thing');
    await ana.channel.getByText('/other is not a valid command.').waitFor();
    await ana.be('bo');
    expect(await said.count()).toBe(0);
    await ana.be('ana');
  });

  test('a modal opens, says what is missing, and is sent', async () => {
    const message = await post({ type: 'actions', elements: [button('open', 'Open')] });
    await message.getByRole('button', { name: 'Open' }).click();
    const modal = ana.page.getByRole('dialog', { name: 'A form' });
    await modal.getByLabel('Why').fill('no');
    await modal.getByRole('button', { name: 'Send' }).click();
    await modal.getByText('Please complete this required field.').waitFor();
    await modal.getByLabel('How').selectOption('2');
    await modal.getByRole('button', { name: 'Send' }).click();
    await modal.getByText('more, please').waitFor();
    await modal.getByLabel('Why').fill('because');
    await modal.getByRole('button', { name: 'Send' }).click();
    await hears('form because 2');
    await modal.waitFor({ state: 'detached' });
    await message.getByRole('button', { name: 'Open' }).click();
    await modal.waitFor();
    await ana.page.keyboard.press('Escape');
    await modal.waitFor({ state: 'detached' });
  });

  test('the Home tab is what the app published', async () => {
    await ana.page.getByRole('navigation').getByRole('button', { name: 'dimg' }).click();
    await ana.page.getByRole('heading', { name: 'At home' }).waitFor();
    await ana.page.getByRole('navigation').getByRole('button', { name: 'ops' }).click();
  });

  test('other pages and other names of this machine get nothing', async () => {
    const deed = { do: 'write', channel: 'C0OPS', text: 'from elsewhere' };
    const json = { 'content-type': 'application/json' };
    expect(await ask(page.url, 'GET', '/', { host: 'evil.example' })).toBe(403);
    expect(
      await ask(page.url, 'POST', '/deeds?as=U0ANA', { ...json, origin: 'http://evil.example' }, deed),
    ).toBe(403);
    expect(await ask(page.url, 'POST', '/deeds?as=U0ANA', { 'content-type': 'text/plain' }, deed)).toBe(403);
    expect(await ask(page.url, 'GET', '/scene?as=U0NOBODY')).toBe(404);
    expect(await ask(page.url, 'GET', '/files/F0001?as=U0ANA')).toBe(404);
    expect(await ask(page.url, 'GET', '/')).toBe(200);
    expect(fixture.slack.messages().some(({ text }) => text === 'from elsewhere')).toBe(false);
  });
});

/** The status of a request with any headers, which fetch would not send. */
function ask(
  base: string,
  method: string,
  path: string,
  headers = {},
  body?: object,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, base), { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}

import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../../playground/page/chromium.ts';
import { startPage } from '../../playground/page/server.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { createScope } from '../../playground/parts/scope.ts';
import { loadSamples } from '../../playground/samples.ts';
import { startWorld, type World } from '../../playground/world.ts';
import { skipWithoutChromium, type Visit, visit } from './_page.ts';

const HOSTS = ['host-1', 'host-2'];
const MANY = 300;
const SOON = { timeout: 15_000 };

describe.skipIf(skipWithoutChromium('the page in a browser', 'redis', 'engines', 'busybox'))(
  'the page',
  () => {
    const scope = createScope('page');
    let world: World;
    let browser: Browser;
    let context: BrowserContext;
    let url: string;
    let ana: Visit;

    beforeAll(async () => {
      world = await startWorld(scope, { hosts: HOSTS });
      await Promise.all([
        loadSamples(world.engine('host-1').docker, 'host-1', Date.now()),
        loadImages(world.engine('host-1').docker, dangling(30)),
        loadImages(world.engine('host-2').docker, dangling(MANY)),
      ]);
      [browser] = await Promise.all([
        openChromium(),
        world.startBot(),
        ...HOSTS.map((host) => world.startAgent(host)),
      ]);
      const page = await startPage({ slack: world.slack, engines: world.engines, kind: 'real' });
      scope.defer(() => page.close());
      url = page.url;
      context = await browser.newContext({ acceptDownloads: true });
      ana = await visit(context, url);
    });
    afterAll(async () => {
      await browser?.close();
      await scope.close();
    });
    afterEach(() => {
      expect(ana.wrong).toEqual([]);
      expect(world.slack.rejected).toEqual([]);
    });

    const images = async (host: string) => (await world.engine(host).docker.listImages()).length;

    test('a prune: asked, pressed, and seen to its end without a reload', async () => {
      const before = await images('host-1');
      await ana.page.evaluate(() => Object.assign(globalThis, { sameDocument: true }));
      await expect
        .poll(() => ana.host('host-1').textContent(), SOON)
        .toContain(`${before} images · 32 dangling`);
      await expect.poll(() => ana.host('host-1').textContent(), SOON).toContain('web-1 runs');
      await ana.type('/dimg prune host-1');
      await ana.card('proposed').getByText('and 11 more, in the thread').waitFor(SOON);

      await ana.card().getByRole('button', { name: '1 reply' }).click();
      const thread = ana.page.getByRole('complementary', { name: 'Thread' });
      const rows = await thread.locator('.message').last().textContent();
      expect(rows?.match(/^• <none>:<none> [0-9a-f]{12} frees/gm)).toHaveLength(32);
      await ana.page.getByRole('button', { name: 'Close the thread' }).click();

      await ana.card().getByRole('button', { name: 'Delete 32 images' }).click();
      await ana.card('done').getByText('Deleted 32 of 32').waitFor(SOON);
      expect(
        await ana
          .card()
          .getByRole('button', { name: /Delete|Cancel/ })
          .count(),
      ).toBe(0);
      expect(await images('host-1')).toBe(before - 32);
      await ana
        .host('host-1')
        .getByText(`${before - 32} images · 2 containers`)
        .waitFor(SOON);
      expect(await ana.page.getByRole('status').textContent()).toContain(
        'done · prune host-1 · deleted 32 of 32',
      );
      expect(await ana.page.evaluate(() => 'sameDocument' in globalThis)).toBe(true);
    });

    test('a force delete: a private refusal, and then the approval of another', async () => {
      const other = await visit(context, url, 'U0BO');
      await ana.type('/dimg rmi host-1 job:7 -f');
      await ana.card('proposed').getByRole('button', { name: 'Approve' }).click();
      const refusal = 'You asked for #2 yourself: somebody else must approve it.';
      const told = ana.channel.locator('.message.private', { hasText: refusal });
      await told.getByText('Only visible to you').waitFor(SOON);
      await other.card('proposed').getByRole('button', { name: 'Approve' }).waitFor(SOON);
      expect(await other.page.content()).not.toContain('somebody else must');

      // The same window as somebody else: what was private to ana is not in it.
      await ana.be('bo');
      await ana.card('proposed').getByRole('button', { name: 'Deny' }).waitFor(SOON);
      expect(await told.count()).toBe(0);
      await ana.card().getByRole('button', { name: 'Approve' }).click();
      await ana.card('done').getByText('approved by @bo').waitFor(SOON);
      await other.card('done').waitFor(SOON);
      const names = (await world.engine('host-1').docker.listImages()).flatMap(
        ({ RepoTags }) => RepoTags ?? [],
      );
      expect(names).not.toContain('job:7');
      expect(other.wrong).toEqual([]);
      await other.page.close();
      await ana.be('ana');
      await told.waitFor(SOON);
    });

    test('Home shows each person what waits for them, and leads to its card', async () => {
      await ana.type('/dimg rmi host-1 web:1 -f');
      const number = await ana.card('proposed').locator('strong', { hasText: '#' }).first().textContent();
      await ana.go('dimg');
      const home = ana.page.getByRole('region', { name: 'App Home' });
      const row = home.locator('.section', { hasText: `${number} rmi host-1 web:1 -f` });
      await row.getByText('waits for an approver (force): @bo, @cy').waitFor(SOON);
      await home.getByText('Nothing waits for you.').waitFor(SOON);
      // The same window as somebody else has their Home tab.
      await ana.be('bo');
      await row.getByText('waits for an approver (force) ·').waitFor(SOON);
      expect(await home.getByText('Nothing waits for you.').count()).toBe(0);
      await row.getByRole('button', { name: `Show ${number}` }).click();
      await expect.poll(() => ana.card('proposed').isVisible(), SOON).toBe(true);
      await ana.card('proposed').getByRole('button', { name: 'Deny' }).click();
      const form = ana.page.getByRole('dialog', { name: `Deny ${number}` });
      await form.getByLabel('Reason').fill('not before the release');
      await form.getByRole('button', { name: 'Deny' }).click();
      await ana.card('denied').getByText('Denied: not before the release.').waitFor(SOON);
      expect(await form.count()).toBe(0);
      await ana.be('ana');
    });

    test('a long plan is a file in the thread, and downloads', async () => {
      await ana.type('/dimg prune host-2 -a');
      await ana.card('proposed').getByRole('button', { name: '1 reply' }).click(SOON);
      const [download] = await Promise.all([
        ana.page.waitForEvent('download'),
        ana.page.getByRole('link', { name: 'Download' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('plan-4.txt');
      const text = await readFile(await download.path(), 'utf8');
      const [file] = world.slack.files();
      expect(text).toBe(file?.content.toString());
      expect(text.match(/^• /gm)).toHaveLength(MANY);
      await ana.page.getByRole('button', { name: 'Close the thread' }).click();
      await ana.card().getByRole('button', { name: 'Cancel' }).click();
      await ana.card('cancelled').waitFor(SOON);
    });

    test('history is there for everybody', async () => {
      await ana.type('/dimg history --since 1h');
      await ana.channel.getByText('ended cancelled: 0 images').last().waitFor(SOON);
    });

    test('what people and labels say is text', async () => {
      const evil =
        '<img src="http://192.0.2.1/x" onerror="document.title=1"><script>document.title=2</script>';
      await ana.type(`${evil} *really*`);
      const said = ana.channel.locator('.message', { hasText: 'really' }).last();
      await said.waitFor(SOON);
      expect(await said.locator('.words').textContent()).toBe(`${evil} really`);
      expect(await said.locator('strong', { hasText: 'really' }).count()).toBe(1);
      await ana.type(`/dimg prune host-1 --label 'x=<b>&lt;script>'`);
      const card = ana.card('empty');
      await card.getByText('x=<b>&lt;script>').waitFor(SOON);
      expect(await card.locator('img, script, b').count()).toBe(0);
      expect(await ana.page.title()).toBe('dimg playground');
    });

    test('an offered first command is sent with Enter; a thread takes an answer and no command', async () => {
      await ana.channel.getByRole('button', { name: '/dimg hosts' }).click();
      await ana.page.keyboard.press('Enter');
      await ana.channel.locator('.message.private', { hasText: 'host-2 online' }).waitFor(SOON);
      await ana.card('done').hover();
      await ana.card('done').getByRole('button', { name: 'Reply in thread' }).click();
      const thread = ana.page.getByRole('complementary', { name: 'Thread' });
      await ana.page.keyboard.type('thanks\n/dimg hosts\n');
      await thread.getByText('/dimg is not supported in threads. Sorry!').waitFor(SOON);
      await thread.getByText('thanks').waitFor(SOON);
      // Below what told the approvers, and ana that it was decided.
      await ana.card('done').getByRole('button', { name: '3 replies' }).waitFor(SOON);
      await ana.page.getByRole('button', { name: 'Close the thread' }).click();
    });

    test('an arrow brings a command back, and / offers the command', async () => {
      const field = ana.page.getByLabel('Message #ops');
      await field.press('ArrowUp');
      expect(await field.inputValue()).toBe('/dimg hosts');
      await field.fill('/');
      await ana.page.getByRole('button', { name: /Plan and delete Docker images/ }).waitFor();
      await field.press('Enter');
      expect(await field.inputValue()).toBe('/dimg ');
      await field.fill('');
    });
  },
);

function dangling(count: number) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `i${i}`,
      {
        tags: [],
        comment: `image ${i}`,
        layers: [
          { name: 'common', bytes: 100_000 },
          { name: `layer ${i % 5}`, bytes: 10_000 },
        ],
      },
    ]),
  );
}

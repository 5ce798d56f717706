import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromium } from '../../playground/page/chromium.ts';
import { startPage } from '../../playground/page/server.ts';
import { type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { pushSamples } from '../../playground/registries.ts';
import { startSlack } from '../../playground/slack/index.ts';
import { skipWithoutChromium, type Visit, visit } from './_page.ts';

const SOON = { timeout: 15_000 };

const lacking = skipWithoutChromium('a registry on the page', 'registry');
describe.skipIf(lacking)('a registry on the page', () => {
  let scope: Scope;
  let registry: Registry;
  let browser: Browser;
  let ana: Visit;

  beforeAll(async () => {
    scope = createScope('page-registry');
    registry = await startRegistry(scope);
    await pushSamples(registry.url, Date.now());
    const slack = await startSlack();
    scope.defer(() => slack.close());
    const registries = new Map([['main', registry]]);
    const page = await startPage({ slack, engines: new Map(), registries, kind: 'real' });
    scope.defer(() => page.close());
    browser = await openChromium();
    ana = await visit(await browser.newContext(), page.url);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await scope?.close();
  });

  test('is offered to begin with', async () => {
    await ana.channel
      .getByRole('button', { name: '/dimg registry prune main/team/app --keep 1' })
      .click(SOON);
    expect(await ana.page.getByLabel('Message #ops').inputValue()).toBe(
      '/dimg registry prune main/team/app --keep 1',
    );
    expect(ana.wrong).toEqual([]);
  });

  test('is shown as it says itself, and loses what is deleted', async () => {
    const text = () => ana.host('main').textContent();
    await expect.poll(text, SOON).toMatch(/main registry.*10 manifests · 12 tags/);
    expect(await text()).toContain('team/app:2.0, team/app:latest');
    const url = `${registry.url}/v2/team/web/manifests`;
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    const { headers: found } = await fetch(`${url}/2`, { method: 'HEAD', headers });
    await fetch(`${url}/${found.get('docker-content-digest')}`, { method: 'DELETE' });
    await expect.poll(text, SOON).toContain('9 manifests · 11 tags');
    await expect.poll(text, SOON).not.toContain('team/web:2');
    expect(ana.wrong).toEqual([]);
  });

  test('that is gone says so', async () => {
    await registry.stop();
    await ana.host('main').getByRole('alert').waitFor(SOON);
    expect(await ana.host('main').textContent()).toContain('team/web:3');
  });
});

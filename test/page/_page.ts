import type { BrowserContext, Locator, Page } from 'playwright-core';
import { chromiumAvailable } from '../../playground/page/chromium.ts';
import { skipWithout } from '../../playground/parts/available.ts';

/** As `skipWithout`, for what needs a browser as well. */
export function skipWithoutChromium(what: string, ...parts: Parameters<typeof skipWithout>[1][]): boolean {
  const chromium = chromiumAvailable();
  if (chromium === true) return skipWithout(what, ...parts);
  if (!['', '0', 'false'].includes(process.env.CI ?? '')) return false;
  console.log(`Not tested: ${what}. ${chromium}`);
  return true;
}

/** Opens the page as somebody, and keeps what went wrong in it. */
export async function visit(context: BrowserContext, url: string, as = 'U0ANA') {
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) wrong.push(`asked for ${request.url()}`);
  });
  await page.goto(`${url}?as=${as}`);
  return { page, wrong, ...handsOn(page) };
}
export type Visit = Awaited<ReturnType<typeof visit>>;

function handsOn(page: Page) {
  const channel = page.getByRole('main');
  return {
    channel,
    async type(line: string): Promise<void> {
      await page.getByLabel('Message #ops').fill(line);
      await page.keyboard.press('Enter');
    },
    /** A card by its number, or the newest. */
    card: (state?: string): Locator =>
      channel
        .locator(state === undefined ? '.message[data-state]' : `.message[data-state="${state}"]`)
        .last(),
    async be(name: string): Promise<void> {
      await page.getByRole('radio', { name }).check({ force: true });
      await page.locator(`[data-me="U0${name.toUpperCase()}"]`).waitFor();
    },
    /** Goes to the app's Home tab, or to a channel. */
    go: (place: string): Promise<void> =>
      page.getByRole('navigation').getByRole('button', { name: place }).click(),
    host: (name: string): Locator => page.getByRole('region', { name }),
  };
}

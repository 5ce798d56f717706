import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';

/** A page with somebody at it, who takes pictures. */
export function stageOf(page: Page, dir: string) {
  let n = 0;
  const cards = page.locator('main .message[data-state]');
  const card = () => cards.last();
  const type = async (line: string): Promise<void> => {
    await page.getByLabel('Message #ops').fill(line);
    await page.keyboard.press('Enter');
  };
  return {
    card,
    type,
    /** Types, and waits for the new card. */
    async ask(line: string): Promise<void> {
      const count = await cards.count();
      await type(line);
      await cards.nth(count).waitFor({ timeout: 20_000 });
    },
    async press(label: string): Promise<void> {
      await card().getByRole('button', { name: label }).first().click();
    },
    async be(name: string): Promise<void> {
      await page.getByRole('radio', { name }).check({ force: true });
      await sleep(400);
    },
    async told(words: string): Promise<void> {
      await page.locator('.message.private', { hasText: words }).last().waitFor();
    },
    async state(state: string, timeout = 20_000): Promise<void> {
      await card()
        .and(page.locator(`[data-state="${state}"]`))
        .waitFor({ timeout });
    },
    /** Cards that are planned, however that came out. */
    settled: () => page.locator('[data-state]:not([data-state="planning"])'),
    /** Goes to the app's Home tab, or to a channel. */
    async go(place: string): Promise<void> {
      await page.getByRole('navigation').getByRole('button', { name: place }).click();
      await sleep(600);
    },
    async shot(name: string, of?: Locator): Promise<void> {
      const path = join(dir, `${String(++n).padStart(2, '0')}-${name}.png`);
      await page.mouse.move(0, 0);
      await (of ?? page).screenshot({ path });
      console.log(path);
    },
  };
}

/** For the README: the newest card alone, in a narrow window. */
export async function picture(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 720, height: 800 }, deviceScaleFactor: 1.25 });
  await page.goto(url);
  await page.locator('.message[data-state="proposed"]').last().screenshot({ path: 'docs/card.png' });
  await page.close();
}

/** Images without a name, in number. */
export function dangling(name: string, count: number) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `${name} ${i}`,
      {
        tags: [],
        comment: `${name} ${i}`,
        created: new Date(Date.now() - (i + 1) * 3_600_000),
        layers: [
          { name: 'base', bytes: 3_000_000 },
          { name: `${name} ${i % 10}`, bytes: 200_000 * ((i % 10) + 1) },
        ],
      },
    ]),
  );
}

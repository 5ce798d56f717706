import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';

/** A page with somebody at it, who takes pictures. */
export function stageOf(page: Page, dir: string) {
  let n = 0;
  const card = () =>
    page
      .locator('main .message')
      .filter({ hasText: /^.*#\d+/ })
      .filter({ hasNotText: 'Only visible' })
      .last();
  return {
    card,
    async type(line: string): Promise<void> {
      await page.getByLabel('Message #ops').fill(line);
      await page.keyboard.press('Enter');
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
    async shot(name: string, of?: Locator): Promise<void> {
      const path = join(dir, `${String(++n).padStart(2, '0')}-${name}.png`);
      await page.mouse.move(0, 0);
      await (of ?? page).screenshot({ path });
      console.log(path);
    },
  };
}

/** For the README: the card alone, with a margin. */
export async function picture(page: Page, card: Locator): Promise<void> {
  mkdirSync('docs', { recursive: true });
  await page.mouse.move(0, 0);
  await card.screenshot({ path: 'docs/card.png' });
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

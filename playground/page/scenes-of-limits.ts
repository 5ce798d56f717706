import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shooting } from './shooting.ts';

/** Lists below a card, the history, and mistakes. */
export async function long({ page, stage }: Shooting): Promise<void> {
  const { type, ask, card, press, shot, state } = stage;
  await ask('/dimg prune host-2');
  await state('proposed');
  await card()
    .getByRole('button', { name: /repl(y|ies)/ })
    .click();
  await sleep(500);
  await shot('thread');
  await page.getByRole('button', { name: 'Close the thread' }).click();
  await press('Delete');
  await sleep(900);
  await shot('executing-page');
  await state('done');
  await ask('/dimg prune host-3');
  await state('proposed');
  await card()
    .getByRole('button', { name: /repl(y|ies)/ })
    .click();
  await page.getByRole('link', { name: 'Download' }).waitFor();
  await shot('file');
  await page.getByRole('button', { name: 'Close the thread' }).click();
  await press('Cancel');
  await type('/dimg history');
  await sleep(1500);
  await shot('history');
  await type('/dimg prnue host-3');
  await type('/nothing');
  await sleep(1000);
  await shot('mistakes');
}

/** In the dark, and on a narrow screen. */
export async function dressed({ page, stage }: Shooting): Promise<void> {
  const { ask, shot, state } = stage;
  await page.emulateMedia({ colorScheme: 'dark' });
  await ask('/dimg prune host-2,host-3');
  await state('proposed');
  await shot('dark');
  await page.setViewportSize({ width: 420, height: 860 });
  await shot('narrow-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await shot('narrow');
  await page.getByRole('button', { name: 'Hosts', exact: true }).click();
  await shot('narrow-hosts');
  await page.getByRole('button', { name: 'Hosts', exact: true }).click();
  await page.getByRole('button', { name: 'Channels and people' }).click();
  await shot('narrow-rail');
  await page.getByRole('button', { name: 'Channels and people' }).click();
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** Engines, agents and bots that are gone. */
export async function failing({ world, scope, agent, bot, page, stage }: Shooting): Promise<void> {
  const { type, ask, card, press, shot, state } = stage;
  // An engine that is gone when its turn comes.
  await ask('/dimg rmi host-3 app:1 app:2 web:2');
  await state('proposed');
  await world.engine('host-3').kill();
  await press('Delete');
  await state('failed', 30_000);
  await shot('failed', card());
  await world.engine('host-3').restart();

  // The agent dies in the middle of its work; the same bot waits for it in vain.
  await ask('/dimg prune host-1 -a');
  await state('proposed');
  agent?.kill('SIGSTOP');
  await press('Delete');
  await state('executing');
  await bot?.stop();
  await type('/dimg hosts');
  await page.getByText('failed with the error').waitFor();
  await shot('bot-away');
  const short = join(scope.dir, 'short.yaml');
  writeFileSync(short, 'approval:\n  approvers: [U0BO]\n  expires: 10s\n');
  await world.startBot({ DIMG_CONFIG: short });
  await ask('/dimg prune host-2 -a');
  await state('proposed');
  await state('expired', 20_000);
  await shot('expired', card());
  await ask('/dimg prune host-1');
  await state('refused', 60_000);
  await shot('refused', card());
  const lost = page.locator('[data-state="unknown"]').last();
  await lost.waitFor({ timeout: 90_000 });
  await shot('unknown', lost);
}

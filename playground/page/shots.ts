import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lacking } from '../parts/available.ts';
import { runContainer } from '../parts/containers.ts';
import { loadImages } from '../parts/images.ts';
import { createScope } from '../parts/scope.ts';
import { loadSamples } from '../samples.ts';
import { startWorld } from '../world.ts';
import { chromiumAvailable, openChromium } from './chromium.ts';
import { startPage } from './server.ts';
import { dangling, picture, stageOf } from './stage.ts';

const HOSTS = ['host-1', 'host-2', 'host-3'];
const USAGE = `Usage: node --import tsx playground/page/shots.ts [--readme] [DIR]
Takes a picture of every state of a card, and of what else the page shows, for somebody to look at.
--readme also writes docs/card.png.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { readme: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chromium = chromiumAvailable();
  const missing = lacking('redis', 'engines', 'busybox') ?? (chromium === true ? undefined : chromium);
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  const dir = positionals[0] ?? 'shots';
  mkdirSync(dir, { recursive: true });
  await take(dir, values.readme === true);
  return 0;
}

// --- internal ---

async function take(dir: string, readme: boolean): Promise<void> {
  const scope = createScope('shots');
  try {
    const world = await startWorld(scope, { hosts: HOSTS });
    const docker = (host: string) => world.engine(host).docker;
    await Promise.all(HOSTS.map((host) => loadSamples(docker(host), host, Date.now())));
    await loadImages(docker('host-2'), dangling('few', 40));
    await loadImages(docker('host-3'), dangling('many', 160));
    const [bot, agent] = await Promise.all([
      world.startBot(),
      ...HOSTS.map((host) => world.startAgent(host)),
    ]);
    const served = await startPage({ slack: world.slack, engines: world.engines, kind: 'real' });
    scope.defer(() => served.close());
    const browser = await openChromium();
    scope.defer(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
    await page.goto(served.url);
    const stage = stageOf(page, dir);
    const { type, ask, card, press, be, go, shot, state } = stage;

    await shot('start');
    await go('dimg');
    await shot('home-empty');
    await go('ops');
    await type('/dimg hosts');
    await stage.told('online');
    await shot('hosts-answer');
    // The agent is held still, so that the picture of what passes quickly can be taken.
    agent?.kill('SIGSTOP');
    await ask('/dimg prune host-1');
    await state('planning');
    await shot('planning', card());
    agent?.kill('SIGCONT');
    await state('proposed');
    await shot('proposed', card());
    await shot('proposed-page');
    if (readme) {
      await press('Cancel');
      await state('cancelled');
      await ask('/dimg prune host-1 -a --until 3d');
      await state('proposed');
      await picture(browser, served.url);
      await press('Cancel');
      await state('cancelled');
      await ask('/dimg prune host-1');
      await state('proposed');
    }
    agent?.kill('SIGSTOP');
    await press('Delete');
    await state('executing');
    await shot('executing', card());
    agent?.kill('SIGCONT');
    await state('done');
    await shot('done', card());
    await sleep(1200);
    await shot('done-page');

    await ask('/dimg prune host-1');
    await state('empty');
    await shot('empty', card());
    await ask('/dimg rmi host-1 app:1 app:2 app:stable');
    await state('proposed');
    await docker('host-1').getImage('app:1').tag({ repo: 'app', tag: 'newer' });
    await press('Delete');
    await state('partial');
    await shot('partial', card());
    await ask('/dimg prune host-1 -a --not-repo app');
    await state('proposed');
    const busy = await runContainer(docker('host-1'), { image: 'base:1', name: 'busy-1', state: 'created' });
    await docker('host-1').getImage('web:2').tag({ repo: 'web', tag: 'next' });
    await docker('host-1').getImage('tools:2024').tag({ repo: 'precious', tag: '1' });
    await loadImages(docker('host-1'), dangling('late', 1));
    await press('Delete');
    await state('stale');
    await shot('stale', card());
    await press('Run again');
    await state('proposed');
    await shot('run-again', card());
    await shot('run-again-page');
    await press('Cancel');
    await state('cancelled');
    await busy.remove();
    for (const name of ['web:next', 'precious:1']) await docker('host-1').getImage(name).remove();
    await ask('/dimg rmi host-1 app:99');
    await sleep(1500);
    await shot('not-found');
    await ask('/dimg prune host-1 -a');
    await state('proposed');
    await press('Cancel');
    await state('cancelled');
    await shot('cancelled', card());

    await ask('/dimg rmi host-1 job:7 web:1 -f');
    await state('proposed');
    await shot('approval', card());
    await press('Approve');
    await stage.told('somebody else must approve it');
    await shot('private-refusal');
    await go('dimg');
    await shot('home-of-requester');
    await be('bo');
    await shot('home-of-approver');
    await be('gus');
    await shot('home-of-guest');
    await be('bo');
    await go('ops');
    await shot('as-bo');
    await press('Deny');
    const form = page.getByRole('dialog', { name: 'Deny #' });
    await form.getByLabel('Reason').fill('web:1 is what we would roll back to');
    await shot('deny-form');
    await form.getByRole('button', { name: 'Deny' }).click();
    await state('denied');
    await shot('denied', card());
    await be('ana');

    await ask('/dimg rmi host-1 app:latest app:newer');
    await state('proposed');
    await press('Delete');
    await state('done');
    await shot('can-be-undone', card());
    await press('Undo');
    await page.getByText(/Restored \d of \d/).waitFor();
    await shot('undone', card());
    await ask('/dimg prune host-1 -a --stopped-containers --not-repo app');
    await state('proposed');
    await shot('stopped-containers', card());
    await press('Cancel');
    await ask('/dimg prune host-1 -a --free 20GB --not-repo web --dry-run');
    await state('done');
    await shot('goal', card());
    await ask('/dimg prune host-1,host-3 -a --not-repo app --canary 1');
    await state('proposed');
    await press('Delete');
    await page.getByText('Waits:').waitFor();
    await shot('paused', card());
    await press('Cancel');
    await state('cancelled');
    await shot('cancelled-in-a-pause', card());

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
  } finally {
    await scope.close();
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { runContainer } from '../parts/containers.ts';
import { loadImages } from '../parts/images.ts';
import type { Shooting } from './shooting.ts';
import { dangling, picture } from './stage.ts';

/** What a newcomer sees, and one run from its planning to its end. */
export async function first({ agent, browser, url, stage, readme }: Shooting): Promise<void> {
  const { type, ask, card, press, go, shot, state } = stage;
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
    await picture(browser, url);
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
}

/** Hosts that change between the plan and the decision. */
export async function changed({ docker, stage }: Shooting): Promise<void> {
  const { ask, card, press, shot, state } = stage;
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
}

/** What needs somebody else, and what each person sees. */
export async function approved({ page, stage }: Shooting): Promise<void> {
  const { ask, card, press, be, go, shot, state } = stage;
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
}

/** What comes back, and what else a prune can be asked for. */
export async function brought({ page, stage }: Shooting): Promise<void> {
  const { ask, card, press, shot, state } = stage;
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
}

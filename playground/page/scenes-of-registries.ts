import { setTimeout as sleep } from 'node:timers/promises';
import { type Registry, startRegistry } from '../parts/registry.ts';
import { openPusher } from '../parts/registry-push.ts';
import { pushSamples, startRegistryAgent, startSampleRegistry } from '../registries.ts';
import type { Shooting } from './shooting.ts';

/** Images in a registry, from the first look to the end, and registries that refuse or are gone. */
export async function elsewhere(shooting: Shooting): Promise<void> {
  const { world, scope, stage } = shooting;
  const [main, off, gone] = await Promise.all([
    startSampleRegistry(scope, world, 'host-2', Date.now()),
    startRegistry(scope, { delete: false }),
    startRegistry(scope),
  ]);
  shooting.registries.set('main', main);
  await pushSamples(off.url, Date.now());
  const registries = { archive: off.url, mirror: gone.url };
  await startRegistryAgent(scope, world, { agent: 'registry-2', registries });
  await pruned(shooting);
  await refused(shooting, main);
  await gone.stop();
  await shooting.page.getByRole('region', { name: 'main' }).scrollIntoViewIfNeeded();
  // A heartbeat tells of it.
  await sleep(16_000);
  await stage.go('dimg');
  await stage.shot('home-with-registries');
  await stage.go('ops');
  await shooting.page.getByRole('region', { name: 'host-1' }).scrollIntoViewIfNeeded();
}

// --- internal ---

async function pruned({ stage }: Shooting): Promise<void> {
  const { type, ask, card, press, be, shot, state, told } = stage;
  await type('/dimg registry tags main/team/app');
  await told('a prune would delete 0');
  await shot('registry-tags');
  await type('/dimg registry tags main/team/* --keep 1 --until 90d');
  await told('would go');
  await shot('registry-tags-with-options');
  await ask('/dimg registry prune main/team/app --keep 1 --dry-run');
  await state('done');
  await shot('registry-dry-run', card());
  await ask('/dimg registry prune main/team/* --until 90d');
  await state('proposed');
  await shot('registry-proposed', card());
  await shot('registry-proposed-page');
  await be('bo');
  await press('Approve');
  await state('done');
  await shot('registry-done', card());
  await shot('registry-done-as-bo');
  await be('ana');
}

async function refused({ stage }: Shooting, main: Registry): Promise<void> {
  const { type, ask, card, press, be, shot, state } = stage;
  await ask('/dimg registry prune archive/team/app --keep 1');
  await state('refused');
  await shot('registry-deletion-off', card());
  await ask('/dimg registry rmi main/team/web:stable');
  await card().and(stage.settled()).waitFor();
  await shot('registry-one-tag', card());
  await ask('/dimg registry rmi main/team/web:1 main/team/web:stable main/team/app:pr-17 main/team/app:0.9');
  await state('proposed');
  await shot('registry-used', card());
  await openPusher({ url: main.url }).image('team/app', { tags: ['pr-17'] });
  await be('bo');
  await press('Approve');
  await state('partial');
  await shot('registry-partial', card());
  await be('ana');
  await ask('/dimg registry prune main/team/app --keep 9');
  await state('empty');
  await shot('registry-empty', card());
  await type('/dimg registry prune mian/team/app --keep 9');
  await type('/dimg hosts');
  await stage.told('served by the agent');
  await shot('registry-mistakes');
  await type('/dimg history --since 1h');
  await sleep(1500);
  await shot('registry-history');
}

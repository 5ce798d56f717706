import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { pullImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { openPusher, type Pusher } from '../../playground/parts/registry-push.ts';
import { openStage, type Stage, wait } from './_world.ts';

const DAY = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY);

const lacking = skipWithout('images in a registry', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('images in a registry', () => {
  let stage: Stage;
  let registry: Registry;
  let pusher: Pusher;

  beforeAll(async () => {
    stage = await openStage('registry', {
      hosts: ['host-1'],
      async load(world) {
        void world;
      },
    });
    registry = await startRegistry(stage.scope);
    pusher = openPusher({ url: registry.url });
    const config = join(stage.scope.dir, 'registry.yaml');
    writeFileSync(
      config,
      JSON.stringify({
        engine: false,
        'min-age': '0s',
        registries: [{ name: 'main', url: registry.url, repositories: ['team/*'] }],
      }),
    );
    await stage.world.startAgent('beside', { DIMG_AGENT_CONFIG: config });
  });
  afterAll(() => stage?.close());

  const tagsOf = async (repository: string): Promise<string[]> => {
    const answer = await fetch(`${registry.url}/v2/${repository}/tags/list`);
    const { tags } = (await answer.json()) as { tags: string[] | null };
    return (tags ?? []).sort();
  };
  const layers = (name: string) => [{ name, bytes: 20_000 }];

  test('are shown, planned, approved, deleted and counted', async () => {
    const one = await pusher.image('team/app', { layers: layers('one'), created: ago(100), tags: ['1'] });
    await pusher.signature('team/app', one.digest);
    await pusher.image('team/app', { layers: layers('two'), created: ago(50), tags: ['2', 'stable'] });
    const parts = [
      await pusher.image('team/app', { layers: layers('amd'), created: ago(40), platform: 'linux/amd64' }),
      await pusher.image('team/app', { layers: layers('arm'), created: ago(40), platform: 'linux/arm64' }),
    ];
    await pusher.index('team/app', parts, { tags: ['3'] });
    await pusher.image('team/app', { layers: layers('four'), created: ago(1), tags: ['4', 'latest'] });
    await pullImage(stage.docker(), `${registry.host}/team/app:2`);
    const used = { image: `${registry.host}/team/app:2`, state: 'created' as const, cmd: ['x'] };
    await runContainer(stage.docker(), used);
    await wait(4_000);
    console.log(await stage.ana.told('/dimg registry tags main/team/app --keep 1'));
    const card = await stage.ana.asks('/dimg registry prune main/team/app --keep 1 --until 30d');
    console.log(card.now().text, '\n', card.now().lines.join('\n'), card.now().buttons);
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    console.log(end.text, '\n', end.lines.join('\n'));
    console.log(await tagsOf('team/app'));
    expect(end.state).toBe('done');
  });
});

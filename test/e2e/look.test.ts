import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { openStage, type Stage } from './_world.ts';

describe.skipIf(skipWithout('looking at hosts and runs', 'redis', 'engines', 'busybox'))('to look at', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('e2e-look', {
      load: async (world) => {
        const base = { name: 'base', bytes: 1_000_000 };
        await loadImages(world.engine('host-1').docker, {
          one: { tags: ['app:1'], layers: [base, { name: 'one', bytes: 200_000 }] },
          two: { tags: [], layers: [base, { name: 'two', bytes: 300_000 }] },
        });
      },
    });
  });
  afterAll(() => stage.close());

  test('df tells what the engine itself says, and what a prune would free', async () => {
    const { LayersSize } = (await stage.docker().df()) as { LayersSize: number };
    expect(LayersSize).toBe(1_500_000);
    const told = await stage.ana.told('/dimg df all');
    expect(told).toMatch(/^host-1 disk \d+ % of .*, .* free$/m);
    expect(told).toContain('1.5 MB in 2 images: `prune` frees 300 kB (1), `prune -a` 1.5 MB (2)');
    expect(told).toContain('0 B in 0 images');
    expect(told.indexOf('host-1')).toBeLessThan(told.indexOf('host-2'));
  });

  test('hosts and images agree with the engine', async () => {
    const [image] = await stage.docker().listImages({ filters: { reference: ['app'] } });
    const { Version } = await stage.docker().version();
    expect(await stage.ana.told('/dimg hosts host-1')).toContain(`host-1 online · Docker ${Version}`);
    const told = await stage.ana.told('/dimg images host-1');
    expect(told).toContain(`\`app:1\` \`${image?.Id.slice(7, 19)}\` · 1.2 MB`);
    expect(told).toContain('stays: has a tag');
    expect(await stage.ana.told('/dimg images host-1 -a')).toContain('would go, frees 1.2 MB');
  });

  test('pending names what waits and for whom, and show tells a run in full', async () => {
    expect(await stage.ana.told('/dimg pending')).toBe('Nothing waits.');
    const card = await stage.ana.asks('/dimg prune host-1');
    expect(await stage.bo.told('/dimg pending')).toMatch(
      new RegExp(
        `#${card.number} \`prune host-1\` asked by @ana · 1 image, 300 kB, waits for @ana to confirm`,
      ),
    );
    const force = await stage.ana.asks('/dimg rmi host-1 app:1 -f');
    expect(await stage.bo.told('/dimg pending')).toContain('waits for an approver');
    await stage.ana.told(`/dimg cancel ${force.number}`);
    await stage.ana.told(`/dimg cancel ${card.number}`);
    expect(await stage.ana.told('/dimg pending')).toBe('Nothing waits.');

    await stage.ana.types(`/dimg show ${card.number}`);
    const shown = await stage.slack.waitFor(
      () =>
        stage.slack
          .messages('C0OPS')
          .find(
            ({ blocks }) =>
              JSON.stringify(blocks ?? '').includes('cancelled by') &&
              JSON.stringify(blocks).includes('plan `sha256:'),
          ),
      10_000,
      'the run in full',
    );
    expect(shown.text).toMatch(new RegExp(`^#${card.number} cancelled · prune host-1 · `));
    expect(await stage.ana.told('/dimg show 999')).toContain('There is no run #999.');
  });
});

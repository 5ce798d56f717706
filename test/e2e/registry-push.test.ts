import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { pushImage } from '../../playground/parts/registry.ts';
import { skopeoCopy } from '../../playground/parts/skopeo.ts';
import { ago, layers, openRegistryStage, type RegistryStage } from './_registry.ts';

const lacking = skipWithout('images pushed by Docker and skopeo', 'redis', 'engines', 'registry', 'skopeo');
describe.skipIf(lacking)('what others push to a registry', () => {
  let stage: RegistryStage;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-push');
  });
  afterAll(() => stage?.close());

  /** Pushed by the engine, which then forgets it. */
  async function pushed(app: string, tags: Record<string, number>): Promise<Record<string, string>> {
    const { docker } = stage.puller;
    const digests: Record<string, string> = {};
    for (const [tag, days] of Object.entries(tags)) {
      const name = `${stage.registry.host}/${app}:${tag}`;
      await loadImages(docker, {
        one: { tags: [name], layers: [...layers('base'), ...layers(`${app} ${tag}`)], created: ago(days) },
      });
      digests[tag] = await pushImage(docker, name);
      await docker.getImage(name).remove({ force: true });
    }
    return digests;
  }
  const docker = (repository: string) => `docker://${stage.registry.host}/${repository}`;

  test('by the engine is read, and deleted without the layers that stay', async () => {
    const app = 'team/engine';
    const digests = await pushed(app, { 1: 90, 2: 60, 3: 1 });
    const told = await stage.ana.told(`/dimg registry tags main/${app} --until 30d`);
    expect(told).toMatch(
      new RegExp(`${app}:1\` \`${digests[1]?.slice(7, 19)}\` · .*3 months old · would go`),
    );
    const { end } = await stage.does(`/dimg registry prune main/${app} --until 30d`);
    expect(end.text).toContain('deleted 2 of 2');
    expect(await stage.collected(app)).toEqual({ 3: digests[3] });
  });

  test('by skopeo, in types of OCI and from one repository to another, is read and deleted alike', async () => {
    const { 1: digest } = await pushed('team/first', { 1: 90 });
    const layout = `oci:${join(stage.scope.dir, 'layout')}:1`;
    await skopeoCopy(docker('team/first:1'), docker('team/second:same'));
    await skopeoCopy(docker('team/first:1'), layout);
    await skopeoCopy(layout, docker('team/second:oci'));
    const before = await stage.tagsIn('team/second');
    expect(before.same).toBe(digest);
    expect(before.oci).not.toBe(digest);
    // The layers are those of the first as well, which stays.
    const { end } = await stage.does('/dimg registry rmi main/team/second:same main/team/second:oci');
    expect(end.text).toContain('deleted 2 of 2');
    expect(await stage.collected('team/second')).toEqual({});
    await stage.expectWhole('team/first', '1');

    await skopeoCopy(docker('team/first:1'), docker('team/second:again'));
    await stage.does('/dimg registry rmi main/team/first:1');
    expect(await stage.collected('team/second')).toEqual({ again: digest });
  });

  test('by skopeo, all of an index, is known by its parts', async () => {
    const parts = [
      await stage.pusher.image('team/built', {
        layers: layers('amd'),
        created: ago(60),
        platform: 'linux/amd64',
      }),
      await stage.pusher.image('team/built', {
        layers: layers('arm'),
        created: ago(60),
        platform: 'linux/arm64',
      }),
    ];
    const index = await stage.pusher.index('team/built', parts, { tags: ['1'], docker: true });
    await skopeoCopy(docker('team/built:1'), docker('team/copied:1'), '--all');
    await skopeoCopy(docker('team/built:1'), docker('team/copied:amd'), '--override-arch', 'amd64');
    expect(await stage.tagsIn('team/copied')).toEqual({ 1: index.digest, amd: parts[0]?.digest });
    const told = await stage.ana.told('/dimg registry tags main/team/copied --until 30d');
    expect(told).toContain('index of linux/amd64, linux/arm64');

    // From all at once: what is one manifest in two repositories goes from both.
    const { end, plan } = await stage.does(
      '/dimg registry prune main/team/* --tag 1 --until 30d --not-tag 3',
    );
    expect(plan).toContain('`team/built:1`, `team/copied:1`');
    expect(end.state).toBe('done');
    expect(await stage.collected('team/copied')).toEqual({ amd: parts[0]?.digest });
    expect(await stage.tagsIn('team/built')).toEqual({});
    expect(await stage.has('team/copied', parts[1] ?? index)).toBe(false);
  });
});

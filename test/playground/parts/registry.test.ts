import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { loadImages } from '../../../playground/parts/images.ts';
import { pullImage, pushImage, type Registry, startRegistry } from '../../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';

describe.skipIf(skipWithout('the registry', 'engines', 'registry'))('a registry', () => {
  let scope: Scope;
  let registry: Registry;
  let one: Engine;
  let two: Engine;
  beforeAll(async () => {
    scope = createScope('test');
    [registry, one, two] = await Promise.all([
      startRegistry(scope),
      startEngine(scope, { name: 'one' }),
      startEngine(scope, { name: 'two' }),
    ]);
  });
  afterAll(() => scope.close());

  const manifest = (digest: string, method: string, at = registry) =>
    fetch(`${at.url}/v2/team/app/manifests/${digest}`, {
      method,
      headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });

  test('takes what one engine pushes, and another pulls it by tag and by digest as the same image', async () => {
    const ref = `${registry.host}/team/app:1`;
    const { app } = await loadImages(one.docker, {
      app: { layers: [{ name: 'app', bytes: 5000 }], tags: [ref] },
    });
    const digest = await pushImage(one.docker, ref);
    expect(await pullImage(two.docker, `${registry.host}/team/app@${digest}`)).toBe(app);
    expect((await two.docker.getImage(app).inspect()).RepoTags).toEqual([]);
    expect(await pullImage(two.docker, ref)).toBe(app);
    expect((await manifest(digest, 'HEAD')).status).toBe(200);
    expect((await manifest(digest, 'DELETE')).status).toBe(202);
    await expect(pullImage(one.docker, `${registry.host}/team/app@${digest}`)).rejects.toThrow(
      /not found|unknown/,
    );
    // The layers are still there and the manifest is not: a push brings it back.
    expect(await pushImage(one.docker, ref)).toBe(digest);
    expect((await manifest(digest, 'HEAD')).status).toBe(200);
  });

  test('keeps its images over a restart, and refuses deletions where they are off', async () => {
    const locked = await startRegistry(scope, { delete: false });
    const ref = `${locked.host}/team/app:1`;
    await loadImages(one.docker, { app: { layers: [{ name: 'app', bytes: 5000 }], tags: [ref] } });
    const digest = await pushImage(one.docker, ref);
    await locked.restart();
    expect((await manifest(digest, 'HEAD', locked)).status).toBe(200);
    expect((await manifest(digest, 'DELETE', locked)).status).toBe(405);
  });

  test('an error in the stream of a push or pull is thrown', async () => {
    await expect(pullImage(one.docker, `${registry.host}/no/such:1`)).rejects.toThrow(/not found|unknown/);
    await expect(pushImage(one.docker, `${registry.host}/no/such:1`)).rejects.toThrow(/does not exist/);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchRegistries } from '../../playground/page/registries.ts';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { pushSamples, whyNoRegistry } from '../../playground/registries.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 31);
const INDEX = 'application/vnd.oci.image.index.v1+json';
const IMAGE = 'application/vnd.oci.image.manifest.v1+json';

/** Whatever of these a registry answers. */
interface Body {
  tags: string[];
  config: { digest: string };
  manifests: { digest: string }[];
  created: string;
}

test('with simulated engines there is none, and a line says so', () => {
  expect(whyNoRegistry('simulated')).toMatch(/^The registry is left out: .*\.$/);
});

describe.skipIf(skipWithout('the sample registry', 'registry'))('the sample registry', () => {
  let scope: Scope;
  let registry: Registry;
  beforeAll(async () => {
    scope = createScope('samples');
    registry = await startRegistry(scope);
    await pushSamples(registry.url, NOW);
  });
  afterAll(() => scope?.close());

  const get = async (path: string) => {
    const headers = { accept: `${INDEX}, ${IMAGE}` };
    const answer = await fetch(`${registry.url}/v2/team/${path}`, { headers });
    expect([path, answer.status]).toEqual([path, 200]);
    return {
      digest: answer.headers.get('docker-content-digest') ?? '',
      body: (await answer.json()) as Body,
    };
  };
  const daysOld = async (repository: string, reference: string): Promise<number> => {
    const { body } = await get(`${repository}/manifests/${reference}`);
    const { created } = (await get(`${repository}/blobs/${body.config.digest}`)).body;
    return (NOW - Date.parse(created)) / DAY;
  };

  test('has indexes, signatures, tags that share a manifest, old ones and new ones', async () => {
    const old = await get('app/manifests/1.1');
    expect(old.body).toMatchObject({
      mediaType: INDEX,
      manifests: [{ platform: { architecture: 'amd64' } }, { platform: { architecture: 'arm64' } }],
    });
    expect(await daysOld('app', old.body.manifests[1]?.digest ?? '')).toBe(100);
    const { tags } = (await get('app/tags/list')).body;
    expect(tags).toContain(`${old.digest.replace(':', '-')}.sig`);
    const digests = await Promise.all(
      ['app/manifests/2.0', 'app/manifests/latest', 'web/manifests/1', 'web/manifests/stable'].map(get),
    );
    const [two, latest, one, stable] = digests.map(({ digest }) => digest);
    expect([two, one]).toEqual([latest, stable]);
    expect(two).not.toBe(one);
    expect([await daysOld('app', 'pr-17'), await daysOld('app', 'pr-23')]).toEqual([60, 2]);
  });

  test('is shown on the page as it says itself, and without what was deleted a moment ago', async () => {
    const look = watchRegistries();
    const seen = await look('main', registry.url);
    expect(seen).toMatchObject({ host: 'main', engine: 'registry', trouble: null });
    const of = (tag: string) => seen.images.find(({ tags }) => tags.includes(tag));
    const { digest } = await get('app/manifests/2.0');
    expect(of('team/app:2.0')).toMatchObject({ id: digest, tags: ['team/app:2.0', 'team/app:latest'] });
    // Two platforms, of two layers each.
    expect(of('team/app:2.0')?.size).toBeGreaterThan(2 * 2_400_000);
    const gone = await get('web/manifests/3');
    const path = `${registry.url}/v2/team/web/manifests/${gone.digest}`;
    expect((await fetch(path, { method: 'DELETE' })).status).toBe(202);
    const after = (await look('main', registry.url)).images.flatMap(({ tags }) => tags);
    expect(after).not.toContain('team/web:3');
    expect(after).toContain('team/web:2');
  });
});

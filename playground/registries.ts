import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineKind } from './parts/any-engine.ts';
import { lacking } from './parts/available.ts';
import { runContainer } from './parts/containers.ts';
import type { LayerSpec } from './parts/image-build.ts';
import { pullImage, type Registry, startRegistry } from './parts/registry.ts';
import { openPusher, type PushedManifest } from './parts/registry-push.ts';
import type { Scope } from './parts/scope.ts';
import type { World } from './world.ts';

const DAY = 86_400_000;

/** As people type it before a repository; the examples of the commands do. */
export const REGISTRY = 'main';

/** A line that says why there is none, or undefined. */
export function whyNoRegistry(kind: EngineKind): string | undefined {
  const missing = lacking('registry');
  if (kind === 'simulated') return 'The registry is left out: it comes with real engines only.';
  return missing && `The registry is left out. ${missing}`;
}

/** A real registry as `main` with sample repositories, of which a container on `host` uses one, and an agent for it. */
export async function startSampleRegistry(
  scope: Scope,
  world: World,
  host: string,
  now: number,
): Promise<Registry> {
  const registry = await startRegistry(scope);
  await pushSamples(registry.url, now);
  const image = `${registry.host}/team/web:1`;
  const { docker } = world.engine(host);
  await pullImage(docker, image);
  await runContainer(docker, { image, name: 'shop-1', state: 'created', cmd: ['serve'] });
  await startRegistryAgent(scope, world, { agent: 'registry-1', registries: { [REGISTRY]: registry.url } });
  return registry;
}

/** An agent without an engine. */
export async function startRegistryAgent(
  scope: Scope,
  world: World,
  { agent, registries }: { agent: string; registries: Readonly<Record<string, string>> },
) {
  const config = join(scope.dir, `${agent}.yaml`);
  const there = Object.entries(registries).map(([name, url]) => ({ name, url, repositories: ['team/*'] }));
  await writeFile(config, JSON.stringify({ engine: false, 'min-age': '0s', registries: there }));
  return world.startAgent(agent, { DIMG_AGENT_CONFIG: config });
}

/** Enough of everything that a plan has words for: indexes, signatures, tags that share a manifest, old and new ones. */
export async function pushSamples(url: string, now: number): Promise<void> {
  const pusher = openPusher({ url });
  const layer = layersOf();
  const image = (
    repository: string,
    name: string,
    days: number,
    more: { tags?: string[]; platform?: string },
  ) => {
    const { platform = 'linux' } = more;
    return pusher.image(repository, {
      ...{ created: new Date(now - days * DAY), ...more },
      layers: [
        layer(`${repository} ${platform}`, 2_000_000),
        layer(`${repository} ${platform} ${name}`, 400_000),
      ],
    });
  };
  const release = async (tags: string[], days: number): Promise<PushedManifest> => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    const parts: PushedManifest[] = [];
    for (const platform of platforms) parts.push(await image('team/app', tags[0] ?? '', days, { platform }));
    return pusher.index('team/app', parts, { tags });
  };
  await release(['1.0'], 200);
  const signed = [await release(['1.1'], 100), await release(['2.0', 'latest'], 5)];
  for (const { digest } of signed) await pusher.signature('team/app', digest);
  await image('team/app', 'pr-17', 60, { tags: ['pr-17'] });
  await image('team/app', 'pr-23', 2, { tags: ['pr-23'] });
  await image('team/web', '1', 150, { tags: ['1', 'stable'] });
  await image('team/web', '2', 40, { tags: ['2'] });
  await image('team/web', '3', 4, { tags: ['3'] });
}

// --- internal ---

/** By name, so that they are shared; of noise, which stays as large when it is compressed. */
function layersOf() {
  const known = new Map<string, LayerSpec>();
  return (name: string, bytes: number): LayerSpec => {
    const files = [{ path: name.replaceAll(' ', '-'), content: randomBytes(bytes) }];
    const layer = known.get(name) ?? { name, files };
    known.set(name, layer);
    return layer;
  };
}

import { type Engine, startEngine } from '../../playground/parts/engine.ts';
import { type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { empty } from '../agents/host/_setup.ts';
import { randomOf } from './_random.ts';
import { buildWorld, keyOf } from './_world.ts';

export type Look = Map<
  string,
  { id: string; tags: string[]; digests: number; used: boolean; hasChildren: boolean }
>;

/** Two engines with the same world: ours, and one that another tool cleans up. */
export async function openTwins() {
  const scope: Scope = createScope('twins');
  const [ours, theirs, registry]: [Engine, Engine, Registry] = await Promise.all([
    startEngine(scope, { name: 'ours' }),
    startEngine(scope, { name: 'theirs' }),
    startRegistry(scope),
  ]);
  return {
    ours,
    theirs,
    async build(seed: number): Promise<void> {
      const at = Date.now();
      for (const engine of [ours, theirs]) {
        await empty(engine);
        await buildWorld(engine, registry, randomOf(seed), at);
      }
    },
    close: () => scope.close(),
  };
}

/** What an engine has, by names that are the same on both. */
export async function look({ docker }: Pick<Engine, 'docker'>): Promise<Look> {
  const images = await docker.listImages({ all: true });
  const containers = await docker.listContainers({ all: true });
  return new Map(
    images.map((image) => [
      // Steps of one build are told apart by how many come before.
      `${keyOf(image)} ${image.ParentId === '' ? 'lone' : 'child'}`,
      {
        id: image.Id,
        tags: (image.RepoTags ?? []).filter((tag) => !tag.startsWith('<none>')).sort(),
        digests: image.RepoDigests?.length ?? 0,
        used: containers.some(({ ImageID }) => ImageID === image.Id),
        hasChildren: images.some(({ ParentId }) => ParentId === image.Id),
      },
    ]),
  );
}

/** Without IDs, which differ between twins for what was built there. */
export const named = (look: Look) =>
  new Map([...look].map(([key, { id: _, ...rest }]) => [key, rest] as const));

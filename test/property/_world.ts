import { runContainer } from '../../playground/parts/containers.ts';
import type { Engine } from '../../playground/parts/engine.ts';
import { buildChild, busyboxImage, type ImageSpec, loadImages } from '../../playground/parts/images.ts';
import { pullImage, pushImage, type Registry } from '../../playground/parts/registry.ts';
import { DAY, HOUR } from '../domain/_build.ts';
import type { Random } from './_random.ts';

export const REPOSITORIES = ['app', 'team/web', 'registry.example.com:5000/team/api', 'base/os'] as const;
export const LABELS = ['team=web', 'team=api', 'keep=', 'stage=test'] as const;

/** The tests plan so much later than they load: in between, images can have been used or not. */
export const LATER_MS = 40 * DAY;

type World = { images: number; containers: number; registry: boolean };

/**
 * Puts a random host on an engine: images that share layers, with several tags or none, labels and dates; children
 * built on them; containers that run, have stopped or were only created. Few of each: what can go wrong goes wrong
 * between two or three.
 */
export async function buildWorld(
  engine: Pick<Engine, 'docker'>,
  registry: Registry | null,
  random: Random,
  at = Date.now(),
): Promise<void> {
  const size: World = {
    images: 4 + random.below(12),
    containers: random.below(5),
    registry: registry !== null && random.chance(0.4),
  };
  const specs = drawImages(random, size.images, at);
  await loadImages(engine.docker, specs);
  const tags = Object.values(specs).flatMap((spec) => spec.tags);
  for (let i = random.below(3); i > 0 && tags.length > 0; i--) {
    const tag = random.chance(0.6) ? `${random.pick(REPOSITORIES)}:built-${i}` : undefined;
    await buildChild(engine.docker, random.pick(tags), { label: `child ${i}`, ...(tag && { tag }) });
  }
  if (registry && size.registry && tags.length > 0) await pulledByDigest(engine, registry, random, tags);
  for (let i = 0; i < size.containers; i++) await drawContainer(engine, random, i);
}

/** What an image is called by, on every engine that has the same world: IDs of what was built there differ. */
export function keyOf({ Labels }: { Labels?: Record<string, string> | null }): string {
  return Labels?.['dimg.child'] ?? Labels?.['dimg.key'] ?? 'unknown';
}

// --- internal ---

function drawImages(random: Random, count: number, at: number): Record<string, ImageSpec> {
  const pool = Array.from({ length: 5 }, (_, i) => ({
    name: `layer ${i}`,
    bytes: 1_000 + random.below(300_000),
  }));
  const specs: Record<string, ImageSpec> = {};
  for (let i = 0; i < count; i++) {
    const depth = 1 + random.below(3);
    // Beginnings repeat, so that layers are shared.
    const shared = pool
      .slice(0, depth)
      .map((layer, n) => (random.chance(0.75) ? layer : (pool[n + 2] ?? layer)));
    const own = random.chance(0.35) ? [{ name: `own ${i}`, bytes: 1_000 + random.below(200_000) }] : [];
    const repositories = random.some(REPOSITORIES, 0.35);
    specs[`i${i}`] = {
      layers: [...shared, ...own],
      tags: repositories.flatMap((name) => [
        `${name}:${i}`,
        ...(random.chance(0.2) ? [`${name}:also-${i}`] : []),
      ]),
      labels: {
        ...Object.fromEntries(random.some(LABELS, 0.25).map((label) => label.split('='))),
        'dimg.key': `i${i}`,
      },
      created: new Date(at - random.below(60) * DAY - random.below(20) * HOUR),
      comment: `image ${i}`,
    };
  }
  // The base of what runs.
  specs.busy = busyboxImage(random.chance(0.8) ? ['team/web:busy'] : ['team/web:busy', 'app:busy'], {
    created: new Date(at - random.below(60) * DAY),
    labels: { 'dimg.key': 'busy' },
  });
  return specs;
}

/** An image that is known by its digest alone, as `docker pull app@sha256:…` leaves it. */
async function pulledByDigest(
  { docker }: Pick<Engine, 'docker'>,
  registry: Registry,
  random: Random,
  tags: readonly string[],
) {
  const name = `${registry.host}/team/app`;
  await docker.getImage(random.pick(tags)).tag({ repo: name, tag: 'pushed' });
  const digest = await pushImage(docker, `${name}:pushed`);
  await docker.getImage(`${name}:pushed`).remove({ noprune: true });
  if (random.chance(0.7)) await pullImage(docker, `${name}@${digest}`);
}

async function drawContainer({ docker }: Pick<Engine, 'docker'>, random: Random, i: number): Promise<void> {
  const state = random.pick(['running', 'stopped', 'created', 'created'] as const);
  const images = (await docker.listImages()).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const names = images.map(({ RepoTags, Id }) => {
    const tags = (RepoTags ?? []).filter((tag) => !tag.startsWith('<none>')).sort();
    return random.chance(0.3) || tags.length === 0 ? Id : random.pick(tags);
  });
  const image = state === 'created' ? random.pick(names) : 'team/web:busy';
  await runContainer(docker, { image, name: `c${i}`, state });
}

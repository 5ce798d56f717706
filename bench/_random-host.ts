import type { ImageSpec, LayerSpec } from '../playground/parts/images.ts';
import { randomOf } from '../test/property/_random.ts';

export const REPOSITORIES = ['app', 'web', 'api', 'batch', 'tools'] as const;

/**
 * Images that share layers at random depths: two of three build on the layers of another, from the lowest one up to
 * all of them. Layers are of 100 B to 300 kB, every tenth image is dangling, and every tenth has a container.
 */
export function randomHost(
  count: number,
  seed: number,
): { specs: Record<string, ImageSpec>; inUse: readonly string[] } {
  const random = randomOf(seed);
  const specs: Record<string, ImageSpec> = {};
  const stacks: LayerSpec[][] = [];
  const inUse: string[] = [];
  const layer = (name: string): LayerSpec => {
    const bytes = Math.round(100 * 3000 ** (random.below(1000) / 1000));
    return { name, files: [{ path: `data/${name}`, content: Buffer.alloc(bytes, name) }] };
  };
  for (let i = 0; i < count; i++) {
    const other = random.chance(0.67) && stacks.length > 0 ? random.pick(stacks) : [];
    const below = other.slice(0, 1 + random.below(Math.max(1, other.length)));
    const own = Array.from({ length: 1 + random.below(3) }, (_, n) => layer(`${i}-${n}`));
    const layers = [...below, ...own];
    stacks.push(layers);
    const tag = `${random.pick(REPOSITORIES)}:${i}`;
    const tags = i % 10 === 5 ? [] : random.chance(0.15) ? [tag, `mirror/${tag}`] : [tag];
    specs[`${i}`] = { tags, layers, labels: { half: random.chance(0.5) ? 'one' : 'other' }, comment: `${i}` };
    if (i % 10 === 4) inUse.push(tag);
  }
  return { specs, inUse };
}

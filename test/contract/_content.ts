import { createHash } from 'node:crypto';
import { imageArchive } from '../../playground/parts/image-archive.ts';
import { manifestText } from '../../playground/parts/image-manifest.ts';
import type { ImageSpec } from '../../playground/parts/images.ts';
import { untar } from '../../playground/simulated/untar.ts';

export const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** What images take as content: manifests, configurations, and layers as they came. */
export function contentSizes(specs: Readonly<Record<string, ImageSpec>>) {
  const archive = imageArchive(specs);
  const files = new Map(
    (untar(Buffer.concat([...archive.blocks()])) ?? []).map(({ path, content }) => [path, content]),
  );
  const images = JSON.parse(String(files.get('manifest.json'))) as { Config: string; Layers: string[] }[];
  const size = (path: string) => files.get(path)?.length ?? 0;
  const parts = new Map(
    images.map(({ Config, Layers }) => [`sha256:${Config.slice(0, 64)}`, [Config, ...Layers]]),
  );
  const all = new Set([...parts.values()].flat());
  const manifest = (paths: readonly string[]) =>
    manifestSize(paths.map((path) => files.get(path) ?? Buffer.of()));
  return {
    /** One image's, by the key of its spec. */
    of(key: string): number {
      const paths = parts.get(archive.ids[key] ?? '') ?? [];
      return sum(paths.map(size)) + manifest(paths);
    },
    /** All together, what they share but once. */
    all: sum([...all].map(size)) + sum([...parts.values()].map(manifest)),
    layers: sum([...new Set(images.flatMap(({ Layers }) => Layers))].map(size)),
  };
}

// --- internal ---

/** How long a manifest of a configuration and layers is. */
function manifestSize([config = Buffer.of(), ...layers]: readonly Buffer[]): number {
  const described = (content: Buffer) => ({
    digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    size: content.length,
  });
  return manifestText(described(config), layers.map(described)).length;
}

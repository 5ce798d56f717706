import type { ImageSpec, LayerSpec } from './image-build.ts';

export type SampleHost = {
  readonly specs: Record<string, ImageSpec>;
  /** Tags of the images that a container is to be made of, once the engine runs. */
  readonly inUse: readonly string[];
};

export type SampleOptions = {
  readonly files?: number;
  /** On the average. */
  readonly fileBytes?: number;
};

/**
 * A host as hosts are after some months. Of 20 images 11 have a tag, 2 have three, 4 are dangling, 1 is in use, 1 is
 * the child of a tagged parent, and 1 that of a hidden one, which comes on top. All have 4 layers of a base, 2 that the
 * twenty share, and 2 of their own; a child of a tagged parent has one more.
 */
export function sampleHost(count: number, options: SampleOptions = {}): SampleHost {
  const specs: Record<string, ImageSpec> = {};
  const inUse: string[] = [];
  const layer = layersOf(options);
  for (let i = 0; i < count; i++) {
    const twenty = Math.floor(i / 20);
    const place = i % 20;
    const below = [
      ...[1, 2, 3, 4].map((n) => layer(`base ${twenty % 4} ${n}`)),
      ...[1, 2].map((n) => layer(`group ${twenty} ${n}`)),
    ];
    const [first, second] = [layer(`own ${i} 1`), layer(`own ${i} 2`)];
    const repository = `team-${twenty % 10}/app-${twenty}`;
    const tag = `${repository}:${place}`;
    const common = {
      labels: { team: `team-${twenty % 10}`, half: i % 2 === 0 ? 'even' : 'odd' },
      created: new Date(Date.UTC(2024, 0, 1, i % 10_000)),
      comment: `image ${i}`,
    };
    if (place === 18) specs[`${i}`] = { ...common, tags: [tag], parent: `${twenty * 20}`, layers: [second] };
    else if (place === 19) {
      specs[`${i} hidden`] = { ...common, tags: [], layers: [...below, first] };
      specs[`${i}`] = { ...common, tags: [tag], parent: `${i} hidden`, layers: [second] };
    } else specs[`${i}`] = { ...common, tags: tagsAt(place, repository), layers: [...below, first, second] };
    if (place === 17) inUse.push(tag);
  }
  return { specs, inUse };
}

// --- internal ---

function tagsAt(place: number, repository: string): string[] {
  const tag = `${repository}:${place}`;
  if (place === 11 || place === 12) return [tag, `${tag}-stable`, `mirror/${repository}:${place}`];
  return place >= 13 && place <= 16 ? [] : [tag];
}

function layersOf({ files = 4, fileBytes = 3000 }: SampleOptions) {
  const content = Buffer.alloc(2 * fileBytes, 'dimg');
  const known = new Map<string, LayerSpec>();
  return (name: string): LayerSpec => {
    const found = known.get(name);
    if (found) return found;
    // Of many sizes, so that no two layers pass for each other.
    const spread = known.size % 97;
    const made = {
      name,
      files: Array.from({ length: files }, (_, n) => ({
        path: `app/${name.replaceAll(' ', '-')}/${n}`,
        content: content.subarray(0, Math.max(1, Math.round((fileBytes * (48 + spread)) / 96) + n)),
      })),
    };
    known.set(name, made);
    return made;
  };
}

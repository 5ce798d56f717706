import { keepNameless } from './containerd/records.ts';
import { sha256 } from './hash.ts';
import type { ImageConfig } from './images.ts';
import { parseName } from './names.ts';
import type { State } from './state.ts';

export type SeedImage = {
  readonly tags?: readonly string[];
  readonly digests?: readonly string[];
  /** Equal names on equal names are one layer. */
  readonly layers: readonly { readonly name: string; readonly bytes: number }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly created?: Date;
  /** When it was tagged here; not at all by default. */
  readonly taggedAt?: Date;
  /** ID of an image that has all layers but the last. */
  readonly parent?: string;
  readonly cmd?: readonly string[];
  /** Told apart from others that are otherwise equal. */
  readonly comment?: string;
};

/** Puts an image there without an archive and without an event. Resolves to its ID. */
export function seedImage(state: State, spec: SeedImage): string {
  const created = (spec.created ?? new Date('2024-01-01T00:00:00Z')).toISOString();
  let chain: string | null = null;
  const diffIds = spec.layers.map(({ name, bytes }) => {
    const diffId = sha256(`${name} ${bytes}`);
    chain = state.layers.add(chain, { diffId, size: bytes, usage: bytes, files: null, blob: null }).chain;
    return diffId;
  });
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    created,
    ...(spec.comment !== undefined && { comment: spec.comment }),
    config: { Cmd: spec.cmd ?? ['sleep', '1000000'], Env: ['PATH=/bin'], Labels: spec.labels ?? null },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: spec.layers.map(({ name }) => ({ created, created_by: `dimg layer ${name}` })),
  };
  const image = state.images.create(JSON.stringify(config));
  for (const text of [...(spec.tags ?? []), ...(spec.digests ?? [])]) {
    const parsed = parseName(text);
    if ('error' in parsed) throw new Error(`${text}: ${parsed.error}`);
    state.references.set(parsed.name, image.id, spec.parent ?? null);
  }
  if (state.store === 'containerd') {
    if (state.references.of(image.id).length === 0)
      keepNameless(state, { id: image.id, parent: spec.parent ?? null });
  } else if (spec.parent !== undefined) state.images.setParent(image.id, spec.parent);
  if (spec.taggedAt) image.taggedAt = spec.taggedAt;
  return image.id;
}

export type SeedCache = {
  readonly bytes: number;
  readonly description?: string;
  readonly type?: string;
  /** ID of the record that this one lies on. */
  readonly parent?: string;
  /** ID of an image whose uppermost layer it is. */
  readonly layerOf?: string;
  readonly inUse?: boolean;
  readonly createdAt?: Date;
  readonly lastUsedAt?: Date | null;
  readonly usageCount?: number;
};

/** Puts a record of the build cache there. Resolves to its ID. */
export function seedCache(state: State, { bytes, layerOf, description, ...more }: SeedCache): string {
  const chain = layerOf === undefined ? null : (state.images.get(layerOf)?.chains.at(-1) ?? null);
  return state.cache.add({ ...more, size: bytes, description: description ?? '[1/1] RUN make', chain }).id;
}

/** What a much-used host is like, of any size: single and double tags, dangling ones, parents, shared layers. */
export function* manyImages(count: number): Generator<SeedImage> {
  for (let i = 0; i < count; i++) {
    const base = { name: `base ${i % 4}`, bytes: 40_000_000 + (i % 4) };
    const group = { name: `group ${i % 20}`, bytes: 8_000_000 + (i % 20) };
    const own = { name: `own ${i}`, bytes: 100_000 + i };
    const repo = `team-${i % 7}/app-${i % 50}`;
    const kind = i % 10;
    const tags = kind === 0 ? [] : kind < 3 ? [`${repo}:${i}`, `mirror/${repo}:${i}`] : [`${repo}:${i}`];
    yield {
      tags,
      layers: [base, group, own],
      labels: { team: `team-${i % 7}` },
      created: new Date(Date.UTC(2024, 0, 1) + i * 60_000),
    };
  }
}

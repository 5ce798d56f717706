import { sha256 } from './hash.ts';

export type Layer = {
  readonly chain: string;
  readonly diffId: string;
  readonly parent: string | null;
  readonly size: number;
  /** What it takes of a disk once it is unpacked, in whole blocks. */
  readonly usage: number;
  /** Paths in it, for finding programs; `null` has every program. */
  readonly files: ReadonlySet<string> | null;
  /** Its archive, where it came as one. */
  readonly blob: Buffer | null;
  /** Images, containers and upper layers that hold it. */
  holders: number;
};

export type NewLayer = Pick<Layer, 'diffId' | 'size' | 'usage' | 'files' | 'blob'>;

/** Layers by chain ID, each kept while somebody holds it. */
export type Layers = {
  get(chain: string): Layer | undefined;
  all(): Iterable<Layer>;
  /** Puts a layer on another one, unless it is there. Nobody holds it yet. */
  add(parent: string | null, layer: NewLayer): Layer;
  hold(chain: string | null): void;
  /** Lets go, and removes what nobody holds any more: chain IDs, uppermost first. */
  release(chain: string | null): string[];
};

export function createLayers(): Layers {
  const layers = new Map<string, Layer>();
  const hold = (chain: string | null) => {
    const layer = chain === null ? undefined : layers.get(chain);
    if (layer) layer.holders++;
  };
  return {
    get: (chain) => layers.get(chain),
    all: () => layers.values(),
    add(parent, spec) {
      const chain = chainId(parent, spec.diffId);
      const known = layers.get(chain);
      if (known) return known;
      const layer = { ...spec, chain, parent, holders: 0 };
      layers.set(chain, layer);
      hold(parent);
      return layer;
    },
    hold,
    release(chain) {
      const removed: string[] = [];
      for (let next = chain; next !== null; ) {
        const layer = layers.get(next);
        if (!layer || --layer.holders > 0) break;
        layers.delete(next);
        removed.push(next);
        next = layer.parent;
      }
      return removed;
    },
  };
}

/** OCI image spec, "Layer ChainID". */
export function chainId(parent: string | null, diffId: string): string {
  return parent === null ? diffId : sha256(`${parent} ${diffId}`);
}

import { busyboxAvailable, busyboxImage, type ImageSpec } from '../../playground/parts/images.ts';

/** An image that runs. Without busybox here, one that a simulated engine takes for such. */
export function runnable(tags: readonly string[]): ImageSpec {
  if (busyboxAvailable() === true) return busyboxImage(tags);
  const files = ['sleep', 'true', 'false', 'sh'].map((name) => ({ path: `bin/${name}`, content: name }));
  return { tags, cmd: ['sleep', '1000000'], layers: [{ name: 'stand-in', files }] };
}

/** The images that the tests load, in families that come together. Equal on every engine, IDs included. */
export const FAMILIES = {
  /** A parent, a nameless one between, and a child with many names. */
  app: {
    base: { tags: ['base:1'], layers: [{ name: 'base', bytes: 5000 }], labels: { team: 'web' } },
    mid: { tags: [], parent: 'base', layers: [{ name: 'mid', bytes: 3000 }] },
    app: {
      tags: ['app:1', 'app:2', 'other/app:1'],
      parent: 'mid',
      layers: [],
      labels: { team: 'shop', tier: '' },
    },
  },
  lone: { lone: { tags: ['lone:1'], layers: [{ name: 'lone', bytes: 7 }], created: new Date('2024-02-03') } },
  /** The same layers as `lone` and one more. */
  twin: {
    twin: {
      tags: ['lone:2', 'twin:latest'],
      layers: [
        { name: 'lone', bytes: 7 },
        { name: 'more', bytes: 11 },
      ],
      created: new Date('2024-03-04'),
    },
  },
  dangling: { dangling: { tags: [], layers: [{ name: 'd', bytes: 8 }], labels: { team: 'web' } } },
  /** No layer at all. */
  hollow: { hollow: { tags: ['127.0.0.1:1/hollow:1'], layers: [] } },
  box: { box: runnable(['box:1', 'box:latest']) },
} as const satisfies Record<string, Record<string, ImageSpec>>;

export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

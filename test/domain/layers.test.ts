import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose } from '../../src/domain/choose.ts';
import { chainIds, historiesNeeded, weighLayers } from '../../src/domain/layers.ts';
import { anImage, anInventory, HOST, id, NOW, removing, rules } from './_build.ts';

interface Tree {
  /** Chain IDs of a node, lowest first. */
  paths: string[][];
  sizes: ReadonlyMap<string, number>;
  images: { name: string; path: string[] }[];
  /** As an engine tells it, oldest first: entries of size 0 for what made no layer. */
  history(image: { path: string[] }): number[];
}

/** Layers as a tree with a size each, and images at nodes of it. */
const trees = (least: number): fc.Arbitrary<Tree> =>
  fc
    .record({
      nodes: fc.array(fc.record({ parent: fc.nat(), size: fc.integer({ min: least, max: 1000 }) }), {
        minLength: 1,
        maxLength: 14,
      }),
      at: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
      empty: fc.array(fc.nat({ max: 2 }), { minLength: 15, maxLength: 15 }),
    })
    .map(({ nodes, at, empty }) => {
      const paths: string[][] = [];
      const sizes = new Map<string, number>();
      nodes.forEach(({ parent, size }, i) => {
        // 0 is on nothing, n on the node before n.
        const below = paths[(parent % (i + 1)) - 1] ?? [];
        paths.push([...below, `n${i}`]);
        sizes.set(`n${i}`, size);
      });
      return {
        paths,
        sizes,
        images: at.map((n, i) => ({ name: `i${i}`, path: paths[n % paths.length] ?? [] })),
        history: ({ path }) => [
          ...path.flatMap((chain, i) => [...Array<number>(empty[i] ?? 0).fill(0), sizes.get(chain) ?? 0]),
          ...Array<number>(empty[14] ?? 0).fill(0),
        ],
      };
    });

const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
const sizeOf = (tree: Tree, path: readonly string[]) => sum(path.map((chain) => tree.sizes.get(chain) ?? 0));
const layered = (tree: Tree) =>
  tree.images.map(({ name, path }) =>
    anImage(name, { tags: [`${name}:1`], chains: path, size: sizeOf(tree, path) }),
  );

/** Bytes that the plan promises for deleting the images chosen by `bits`. */
function promised(tree: Tree, bits: number, weights: ReadonlyMap<string, number>): number {
  const names = tree.images.filter((_, i) => (bits >> i) & 1).map(({ name }) => `${name}:1`);
  if (names.length === 0) return 0;
  const inventory = anInventory(layered(tree), [], { layers: weights });
  return choose(HOST, inventory, removing(names), rules(), NOW).reclaim;
}

function truth(tree: Tree, bits: number): number {
  const held = new Set(tree.images.filter((_, i) => !((bits >> i) & 1)).flatMap(({ path }) => path));
  const gone = new Set(tree.images.filter((_, i) => (bits >> i) & 1).flatMap(({ path }) => path));
  return sum([...gone].filter((chain) => !held.has(chain)).map((chain) => tree.sizes.get(chain) ?? 0));
}

const historiesOf = (tree: Tree) => {
  const needed = new Set<string>(historiesNeeded(layered(tree)));
  return new Map(
    tree.images.flatMap((image) =>
      needed.has(id(image.name)) ? [[id(image.name), tree.history(image)]] : [],
    ),
  );
};

describe('chain IDs', () => {
  test('are the diff ID for the lowest layer, and the hash of what is below and the diff ID above', () => {
    // OCI image spec, "Layer ChainID": ChainID(A|B) = Digest(ChainID(A) + " " + DiffID(B)).
    const a = 'sha256:9d9fdbbc8b2dd8abc2d5a4a3a5a5ce2a4f3f5ec0c0c5c7c9c4f0e6d5b9a8f7e6';
    const chains = chainIds([a, a, a]);
    expect(chains[0]).toBe(a);
    expect(chains[1]).toBe('sha256:24be53a768921bf091e6fa555ec4d31b86efa05328ac047160cbc4f9c4a398ae');
    expect(new Set(chains).size).toBe(3);
    expect(chainIds([])).toEqual([]);
  });

  test('are equal as far as images share their layers from the lowest, and no further', () => {
    const one = chainIds(['sha256:a', 'sha256:b', 'sha256:c']);
    const other = chainIds(['sha256:a', 'sha256:x', 'sha256:c']);
    expect(other[0]).toBe(one[0]);
    expect(other[1]).not.toBe(one[1]);
    expect(other[2]).not.toBe(one[2]);
  });
});

describe('histories', () => {
  const base = anImage('base', { chains: ['a', 'b'], size: 30 });
  const app = anImage('app', { chains: ['a', 'b', 'c'], size: 70 });
  const web = anImage('web', { chains: ['a', 'b', 'd'], size: 110 });

  test('are not needed where images part at an image', () => {
    expect(historiesNeeded([base, app, web])).toEqual([]);
    expect(weighLayers([base, app, web])).toEqual(
      new Map([
        ['a', 0],
        ['b', 30],
        ['c', 40],
        ['d', 80],
      ]),
    );
  });

  test('are needed of one image for a place where images part and none ends', () => {
    expect(historiesNeeded([app, web])).toHaveLength(1);
    const histories = new Map([[id('app'), [10, 0, 20, 40]]]);
    expect(weighLayers([app, web], histories).get('b')).toBe(30);
  });

  test('tell of every parting on the way', () => {
    const other = anImage('other', { chains: ['a', 'z'], size: 15 });
    // One is enough for both partings, since it goes through both.
    expect(historiesNeeded([app, web, other])).toEqual([[id('app'), id('web')].sort()[0]]);
    expect(historiesNeeded([web, other, app])).toEqual(historiesNeeded([app, web, other]));
    const histories = new Map([[id('app'), [10, 20, 40]]]);
    expect(weighLayers([app, web, other], histories)).toEqual(
      new Map([
        ['a', 10],
        ['b', 20],
        ['c', 40],
        ['d', 80],
        ['z', 5],
      ]),
    );
  });

  test('are not believed where they do not add up to the image', () => {
    const wrong = new Map([[id('app'), [10, 20, 41]]]);
    expect(weighLayers([app, web], wrong)).toEqual(weighLayers([app, web]));
  });

  test('are not needed of anything where nothing is shared, or nothing is there', () => {
    expect(historiesNeeded([app])).toEqual([]);
    expect(historiesNeeded([])).toEqual([]);
    expect(historiesNeeded([app, { ...app, id: id('twin') }])).toEqual([]);
  });
});

describe('weights, over random trees of layers', () => {
  test('give the exact bytes of any deletion, with the histories that were asked for', () => {
    fc.assert(
      fc.property(trees(1), fc.nat({ max: 255 }), (tree, bits) => {
        const weights = weighLayers(layered(tree), historiesOf(tree));
        expect(promised(tree, bits, weights)).toBe(truth(tree, bits));
      }),
      { numRuns: 1000 },
    );
  });

  test('add up to each image, with the histories that were asked for', () => {
    fc.assert(
      fc.property(trees(1), (tree) => {
        const weights = weighLayers(layered(tree), historiesOf(tree));
        for (const { path } of tree.images)
          expect(sum(path.map((chain) => weights.get(chain) ?? 0))).toBe(sizeOf(tree, path));
      }),
    );
  });

  test('never promise too much, whichever histories are there and whatever layers are empty', () => {
    fc.assert(
      fc.property(trees(0), fc.nat({ max: 255 }), fc.nat({ max: 255 }), (tree, bits, read) => {
        const histories = new Map(
          tree.images.flatMap((image, i) =>
            (read >> i) & 1 ? [[id(image.name), tree.history(image)] as const] : [],
          ),
        );
        const weights = weighLayers(layered(tree), histories);
        expect(promised(tree, bits, weights)).toBeLessThanOrEqual(truth(tree, bits));
        expect([...weights.values()].filter((bytes) => bytes < 0)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('ask for no more histories than there are places where images part', () => {
    fc.assert(
      fc.property(trees(1), (tree) => {
        const ends = new Set(tree.images.map(({ path }) => path.at(-1)));
        const above = new Map<string, Set<string>>();
        for (const { path } of tree.images)
          path.forEach((chain, i) => {
            const next = path[i + 1];
            if (next !== undefined) above.set(chain, (above.get(chain) ?? new Set()).add(next));
          });
        const partings = [...above].filter(([chain, next]) => next.size > 1 && !ends.has(chain));
        expect(historiesNeeded(layered(tree)).length).toBeLessThanOrEqual(partings.length);
      }),
    );
  });
});

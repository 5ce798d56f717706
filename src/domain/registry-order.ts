import type { ImageId } from './ids.ts';

/**
 * Each only once all that it comes `after` has come. `stuck`: those that wait for each other, as an index does that is tagged as
 * a signature of its own part, and whatever waits for them.
 */
export function inOrder(
  digests: readonly ImageId[],
  after: (digest: ImageId) => readonly ImageId[],
): { order: ImageId[]; stuck: ImageId[] } {
  const waiting = new Map<ImageId, ImageId[]>();
  const open = new Map<ImageId, number>();
  for (const digest of digests) {
    const first = new Set(after(digest));
    open.set(digest, first.size);
    for (const one of first) waiting.set(one, [...(waiting.get(one) ?? []), digest]);
  }
  const order = digests.filter((digest) => open.get(digest) === 0);
  for (const digest of order)
    for (const next of waiting.get(digest) ?? []) {
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) order.push(next);
    }
  const come = new Set(order);
  return { order, stuck: digests.filter((digest) => !come.has(digest)) };
}

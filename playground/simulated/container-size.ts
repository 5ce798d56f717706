import { FOLDERS, UNTOUCHED, unpackedSize } from './containerd/sizes.ts';
import type { Container, State } from './state.ts';

/** What a container takes: itself as good as nothing here, as nothing is really written, and all with its image's layers. */
export function containerSize(state: State, { chain }: Container): { SizeRw: number; SizeRootFs: number } {
  const chains: string[] = [];
  for (let next = chain; next !== null; ) {
    const layer = state.layers.get(next);
    if (!layer) break;
    chains.push(layer.chain);
    next = layer.parent;
  }
  if (state.store === 'containerd')
    return { SizeRw: UNTOUCHED, SizeRootFs: unpackedSize(state, chains) + UNTOUCHED + FOLDERS };
  return {
    SizeRw: 0,
    SizeRootFs: chains.reduce((sum, next) => sum + (state.layers.get(next)?.size ?? 0), 0),
  };
}

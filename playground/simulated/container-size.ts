import type { Container, State } from './state.ts';

/** What a container takes: itself nothing here, as nothing is really written, and all with its image's layers. */
export function containerSize(state: State, { chain }: Container): { SizeRw: number; SizeRootFs: number } {
  let sum = 0;
  for (let next = chain; next !== null; ) {
    const layer = state.layers.get(next);
    if (!layer) break;
    sum += layer.size;
    next = layer.parent;
  }
  return { SizeRw: 0, SizeRootFs: sum };
}

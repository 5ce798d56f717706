import { deleteInStore } from './containerd/delete.ts';
import { deleteOnGraph } from './delete-graph.ts';
import type { DeleteOptions, Removed } from './delete-records.ts';
import type { State } from './state.ts';

/** Deletes an image or one of its names. Either all of it happens or, with a conflict, nothing. */
export function deleteImage(state: State, text: string, options: DeleteOptions): Removed[] {
  return (state.store === 'containerd' ? deleteInStore : deleteOnGraph)(state, text, options);
}

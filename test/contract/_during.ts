import { loadImages } from '../../playground/parts/images.ts';
import { startWitness } from '../../playground/parts/witness.ts';
import type { Stage } from './_suite.ts';

/** What the engine said about images and containers while `work` was done. */
export async function during(stage: Stage, work: () => Promise<unknown>) {
  const witness = await startWitness(stage.engine);
  try {
    await work();
    // The last word, so that all before it has arrived.
    const { last } = await loadImages(stage.engine.docker, { last: { tags: ['last:1'], layers: [] } });
    await witness.waitFor(({ action, id }) => action === 'load' && id === last);
    return witness.events
      .filter(({ id }) => id !== last)
      .map(({ type, action, id, attributes }) => ({ type, action, id, attributes }));
  } finally {
    witness.stop();
  }
}

import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type Engine, EngineTrouble } from './ports.ts';
import { putBack } from './put-back.ts';

const ANOTHER = 'the registry gave another image';

/**
 * Brings one image back: pulls it by its digest where it is gone, and gives it its names again. A name that means
 * another image by now is left alone.
 */
export async function restore(engine: Engine, item: Item): Promise<Outcome> {
  const end = (outcome: Outcome['outcome'], removed: readonly string[], why?: Trouble): Outcome => ({
    ...{ image: item.image, outcome, removed: [...removed], freed: 0 },
    ...(why && { why }),
  });
  try {
    if (!(await engine.inspect(item.image))) {
      if (item.recoverable === undefined) return end('failed', [], { kind: 'gone' });
      const problem = await engine.pull(item.recoverable);
      if (!(await engine.inspect(item.image)))
        return end('failed', [], { kind: 'not-pulled', message: problem ?? ANOTHER });
    }
    const back = await putBack(engine, item.image, item.references);
    // A digest comes with a pull, also where all of the image is still there.
    let problem: string | null = null;
    for (const digest of item.references.filter((name) => name.includes('@'))) {
      if (!(await engine.inspect(digest))) problem = (await engine.pull(digest)) ?? problem;
      if ((await engine.inspect(digest))?.id === item.image) back.push(digest);
    }
    const missing = item.references.filter((name) => !back.includes(name));
    const taken = missing.filter((name) => !name.includes('@'));
    if (taken.length > 0) return end('skipped', back, { kind: 'taken', names: taken });
    if (missing.length === 0) return end('restored', back);
    return end('failed', back, { kind: 'not-pulled', message: problem ?? ANOTHER });
  } catch (error) {
    if (error instanceof EngineTrouble) return end('failed', [], error.problem);
    throw error;
  }
}

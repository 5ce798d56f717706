import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type Engine, EngineTrouble } from './ports.ts';
import { putBack } from './put-back.ts';

const ANOTHER = 'the registry gave another image';

/**
 * Brings one image back: pulls it by its digest where it is gone, and gives it its names again. A name that means
 * another image by now is left alone. An engine that went away is waited for once, and all is looked at again.
 */
export async function restore(
  engine: Engine,
  item: Item,
  whenBack: (begun: boolean) => Promise<boolean>,
): Promise<Outcome> {
  const back: string[] = [];
  for (let retried = false; ; retried = true) {
    try {
      return await attempt(engine, item, back);
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;
      const { problem } = error;
      if (retried || problem.kind === 'engine' || !(await whenBack(false)))
        return ended(item, 'failed', back, problem);
    }
  }
}

// --- internal ---

const ended = (
  { image }: Item,
  outcome: Outcome['outcome'],
  back: readonly string[],
  why?: Trouble,
): Outcome => ({
  ...{ image, outcome, removed: [...back], freed: 0 },
  ...(why && { why }),
});

/** `back` is what it has again, also where this rejects. */
async function attempt(engine: Engine, item: Item, back: string[]): Promise<Outcome> {
  const unpulled = (problem: string | null): Trouble => ({ kind: 'not-pulled', message: problem ?? ANOTHER });
  if (!(await engine.inspect(item.image))) {
    if (item.recoverable === undefined) return ended(item, 'failed', [], { kind: 'gone' });
    const problem = await engine.pull(item.recoverable);
    if (!(await engine.inspect(item.image))) return ended(item, 'failed', [], unpulled(problem));
  }
  back.splice(0);
  await putBack(engine, item.image, item.references, back);
  // A digest comes with a pull, also where all of the image is still there.
  let problem: string | null = null;
  for (const digest of item.references.filter((name) => name.includes('@'))) {
    if (!(await engine.inspect(digest))) problem = (await engine.pull(digest)) ?? problem;
    if ((await engine.inspect(digest))?.id === item.image) back.push(digest);
  }
  const missing = item.references.filter((name) => !back.includes(name));
  const taken = missing.filter((name) => !name.includes('@'));
  if (taken.length > 0) return ended(item, 'skipped', back, { kind: 'taken', names: taken });
  return missing.length === 0
    ? ended(item, 'restored', back)
    : ended(item, 'failed', back, unpulled(problem));
}

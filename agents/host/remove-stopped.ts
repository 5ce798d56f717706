import { isStopped } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item, Stopped } from '../../src/domain/plan.ts';
import type { Hands } from './carry-out.ts';
import { weighed } from './containers.ts';
import { stoppedBefore } from './execution.ts';
import { isAnother, unheard, unlessHurried, whetherGone } from './look-up.ts';
import { type ContainerDetails, EngineTrouble } from './ports.ts';

/** Bytes freed; `null` where it went by somebody else's doing. */
type Gone = { freed: number | null } | { outcome: 'skipped' | 'failed' | 'unknown'; why: Trouble };

/**
 * Removes a planned container, if it is what was planned: ended at the same instant, so never started since. The
 * engine is not told to force it, so one that starts in the last moment is refused. Rejects with `EngineTrouble` where
 * nothing was asked of the engine yet.
 */
export async function removeStopped(item: Item, stopped: Stopped, hands: Hands): Promise<Gone> {
  const { engine, hurry } = hands;
  const { id, name } = stopped;
  const skip = (found: ContainerDetails): Gone => ({
    outcome: 'skipped',
    why: isStopped(found.state)
      ? { kind: 'containers', container: name }
      : { kind: 'in-use', by: [{ container: name, running: true }] },
  });
  const life = await engine.life();
  const unnoted = await hands.notes.tried(item, id, life);
  if (unnoted) return { outcome: 'failed', why: unnoted };
  const found = await unlessHurried(weighed(engine, id), hurry, null);
  if (hurry.aborted) return { outcome: 'skipped', why: stoppedBefore };
  if (!found) return { freed: null };
  if (!isStopped(found.state) || found.stoppedAt !== stopped.stoppedAt) return skip(found);
  const result = await unlessHurried(engine.removeContainer(id), hurry, unheard);
  switch (result.kind) {
    case 'done':
      return { freed: found.size };
    case 'absent':
      return { freed: null };
    case 'conflict': {
      const now = await engine.container(id);
      return now ? skip(now) : { freed: null };
    }
    case 'trouble': {
      const { begun, problem: why } = result;
      if (!begun) throw new EngineTrouble(why);
      if (hurry.aborted) return { outcome: 'unknown', why };
      const isGone = async () => (await engine.container(id)) === null;
      const startedAnew = async () => isAnother(life, await engine.life());
      const end = await whetherGone(isGone, hands, result, startedAnew);
      if (end === 'gone') return { freed: found.size };
      return { outcome: end === 'in doubt' ? 'unknown' : 'failed', why };
    }
  }
}

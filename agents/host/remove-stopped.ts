import { isStopped } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Stopped } from '../../src/domain/plan.ts';
import type { Hands } from './carry-out.ts';
import { weighed } from './containers.ts';
import type { ContainerDetails } from './ports.ts';

type Gone = { freed: number } | { outcome: 'skipped' | 'failed'; why: Trouble };

/**
 * Removes a planned container, if it is what was planned: ended at the same instant, so never started since. The
 * engine is not told to force it, so one that starts in the last moment is refused.
 */
export async function removeStopped(stopped: Stopped, hands: Hands): Promise<Gone> {
  const { engine } = hands;
  const { id, name } = stopped;
  const skip = (found: ContainerDetails): Gone => ({
    outcome: 'skipped',
    why: isStopped(found.state)
      ? { kind: 'containers', container: name }
      : { kind: 'in-use', by: [{ container: name, running: true }] },
  });
  const found = await weighed(engine, id);
  if (!found) return { freed: 0 };
  if (!isStopped(found.state) || found.stoppedAt !== stopped.stoppedAt) return skip(found);
  const result = await engine.removeContainer(id);
  switch (result.kind) {
    case 'done':
    case 'absent':
      return { freed: found.size };
    case 'conflict': {
      const now = await engine.container(id);
      return now ? skip(now) : { freed: found.size };
    }
    case 'trouble': {
      if (!(await hands.whenBack(result.begun))) return { outcome: 'failed', why: result.problem };
      const now = await engine.container(id);
      return now ? { outcome: 'failed', why: result.problem } : { freed: found.size };
    }
  }
}

import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type Circumstances, holdersOf, nextStep, referencesOf } from './check.ts';
import { readConflict } from './conflict.ts';
import { stoppedBefore } from './execution.ts';
import { lookUp, unheard, unlessHurried } from './look-up.ts';
import type { Notes } from './notes.ts';
import { type Engine, EngineTrouble, type ImageDetails } from './ports.ts';
import { putBack } from './put-back.ts';
import { removeStopped } from './remove-stopped.ts';
import type { Wait } from './wait.ts';

export type Hands = Wait & {
  engine: Engine;
  circumstances(): Circumstances;
  /** Bytes that a removal freed, by the engine's own account. */
  freed(item: Item, deleted: readonly string[]): number;
  notes: Pick<Notes, 'tried'>;
  /** Ends all waiting, at once. */
  hurry: AbortSignal;
};

/**
 * One planned item to its one outcome. Every request to the engine is preceded by a look at the image and its containers,
 * and directly by one at what its name means; a request whose end is not known is looked up, never repeated. Names that
 * were taken away from an image which stays after all are given back.
 */
export async function carryOut(item: Item, hands: Hands): Promise<Outcome> {
  const { engine } = hands;
  const removed: string[] = [];
  const deleted: string[] = [];
  const containers: string[] = [];
  // Also what a refused request may have taken: the engine untags first and looks then.
  const atRisk = new Set<string>();
  let freed = 0;
  let begun = false;
  let retried = false;
  const end = (outcome: Outcome['outcome'], why?: Trouble): Outcome => ({
    image: item.image,
    outcome,
    removed,
    freed: freed + (outcome === 'deleted' ? hands.freed(item, deleted) : 0),
    ...(containers.length > 0 && { containers }),
    ...(why && { why }),
  });
  const leave = async (outcome: 'skipped' | 'failed', why: Trouble): Promise<Outcome> => {
    const back = await putBack(engine, item.image, [...removed, ...atRisk]).catch((): string[] => []);
    removed.splice(0, Infinity, ...removed.filter((name) => !back.includes(name)));
    return end(outcome, why);
  };
  // Names that are to be given back for it are left to the next start.
  const stopped = () => end(begun ? 'unknown' : 'skipped', stoppedBefore);

  // Each round takes a name or a container away; the rest is for what may happen in between.
  for (let rounds = item.references.length + item.containers.length + 20; ; rounds--) {
    if (rounds === 0) return leave('failed', { kind: 'engine', message: 'it never came to an end' });
    try {
      const live = await engine.inspect(item.image);
      if (!live) return end(begun ? 'deleted' : 'absent');
      const holders = holdersOf(await engine.containers(), live, item);
      const step = nextStep(item, { live, holders, removed }, hands.circumstances());
      if (step.kind === 'end') return end(step.outcome);
      if (step.kind === 'skip') return await leave('skipped', step.why);
      if (hands.hurry.aborted) return stopped();
      if (step.kind === 'container') {
        const gone = await removeStopped(item, step.stopped, hands);
        if ('why' in gone)
          return gone.outcome === 'unknown' ? end('unknown', gone.why) : await leave(gone.outcome, gone.why);
        if (gone.freed !== null) containers.push(step.stopped.name);
        freed += gone.freed ?? 0;
        continue;
      }

      const life = await engine.life();
      const unnoted = await hands.notes.tried(item, step.name, life);
      if (unnoted) return await leave('failed', unnoted);
      // A disk may have taken its time over the note, and a name another meaning: then all is looked at again.
      const now = await unlessHurried(engine.inspect(step.name), hands.hurry, null);
      if (hands.hurry.aborted) return stopped();
      if (!isSame(live, now)) continue;
      for (const tag of live.tags) if (item.references.includes(tag)) atRisk.add(tag);
      const removal = engine.remove(step.name, { force: step.force });
      const result = await unlessHurried(removal, hands.hurry, unheard);
      switch (result.kind) {
        case 'done':
          begun = true;
          atRisk.clear();
          removed.push(...result.untagged.filter((ref) => !removed.includes(ref)));
          deleted.push(...result.deleted);
          if (!deleted.includes(item.image)) break;
          // A name that was given in that very instant keeps it.
          if (!(await engine.inspect(item.image))) return end('deleted');
          deleted.splice(0);
          break;
        case 'absent':
          if (step.name !== item.image)
            return await leave('skipped', referencesOf(await engine.inspect(item.image)));
          break;
        case 'conflict': {
          const why = await readConflict(engine, item, live, result.message);
          return await leave('skipped', why);
        }
        case 'trouble': {
          if (!result.begun) throw new EngineTrouble(result.problem);
          if (hands.hurry.aborted) return end('unknown', result.problem);
          const found = await lookUp(item, step.name, hands, result, life);
          if (found === 'in doubt') return end('unknown', result.problem);
          if (found === 'still there') return await leave('failed', result.problem);
          if (step.name === item.image) return end('deleted', result.problem);
          begun = true;
          removed.push(step.name);
        }
      }
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;
      if (!retried && error.problem.kind !== 'engine' && (await hands.whenBack(begun))) retried = true;
      // What it has done by then is looked up later.
      else return begun ? end('unknown', error.problem) : leave('failed', error.problem);
    }
  }
}

// --- internal ---

/** Still that image, with those names. */
function isSame(seen: ImageDetails, now: ImageDetails | null): boolean {
  const namesOf = ({ id, tags, digests }: ImageDetails) => [id, ...[...tags, ...digests].sort()].join(' ');
  return now !== null && namesOf(now) === namesOf(seen);
}

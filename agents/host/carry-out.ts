import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type Circumstances, nextStep, referencesOf, usesOf } from './check.ts';
import { readConflict } from './conflict.ts';
import { type Engine, EngineTrouble, type Removal } from './ports.ts';

export type Hands = {
  engine: Engine;
  circumstances(): Circumstances;
  /** Bytes that a removal freed, by the engine's own account. */
  freed(item: Item, deleted: readonly string[]): number;
  /** Waits until the engine answers: true when it does, false when that is given up. */
  whenBack(begun: boolean): Promise<boolean>;
  /** Once the engine answers again: time for a deletion that it still has in its hands. */
  settle(): Promise<void>;
  /** Ends all waiting, at once. */
  hurry: AbortSignal;
};

/**
 * One planned item to its one outcome. Every request to the engine is preceded by a look at the image and
 * its containers; a request whose end is not known is looked up, never repeated.
 */
export async function carryOut(item: Item, hands: Hands): Promise<Outcome> {
  const { engine } = hands;
  const removed: string[] = [];
  const deleted: string[] = [];
  let begun = false;
  let retried = false;
  const end = (outcome: Outcome['outcome'], more: { freed?: number; why?: Trouble } = {}): Outcome => ({
    image: item.image,
    outcome,
    removed,
    freed: more.freed ?? 0,
    ...(more.why && { why: more.why }),
  });

  // Each round takes a name away; the rest is for what may happen in between.
  for (let rounds = item.references.length + 20; ; rounds--) {
    if (rounds === 0) return end('failed', { why: { kind: 'engine', message: 'it never came to an end' } });
    try {
      const live = await engine.inspect(item.image);
      if (!live) return begun ? end('deleted', { freed: hands.freed(item, deleted) }) : end('absent');
      const uses = usesOf(await engine.containers(), live, item);
      const step = nextStep(item, { live, uses, removed }, hands.circumstances());
      if (step.kind === 'end') return end(step.outcome);
      if (step.kind === 'skip') return end('skipped', { why: step.why });

      const result = await unlessHurried(engine.remove(step.name, { force: step.force }), hands.hurry);
      switch (result.kind) {
        case 'done':
          begun = true;
          removed.push(...result.untagged.filter((ref) => !removed.includes(ref)));
          deleted.push(...result.deleted);
          if (deleted.includes(item.image)) return end('deleted', { freed: hands.freed(item, deleted) });
          break;
        case 'absent':
          if (step.name !== item.image)
            return end('skipped', { why: referencesOf(await engine.inspect(item.image)) });
          break;
        case 'conflict': {
          await putBack(engine, item.image, removed);
          const why = await readConflict(engine, item, live, result.message);
          return end(why.kind === 'engine' ? 'failed' : 'skipped', { why });
        }
        case 'trouble': {
          if (!result.begun) throw new EngineTrouble(result.problem);
          if (hands.hurry.aborted) return end('unknown', { why: result.problem });
          const found = await lookUp(item, step.name, hands, result.problem.kind !== 'engine');
          if (found === 'nothing known') return end('unknown', { why: result.problem });
          if (found === 'still there') return end('failed', { why: result.problem });
          if (step.name === item.image) return end('deleted', { freed: hands.freed(item, deleted) });
          begun = true;
          removed.push(step.name);
        }
      }
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;
      if (!retried && error.problem.kind !== 'engine' && (await hands.whenBack(begun))) retried = true;
      else return end('failed', { why: error.problem });
    }
  }
}

// --- internal ---

async function unlessHurried(removal: Promise<Removal>, hurry: AbortSignal): Promise<Removal> {
  const late: Removal = { kind: 'trouble', problem: { kind: 'no-answer' }, begun: true };
  let stop: (() => void) | undefined;
  const hurried = new Promise<Removal>((resolve) => {
    stop = () => resolve(late);
    if (hurry.aborted) stop();
    else hurry.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([removal, hurried]);
  } finally {
    if (stop) hurry.removeEventListener('abort', stop);
  }
}

/** What became of a request that got no answer. */
async function lookUp(item: Item, name: string, hands: Hands, silent: boolean) {
  const look = async () => {
    const live = await hands.engine.inspect(item.image);
    const there = live && (name === item.image || live.tags.includes(name) || live.digests.includes(name));
    return there ? 'still there' : 'gone';
  };
  for (;;) {
    if (silent && !(await hands.whenBack(true))) return 'nothing known';
    try {
      if ((await look()) === 'gone') return 'gone';
      // An engine that was only slow may still have the request in its hands.
      if (silent) await hands.settle();
      return await look();
    } catch (error) {
      if (!(error instanceof EngineTrouble) || !silent) return 'nothing known';
    }
  }
}

/** After a conflict at a later reference the earlier ones are given back, unless they mean something else by now. */
async function putBack(engine: Engine, image: ImageId, removed: string[]): Promise<void> {
  for (const reference of removed.filter((ref) => !ref.includes('@'))) {
    if ((await engine.inspect(reference)) !== null) continue;
    if (await engine.tag(image, reference)) removed.splice(removed.indexOf(reference), 1);
  }
}

import type { RegistryProblem } from '../../src/domain/registry.ts';
import { codeOf, type Heard, isAbsent, problemOf } from './answers.ts';
import { NoAnswer } from './line.ts';
import { retryAfterMs } from './patience.ts';
import { RegistryTrouble, type Removal } from './ports.ts';

/**
 * What became of a deletion. distribution 2.8 answers that of a tag with `400 DIGEST_INVALID`, as it knows digests only,
 * and all of them with 405 where deletion is off. What came too soon may come again within `waitMs`.
 */
export function readRemoval(answer: Heard, of: 'manifest' | 'tag', waitMs: number): Removal {
  const { status } = answer;
  if (DONE.has(status)) return { kind: 'done' };
  if (isAbsent(answer)) return { kind: 'absent' };
  const problem = problemOf(answer);
  if (answer.renewed) return { kind: 'trouble', problem, begun: false, againMs: 0 };
  // What was refused has not been done. What broke down may have been, and so may what no registry should answer.
  const begun = status < 400 || status >= 500 || status === 408;
  const trouble = (what: RegistryProblem['what'], was = begun): Removal => ({
    ...{ kind: 'trouble', problem: { ...problem, what }, begun: was },
  });
  if (status === 405 || (status >= 400 && codeOf(answer) === 'UNSUPPORTED'))
    return trouble('deletion-off', false);
  if (status === 400 && of === 'tag') return trouble('tags-stay');
  // Rules of the registry's own: tags that must not change, images that something else holds.
  if (HELD.has(status)) return trouble('forbidden');
  const againMs =
    status === 429 ? (retryAfterMs(answer.headers['retry-after'], Date.now()) ?? 1000) : Infinity;
  return { ...trouble(problem.what), ...(againMs <= waitMs && { againMs }) };
}

/** A deletion that got no answer. Throws what is no trouble with the registry. */
export function readFailure(error: unknown): Removal {
  if (!(error instanceof RegistryTrouble)) throw error;
  return { kind: 'trouble', problem: error.problem, begun: error instanceof NoAnswer && error.begun };
}

// --- internal ---

const DONE = new Set([200, 202, 204]);
const HELD = new Set([409, 412, 423]);

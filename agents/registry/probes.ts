import { randomUUID } from 'node:crypto';
import type { ImageId } from '../../src/domain/ids.ts';
import type { Plan, Problem } from '../../src/domain/plan.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import type { RegistryProblem, Repository } from '../../src/domain/registry.ts';
import type { Registry } from './ports.ts';

/** Whether what the registry refuses of one repository says nothing of the others. */
export const isOfOne = (problem: RegistryProblem): boolean => mayNot(problem) || problem.what === 'wrong';

/** Whether it may be otherwise a moment later. */
export const isOfNow = ({ what }: RegistryProblem): boolean => what === 'limited' || what === 'no-answer';

/** Whether it is a matter of who we are there. */
export const mayNot = ({ what }: RegistryProblem): boolean => what === 'forbidden' || what === 'unauthorised';

/** Asked about a tag that nobody can have pushed, in the first of them where we may ask. */
export async function deletesTags(
  registry: Pick<Registry, 'removeTag'>,
  all: readonly Repository[],
): Promise<boolean> {
  for (const { name } of all) {
    const answer = await registry.removeTag(name, `dimg-asks-${randomUUID()}`);
    const isOurs = answer.kind === 'trouble' && mayNot(answer.problem);
    if (!isOurs) return answer.kind === 'absent';
  }
  return false;
}

/** Where nothing can be deleted, and why: asked in each repository about a manifest that nobody can have. */
export async function closedOf(
  registry: Pick<Registry, 'removeManifest'>,
  { items }: Plan,
  all: readonly Repository[],
): Promise<{ closed: ReadonlySet<string>; problems: Problem[] }> {
  const closed = new Map<string, Problem>();
  const nothing = `sha256:${randomUUID().replaceAll('-', '').repeat(2)}` as ImageId;
  const from = new Set(items.flatMap(({ remove }) => remove.map(repositoryOf)));
  for (const name of from) {
    const answer = await registry.removeManifest(name, nothing);
    if (answer.kind !== 'trouble') continue;
    const why = answer.problem;
    // All of it is as this one.
    if (!isOfOne(why))
      return { closed: new Set(all.map((one) => one.name)), problems: [{ kind: 'registry', why }] };
    closed.set(name, { kind: 'registry', name, why });
  }
  return { closed: new Set(closed.keys()), problems: [...closed.values()] };
}

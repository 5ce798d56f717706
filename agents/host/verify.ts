import type { HostName } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { type Item, planDigest } from '../../src/domain/plan.ts';
import type { Job } from '../../src/domain/protocol.ts';
import { familiarReference } from '../../src/domain/reference.ts';

export type ExecuteJob = Extract<Job, { kind: 'execute' }>;
export type RestoreJob = Extract<Job, { kind: 'restore' }>;

/** Why the job may not be done by this agent now; `now` by the Redis server's clock. */
export function objectionTo(job: Job, self: { host: HostName; epoch: string }, now: number): Trouble | null {
  if (job.host !== self.host) return refused(`this job is for the host ${job.host}`);
  if (job.epoch !== self.epoch) return { kind: 'restarted' };
  if (now > job.notAfter) return { kind: 'expired' };
  if (job.kind !== 'execute' && job.kind !== 'restore') return null;
  const cache = job.kind === 'execute' ? job.cache : [];
  if (planDigest(job.host, job.items, cache) !== job.planDigest)
    return refused('its items are not those of the plan that was decided on');
  if (new Set(job.items.map(({ image }) => image)).size < job.items.length)
    return refused('it names an image twice');
  if (job.items.some(({ action }) => (action === 'restore') !== (job.kind === 'restore')))
    return refused('it mixes deletions and an undo');
  return null;
}

/** What no plan of ours for an engine holds, and what would do more than it says. */
export const flawOf = (items: readonly Item[]): Trouble | null =>
  items.map(flaw).find((found) => found !== null) ?? null;

export const refused = (message: string): Trouble => ({ kind: 'refused', message });

// --- internal ---

function flaw(item: Item): Trouble | null {
  if (item.manifest || item.after) return refused('its items are of a registry');
  const names = [
    ...item.references,
    ...item.remove,
    ...(item.recoverable === undefined ? [] : [item.recoverable]),
  ];
  const strange = names.find((ref) => familiarReference(ref) !== ref);
  if (strange !== undefined) return refused(`${JSON.stringify(strange)} is not a reference`);
  if (item.action !== 'untag') return null;
  // Unforced, taking the last reference away deletes the image.
  const whole = item.remove.length === 0 || (!item.force && item.remove.length >= item.references.length);
  if (whole || !item.remove.every((ref) => item.references.includes(ref)))
    return refused(`the references to remove from ${item.image} are not some of those it has`);
  return null;
}

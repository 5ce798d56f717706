import type { ImageId } from '../../src/domain/ids.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import type { Accepted } from './journal-memory.ts';

type Body<K extends ReportBody['kind']> = Extract<ReportBody, { kind: K }>;

function* bodies<K extends 'outcomes' | 'started' | 'cache' | 'stale'>(
  job: Accepted,
  kind: K,
): Generator<Body<K>> {
  for (const { body } of job.reports.values()) if (body.kind === kind) yield body as Body<K>;
}

export const said = (job: Accepted, kind: 'started' | 'cache' | 'stale'): boolean =>
  !bodies(job, kind).next().done;

/** Images of which something was said, be it that nobody knows yet. */
export const toldOf = (job: Accepted): Set<ImageId> =>
  new Set([...bodies(job, 'outcomes')].flatMap(({ outcomes }) => outcomes.map(({ image }) => image)));

export const deletedOf = ({ outcomes }: Accepted): Set<ImageId> =>
  new Set([...outcomes.values()].flatMap((o) => (o.outcome === 'deleted' ? [o.image] : [])));

/** Items that were begun and have no end, or one that was not known. */
export function inDoubt({ items, intents, outcomes }: Accepted): number[] {
  return items.flatMap((_, i) =>
    outcomes.get(i)?.outcome === 'unknown' || (intents.has(i) && !outcomes.has(i)) ? [i] : [],
  );
}

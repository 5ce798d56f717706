import type { Fact } from '../domain/audit.ts';
import type { RunId } from '../domain/ids.ts';
import { plain } from '../domain/markup.ts';
import type { Report } from '../domain/protocol.ts';
import { troubleWords } from '../domain/trouble.ts';
import type { Clock, Keeping, Log } from '../ports.ts';

/**
 * What a host tells of a run that neither Redis nor any card has: it goes down in the audit, once, and in the log. Nothing
 * is carried out for it.
 */
export async function stray(
  { keeping, clock, log }: { keeping: Pick<Keeping, 'stray'>; clock: Clock; log: Log },
  run: RunId,
  { job, host, seq, body }: Pick<Report, 'job' | 'host' | 'seq' | 'body'>,
): Promise<void> {
  const facts = factsOf(clock(), run, host, body);
  if (facts.length === 0) return;
  log.warn('a host tells of a run that nobody else has; it goes down in the audit', { run, host, job });
  await keeping.stray(run, { job, seq }, facts);
}

// --- internal ---

function factsOf(at: number, run: RunId, host: Report['host'], body: Report['body']): Fact[] {
  switch (body.kind) {
    case 'took': {
      const items = body.items.length + body.cache.length;
      const reason = 'only its host has it';
      return [{ at, run, kind: 'recalled', host, plan: body.planDigest, items, reason }];
    }
    case 'outcomes':
      return body.outcomes.map(({ image, removed, outcome, freed, why }) => ({
        ...{ at, run, host, image, outcome },
        kind: 'outcome',
        references: removed,
        bytes: freed,
        ...(why && { reason: plain(troubleWords(why)) }),
      }));
    case 'cache': {
      const { deleted, freed } = body.cache;
      return [{ at, run, kind: 'outcome', host, outcome: 'deleted', cache: deleted, bytes: freed }];
    }
    default:
      return [];
  }
}

import { z } from 'zod';
import type { RunId } from '../domain/ids.ts';
import { isFinal, type Run } from '../domain/run.ts';

/** What our messages about a run carry unseen: which run, and once it is over the audit's head at its end. */
const EVENT = 'dimg_run';

const Payload = z.object({
  run: z.number(),
  audit_n: z.int().positive().optional(),
  audit_hash: z.string().optional(),
});

/** What our notes in a card's thread carry unseen. */
const NOTE = 'dimg_note';
const NotePayload = z.object({ run: z.number(), key: z.string() });

/** A message of Slack's history, as far as it matters here. */
export interface Tagged {
  ts?: string;
  bot_id?: string;
  metadata?: { event_type?: string; event_payload?: object };
}

export function metadataOf(run: Run) {
  const head =
    isFinal(run.state) && run.audit ? { audit_n: run.audit.n, audit_hash: run.audit.hash } : undefined;
  return { event_type: EVENT, event_payload: { run: run.id, ...head } };
}

/** What a message carries; `null` for one that is not about a run. */
export function readMetadata({ metadata }: Tagged): z.infer<typeof Payload> | null {
  if (metadata?.event_type !== EVENT) return null;
  const payload = Payload.safeParse(metadata.event_payload);
  return payload.success ? payload.data : null;
}

export const noteMetadata = (run: RunId, key: string) => ({ event_type: NOTE, event_payload: { run, key } });

/** Which note a message is; `null` for any other. */
export function readNote({ metadata }: Tagged): z.infer<typeof NotePayload> | null {
  if (metadata?.event_type !== NOTE) return null;
  return NotePayload.safeParse(metadata.event_payload).data ?? null;
}

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import type { RunId } from '../domain/ids.ts';
import type { Remembered } from '../domain/recall.ts';
import { isFinal, Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';

/**
 * What our messages about a run carry unseen: which run, once it is over the audit's head at its end, and, for a Redis that
 * forgets, the stored run itself.
 */
const EVENT = 'dimg_run';

const StoredRun = tolerant(Run);
const Payload = z.object({
  run: z.number(),
  audit_n: z.int().positive().optional(),
  audit_hash: z.string().optional(),
  rev: z.int().nonnegative().optional(),
  /** Of the audit's line: how many outcomes were unknown by then. */
  unknown: z.int().nonnegative().optional(),
  /** The run as JSON, deflated, in base64. */
  stored: z.string().optional(),
  /** The outcomes are not in it. */
  short: z.literal(1).optional(),
});
export type Payload = z.infer<typeof Payload>;

/** Slack refuses metadata of more than 8,000 characters. */
const MOST = 7_000;
/** Nobody's run is larger; what inflates to more is none. */
const INFLATED = 4_000_000;

/** What our notes in a card's thread carry unseen. */
const NOTE = 'dimg_note';
const NotePayload = z.object({ run: z.number(), key: z.string() });

/** A message of Slack's history, as far as it matters here. */
export interface Tagged {
  ts?: string;
  bot_id?: string;
  metadata?: { event_type?: string; event_payload?: object };
}

/** With the stored run as far as Slack takes it: without outcomes where they are too many. */
export function metadataOf(run: Run) {
  const head =
    isFinal(run.state) && run.audit ? { audit_n: run.audit.n, audit_hash: run.audit.hash } : undefined;
  const event_payload: Record<string, string | number> = {
    run: run.id,
    ...head,
    rev: run.rev,
    ...packed(run),
  };
  return { event_type: EVENT, event_payload };
}

/** What a message carries; `null` for one that is not about a run. */
export function readMetadata({ metadata }: Tagged): Payload | null {
  if (metadata?.event_type !== EVENT) return null;
  const payload = Payload.safeParse(metadata.event_payload);
  return payload.success ? payload.data : null;
}

/** The run that a card carries; `null` where it has none, or one that can't be read. */
export function readStored({ run: id, stored, short }: Payload): Remembered | null {
  if (stored === undefined) return null;
  try {
    const text = inflateRawSync(Buffer.from(stored, 'base64'), { maxOutputLength: INFLATED }).toString();
    const run = StoredRun.safeParse(JSON.parse(text));
    return run.success && run.data.id === id ? { run: run.data, short: short === 1 } : null;
  } catch {
    return null;
  }
}

export const noteMetadata = (run: RunId, key: string) => ({ event_type: NOTE, event_payload: { run, key } });

/** Which note a message is; `null` for any other. */
export function readNote({ metadata }: Tagged): z.infer<typeof NotePayload> | null {
  if (metadata?.event_type !== NOTE) return null;
  return NotePayload.safeParse(metadata.event_payload).data ?? null;
}

// --- internal ---

function packed(run: Run): Record<string, string | number> {
  const whole = deflated(run);
  if (whole.length <= MOST) return { stored: whole };
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]) => [host, { ...part, outcomes: [] }]),
  );
  const short = deflated({ ...run, hosts });
  return short.length <= MOST ? { stored: short, short: 1 } : {};
}

const deflated = (run: Run): string => deflateRawSync(JSON.stringify(run)).toString('base64');

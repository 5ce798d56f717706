import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { RunId } from '../../src/domain/ids.ts';
import { Outcome } from '../../src/domain/outcome.ts';
import { CacheItem, Item } from '../../src/domain/plan.ts';
import { ReportBody } from '../../src/domain/protocol.ts';

const at = z.number();
const job = z.string();
/** Which of the job's items, from 0. */
const item = z.number().int().nonnegative();

/** What a newer version said, before it was replaced by this one: said again as it is. */
const ofANewer = z
  .looseObject({ kind: z.string(), outcomes: z.array(z.looseObject({ image: z.string() })).optional() })
  .refine(({ kind, outcomes }) => kind !== 'outcomes' || outcomes !== undefined);

/** What the journal says, one after the other. Times in milliseconds since 1970, by the host's clock. */
export const Entry = z.discriminatedUnion('t', [
  /** A job was accepted. */
  z.object({
    t: z.literal('job'),
    at,
    id: job,
    run: RunId,
    kind: z.enum(['execute', 'restore']),
    epoch: z.string(),
    planDigest: z.string(),
    items: z.array(Item),
    cache: z.array(CacheItem),
  }),
  /** The engine is about to be asked for something about an item, other than its deletion. */
  z.object({ t: z.literal('intent'), at, job, item }),
  /**
   * It is about to be asked to delete it by this name, or a container that holds it by this ID; which start of the engine
   * that is, where that can be told.
   */
  z.object({ t: z.literal('tried'), at, job, item, name: z.string(), life: z.string().nullable() }),
  z.object({ t: z.literal('outcome'), at, job, item, outcome: Outcome }),
  /** These records of the build cache are about to go. */
  z.object({ t: z.literal('cache'), at, job, ids: z.array(z.string()) }),
  /** One of them went. */
  z.object({ t: z.literal('freed'), job, id: z.string(), bytes: z.number() }),
  /** Said of a job. Of `took` the job itself has the content. */
  z.object({
    t: z.literal('report'),
    at,
    job,
    seq: z.number().int().positive(),
    body: z.union([z.object({ kind: z.literal('took') }), ReportBody, ofANewer]),
    acked: z.boolean().optional(),
  }),
  /** The stream took it. */
  z.object({ t: z.literal('sent'), job, seq: z.number(), stream: z.string() }),
  z.object({ t: z.literal('acked'), job, seq: z.number() }),
  /** All of it is to be said once more. */
  z.object({ t: z.literal('again'), job }),
  /** Counted against the hourly limits, and taken back. */
  z.object({ t: z.literal('take'), n: z.number(), at, images: z.number(), bytes: z.number() }),
  z.object({ t: z.literal('back'), n: z.number() }),
  /** Jobs of which no more is kept than that they were accepted. */
  z.object({ t: z.literal('ids'), ids: z.array(z.tuple([job, at])) }),
  /** The highest run among all that were ever accepted. */
  z.object({ t: z.literal('top'), run: RunId }),
]);
export type Entry = z.infer<typeof Entry>;

/** Large enough that packing pays. */
const PACKED_FROM = 400;

/** Entries as the payload of a frame. */
export function pack(entries: readonly Entry[]): Buffer {
  const text = Buffer.from(JSON.stringify(entries));
  const [mark, body] = text.length < PACKED_FROM ? ['j', text] : ['z', deflateRawSync(text, { level: 1 })];
  return Buffer.concat([Buffer.from(mark), body]);
}

/**
 * The entries of a payload. What a newer version wrote and is not understood is left out: it is looked up again, and of a
 * job it is kept that it was accepted. Throws where it is no payload.
 */
export function unpack(payload: Buffer): Entry[] {
  const body = payload.subarray(1);
  const text = payload[0] === 'z'.charCodeAt(0) ? inflateRawSync(body) : body;
  const entries = z.array(z.looseObject({ t: z.string() })).parse(JSON.parse(text.toString('utf8')));
  return entries.flatMap((entry): Entry[] => {
    const known = Entry.safeParse(entry);
    if (known.success) return [known.data];
    const { t, id, at: when } = entry;
    return t === 'job' && typeof id === 'string' ? [{ t: 'ids', ids: [[id, Number(when) || 0]] }] : [];
  });
}

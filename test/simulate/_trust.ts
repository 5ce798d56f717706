import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import { Entry } from '../../agents/host/journal-records.ts';
import { Plan } from '../../src/domain/plan.ts';
import { Heartbeat, Job, Known, Report, ReportBody } from '../../src/domain/protocol.ts';
import { Run } from '../../src/domain/run.ts';
import { tolerant } from '../../src/domain/tolerant.ts';

/** `trusted`: as below; `frozen`: the same, where whoever changes what is shared throws; `checked`: as in production. */
export type Belief = 'trusted' | 'frozen' | 'checked';

/**
 * Most schedules believe what was stored to be what it was, since to check, to parse and to pack it takes most of the time;
 * some do all that as production does. The schemas here only look: what they let pass they give back as it is.
 */
export function openTrust(): { believe(how: Belief): void; giveBack(): void } {
  let belief: Belief = 'checked';
  const stored = [Run, Plan, Report, ReportBody, Heartbeat];
  const schemas = [
    ...stored,
    ...stored.map((one) => tolerant(one)),
    Job,
    Known,
    Entry,
  ] as unknown as Schema[];
  const real = schemas.map(({ parse, safeParse }) => ({ parse, safeParse }));
  schemas.forEach((schema, i) => {
    const { parse, safeParse } = real[i] as Schema;
    schema.parse = (data) => (belief === 'checked' ? parse(data) : data);
    // What is no object at all was never stored by us.
    schema.safeParse = (data) =>
      belief !== 'checked' && typeof data === 'object' && data !== null
        ? { success: true, data }
        : safeParse(data);
  });
  const { parse } = JSON;
  const { deflateRawSync, inflateRawSync } = zlib;
  /** The same text is the same data. */
  const parsed = new Map<string, unknown>();
  const packed: (string | Buffer)[] = [];
  JSON.parse = (text: string, ...more: []) => {
    if (belief === 'checked' || more.length > 0 || text.length < SHORT) return parse(text, ...more);
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const made: unknown = parse(text);
    parsed.set(text, belief === 'frozen' ? frozen(made) : made);
    return made;
  };
  Object.assign(zlib, {
    deflateRawSync: (data: string | Buffer, ...more: []) =>
      belief === 'checked' ? deflateRawSync(data, ...more) : Buffer.from(`packed ${packed.push(data) - 1}`),
    inflateRawSync: (data: Buffer, ...more: []) =>
      belief === 'checked'
        ? inflateRawSync(data, ...more)
        : Buffer.from(packed[Number(String(data).slice(7))] ?? ''),
  });
  syncBuiltinESMExports();
  return {
    /** Until the next call. */
    believe(how) {
      belief = how;
      parsed.clear();
      packed.length = 0;
    },
    giveBack() {
      schemas.forEach((schema, i) => void Object.assign(schema, real[i]));
      JSON.parse = parse;
      Object.assign(zlib, { deflateRawSync, inflateRawSync });
      syncBuiltinESMExports();
    },
  };
}

// --- internal ---

/** Shorter ones are quicker to parse than to look up. */
const SHORT = 120;

interface Schema {
  parse(data: unknown): unknown;
  safeParse(data: unknown): unknown;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) frozen(one);
    Object.freeze(value);
  }
  return value;
}

import { failureOf } from './failures.ts';
import { type Payload, readMetadata } from './metadata.ts';
import { ownPage, type ReadPage } from './own-messages.ts';

/** Milliseconds since 1970. */
export interface Span {
  from?: number;
  to?: number;
  /** What was read earlier may not have had it yet. */
  read?: number;
}

/** What our messages of a channel carry, newest first, as far as it was read. */
interface Scan {
  span: Span;
  began: number;
  seen: { ts: string; carried: Payload }[];
  read: ReadPage;
  /** Of the next page; empty before the first. */
  cursor: string;
  pages: number;
  over: boolean;
  reading: Promise<void> | null;
}

/** More than a channel sees in the minutes in which a message may have been sent. */
const PAGES = 50;
/** Long enough for so many pages at the rate that Slack allows. */
const SHARED_MS = 5 * 60_000;
const MOST = 20;

/**
 * Reads channels for messages of ours. Whoever looks into the same channel reads on where another one was held back: searches
 * that began anew each time would spend on first pages all the calls that Slack allows.
 */
export function openScans(botId: string | Promise<string>, now: () => number) {
  const scans = new Map<string, Scan>();

  function begin(channel: string, span: Span, read: ReadPage): Scan {
    const scan: Scan = {
      ...{ span, began: now(), seen: [], read, cursor: '', pages: 0, over: false, reading: null },
    };
    scans.delete(channel);
    scans.set(channel, scan);
    for (const old of scans.keys()) {
      if (scans.size <= MOST) break;
      scans.delete(old);
    }
    return scan;
  }

  async function readOn(scan: Scan): Promise<void> {
    const { own, cursor } = await ownPage(botId, scan.read, scan.cursor);
    for (const message of own) {
      const carried = readMetadata(message);
      // Whole runs would fill the memory.
      if (carried && message.ts !== undefined)
        scan.seen.push({ ts: message.ts, carried: { ...carried, stored: undefined } });
    }
    scan.cursor = cursor;
    scan.pages++;
    scan.over = cursor === '' || scan.pages >= PAGES;
  }

  /** The newest message in a channel that fits and was sent in this span of time; rejects as `read` does, and is then gone on with. */
  return async (
    channel: string,
    span: Span,
    read: ReadPage,
    fits: (carried: Payload) => boolean,
  ): Promise<string | null> => {
    const known = scans.get(channel);
    let scan = known && serves(known, span, now()) ? known : begin(channel, span, read);
    let anew = false;
    for (let looked = 0; ; ) {
      for (const one of scan.seen.slice(looked)) if (fits(one.carried)) return one.ts;
      looked = scan.seen.length;
      if (scan.over) return null;
      try {
        scan.reading ??= readOn(scan).finally(() => {
          scan.reading = null;
        });
        await scan.reading;
      } catch (error) {
        if (anew || scan.pages === 0 || failureOf(error).kind !== 'refused') throw error;
        // Its cursor may be good for nothing any more.
        anew = true;
        scan = begin(channel, span, read);
        looked = 0;
      }
    }
  };
}

// --- internal ---

const serves = ({ span, began }: Scan, wanted: Span, now: number): boolean =>
  // What began later than now did so before the clock was set back.
  now >= began &&
  now - began < SHARED_MS &&
  began >= (wanted.read ?? Number.NEGATIVE_INFINITY) &&
  (span.from ?? Number.NEGATIVE_INFINITY) <= (wanted.from ?? Number.NEGATIVE_INFINITY) &&
  (span.to ?? Number.POSITIVE_INFINITY) >= (wanted.to ?? Number.POSITIVE_INFINITY);

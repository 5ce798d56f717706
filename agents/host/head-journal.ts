import { open } from 'node:fs/promises';
import { AuditHead } from '../../src/domain/protocol.ts';
import { readIfThere, replace } from './files.ts';
import { errorField } from './log.ts';
import type { Log } from './ports.ts';

/** The heads of the audit that this host has seen, so that a cut or a new chain in Redis can't pass for the old one. */
export type HeadJournal = {
  /** Notes the head that a heartbeat met; on disk before it resolves, where the disk allows. Never rejects. */
  saw(head: { n: number; hash: string } | null): Promise<void>;
  /** What was seen, oldest first: the newest, and fewer of the older ones. */
  seen(): AuditHead[];
};

const NEWEST = 2_000;
/** Older ones in all; what was seen first is worth most, and stays. */
const OLDER = 8_000;
/** Of the older ones one of so many entries is kept, or fewer where they would be too many. */
const EACH = 16;
/** The journal is written anew once it is longer than it need be by so many lines. */
const SLACK = 500;
const TOLD = 1_000;

/** Opens the journal in a file of JSON lines. What can't be read is left out. Never rejects. `now` in milliseconds since 1970. */
export async function openHeadJournal(file: string, now: () => number, log: Log): Promise<HeadJournal> {
  let heads: AuditHead[] = [];
  let inFile = Number.POSITIVE_INFINITY;
  let failing = false;
  const failed = (error: unknown) => {
    if (!failing) log.error('heads of the audit can’t be written down', { file, ...errorField(error) });
    failing = true;
    // What is on the disk is not known any more: the next time all is written.
    inFile = Number.POSITIVE_INFINITY;
  };
  let read = false;
  const load = async () => {
    const text = (await readIfThere(file)) ?? '';
    const old = text.split('\n').flatMap(parseLine);
    // A line that a crash has cut would spoil the next one.
    inFile = text === '' || text.endsWith('\n') ? old.length : Number.POSITIVE_INFINITY;
    heads = [...old, ...heads];
    read = true;
  };
  await load().catch(failed);

  const write = async (head: AuditHead) => {
    try {
      // What could not be read must not be written over.
      if (!read) await load();
      if (inFile >= NEWEST + OLDER + SLACK || heads.length - inFile !== 1) {
        heads = thinned(heads, NEWEST, OLDER);
        await replace(file, heads.map(line).join(''));
        inFile = heads.length;
      } else {
        const handle = await open(file, 'a', 0o600);
        try {
          await handle.appendFile(line(head));
          await handle.sync();
        } finally {
          await handle.close();
        }
        inFile++;
      }
      if (failing) log.info('heads of the audit are written down again');
      failing = false;
    } catch (error) {
      failed(error);
    }
  };

  let last: Promise<void> = Promise.resolve();
  return {
    saw(given) {
      const newest = heads.at(-1);
      const head = AuditHead.safeParse({ ...given, at: now() });
      if (!head.success || (head.data.n === newest?.n && head.data.hash === newest.hash)) return last;
      heads.push(head.data);
      if (heads.length > NEWEST + OLDER + 2 * SLACK) heads = thinned(heads, NEWEST, OLDER);
      last = last.then(() => write(head.data));
      return last;
    },
    seen: () => thinned(heads, TOLD, TOLD),
  };
}

/**
 * The `newest`, and of those before them at most `older`: one of each so many entries, and both where the number
 * went back, which is evidence. So the highest number is always among them.
 */
export function thinned(heads: readonly AuditHead[], newest: number, older: number): AuditHead[] {
  const late = heads.slice(-newest);
  const early = heads.slice(0, -newest);
  const oneOf = (each: number): AuditHead[] => {
    const block = (head: AuditHead | undefined) => (head ? Math.floor(head.n / each) : -1);
    return early.filter((head, i) => {
      const [before, next] = [heads[i - 1], heads[i + 1]];
      const back = (next && next.n <= head.n) || (before && head.n <= before.n);
      return back || block(head) !== block(before);
    });
  };
  let kept = oneOf(EACH);
  for (let each = EACH * 4; kept.length > older; each *= 4) {
    const fewer = oneOf(each);
    // Numbers that only jump about are nobody's chain: what was seen before them is worth more.
    kept = fewer.length < 0.8 * kept.length ? fewer : kept.slice(0, older);
  }
  const all = [...kept, ...late];
  const highest = heads.reduce((most, head) => (head.n > (most?.n ?? 0) ? head : most), heads[0]);
  return highest && !all.includes(highest) ? [highest, ...all] : all;
}

// --- internal ---

const line = (head: AuditHead): string => `${JSON.stringify(head)}\n`;

function parseLine(text: string): AuditHead[] {
  try {
    const head = AuditHead.safeParse(JSON.parse(text));
    return head.success ? [head.data] : [];
  } catch {
    return [];
  }
}

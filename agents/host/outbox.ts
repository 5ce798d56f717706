import type { HostName } from '../../src/domain/ids.ts';
import type { Report, ReportBody } from '../../src/domain/protocol.ts';
import type { Journal } from './journal.ts';
import type { Accepted, Said } from './journal-memory.ts';
import { errorField } from './log.ts';
import type { Clock, Log, Queue } from './ports.ts';

/** What is said of accepted jobs: kept in the journal until the bot has stored what it leads to. */
export type Outbox = {
  /** Resolves once it is in the journal; sent as soon as Redis takes it. Never rejects. */
  say(job: string, body: ReportBody): Promise<void>;
  /** Says all of a job once more. */
  again(job: string): void;
  /** The same of all jobs that are kept, each with what it was about: Redis has forgotten something. */
  allAgain(): void;
  /** Looks what was acknowledged, and sends again what was lost on the way. Never rejects. */
  look(): Promise<void>;
  /** Resolves when Redis has taken all that is said, or after so many milliseconds. */
  flush(limitMs: number): Promise<void>;
  /** Goes on sending until the signal. */
  run(stop: AbortSignal): void;
};

const FIRST_MS = 15_000;
const MOST_MS = 600_000;
/** A bot needs no longer to store what a report leads to, most times. */
const SOON_MS = 2_000;

type Sending = { job: Accepted; said: Said };

export function openOutbox({
  host,
  journal,
  queue,
  clock,
  monotonic,
  log,
}: {
  host: HostName;
  journal: Pick<Journal, 'note' | 'job' | 'jobs'>;
  queue: Pick<Queue, 'send' | 'waiting' | 'acked' | 'unack'>;
  clock: Clock;
  monotonic: () => number;
  log: Log;
}): Outbox {
  /** When it is looked again after what the stream took, and how long it was waited before. */
  const tries = new WeakMap<Said, { at: number; pause: number }>();
  /** How often something had to be said again: what is under way meanwhile may come ahead of what it is about. */
  let round = 0;
  let sending: Promise<void> | null = null;
  let failing = false;
  let looks: Promise<void> = Promise.resolve();

  const unacked = (): Sending[] =>
    journal.jobs().flatMap((job) => {
      const said = [...job.reports.values()].filter(({ acked }) => !acked);
      // What it was about goes first.
      return said.sort((a, b) => rank(a) - rank(b)).map((one) => ({ job, said: one }));
    });
  /** On their way to the disk: not sent before, or the next start would give their numbers to others. */
  const unwritten = new Set<Said>();
  const unsent = () => unacked().filter(({ said }) => said.stream === null && !unwritten.has(said));

  const noteQuietly = async (entry: Parameters<Journal['note']>[0]) => {
    try {
      await journal.note(entry);
    } catch (error) {
      log.error(
        'the journal could not be written; what it should hold is told all the same',
        errorField(error),
      );
    }
  };

  const write = async (job: Accepted, at: number, body: Said['body']): Promise<void> => {
    const seq = Math.max(0, ...job.reports.keys()) + 1;
    const written = noteQuietly({ t: 'report', at, job: job.id, seq, body });
    const said = job.reports.get(seq);
    if (said) unwritten.add(said);
    await written;
    if (said) unwritten.delete(said);
  };

  const tellAnew = async (job: Accepted): Promise<void> => {
    const known = [...job.reports.values()].some(({ body }) => body.kind === 'took');
    const written = known ? null : write(job, job.last, { kind: 'took' });
    const again = noteQuietly({ t: 'again', job: job.id });
    const said = [...job.reports.values()];
    // None goes before the one that says what it was about.
    for (const one of said) unwritten.add(one);
    await Promise.all([written, again]);
    for (const one of said) unwritten.delete(one);
  };

  const send = async ({ job, said }: Sending): Promise<void> => {
    const report: Report = {
      ...{ v: 1, host, epoch: job.epoch, job: job.id, seq: said.seq },
      body: said.body.kind === 'took' ? took(job) : said.body,
    };
    const begun = round;
    const stream = await queue.send(report);
    if (begun !== round) return;
    const pause = Math.min(2 * (tries.get(said)?.pause ?? FIRST_MS / 2), MOST_MS);
    tries.set(said, { at: monotonic() + pause, pause });
    said.stream = stream;
    void noteQuietly({ t: 'sent', job: job.id, seq: said.seq, stream });
  };

  /** One after the other, until none is left or Redis takes none. */
  const drain = async (): Promise<void> => {
    try {
      for (let next = unsent(); next.length > 0; next = unsent()) {
        const begun = round;
        for (const one of next) if (begun === round) await send(one);
      }
      if (failing) log.info('reports are sent again');
      failing = false;
    } catch (error) {
      if (!failing) log.warn('a report was not sent; it is kept and tried again', errorField(error));
      failing = true;
    }
  };
  const kick = (): Promise<void> => {
    sending ??= drain().finally(() => {
      sending = null;
    });
    return sending;
  };

  const look = async (): Promise<void> => {
    const now = monotonic();
    const due = unacked().filter(({ said }) => said.stream !== null && (tries.get(said)?.at ?? 0) <= now);
    // The stream is asked before the acknowledgements: a bot takes it out of the one and puts it into the other at once.
    const waiting = await queue.waiting(due.flatMap(({ said }) => said.stream ?? []));
    await takeAcked();
    const lost = new Map<Accepted, number>();
    for (const { job, said } of due) {
      if (said.acked || said.stream === null) continue;
      const { pause: last = FIRST_MS / 2 } = tries.get(said) ?? {};
      const pause = Math.min(2 * last, MOST_MS);
      if (waiting.has(said.stream)) tries.set(said, { at: now + pause, pause });
      else lost.set(job, Math.max(last, lost.get(job) ?? 0));
    }
    // A bot that does not know its run any more, or no decision about it, has to hear what it was about, and all of it.
    for (const [job, pause] of lost) {
      log.debug('reports that nobody acknowledged are sent again', { job: job.id });
      await tellAnew(job);
      for (const said of job.reports.values()) tries.set(said, { at: now, pause });
    }
    await kick();
  };

  const takeAcked = async (): Promise<void> => {
    for (;;) {
      const entries = await queue.acked();
      if (entries.length === 0) return;
      const notes: Promise<void>[] = [];
      for (const entry of entries) {
        const [, id = '', seq = ''] = /^(.+) (\d+)$/.exec(entry) ?? [];
        const said = journal.job(id)?.reports.get(Number(seq));
        // What waits to be said again is not acknowledged by what was heard before.
        if (!said || said.acked || said.stream === null) continue;
        tries.delete(said);
        notes.push(journal.note({ t: 'acked', job: id, seq: Number(seq) }));
      }
      // In the journal first: else the next start would wait for what is not there any more.
      await Promise.all(notes);
      await queue.unack(entries);
    }
  };

  const lookQuietly = (): Promise<void> => {
    looks = looks.then(look).catch((error) => {
      if (!failing) log.warn('acknowledgements were not looked at', errorField(error));
      failing = true;
    });
    return looks;
  };

  let soon = false;
  const lookSoon = (): void => {
    if (soon) return;
    soon = true;
    void clock.sleep(SOON_MS).then(() => {
      soon = false;
      return lookQuietly();
    });
  };

  return {
    async say(id, body) {
      const job = journal.job(id);
      if (!job) throw new Error(`${id} is not in the journal`);
      await write(job, clock.now(), body.kind === 'took' ? { kind: 'took' } : body);
      void kick();
      lookSoon();
    },
    again(id) {
      const job = journal.job(id);
      if (!job) return;
      round++;
      for (const said of job.reports.values()) tries.delete(said);
      void noteQuietly({ t: 'again', job: id });
      void kick();
    },
    allAgain() {
      round++;
      for (const job of journal.jobs()) {
        for (const said of job.reports.values()) tries.delete(said);
        void tellAnew(job).then(kick);
      }
    },
    look: lookQuietly,
    async flush(limitMs) {
      const end = monotonic() + limitMs;
      for (let pause = 50; unsent().length > 0 && monotonic() < end; pause = Math.min(2 * pause, 1000)) {
        await Promise.race([kick(), clock.sleep(Math.max(0, end - monotonic()))]);
        if (unsent().length > 0) await clock.sleep(Math.min(pause, Math.max(0, end - monotonic())));
      }
      if (unsent().length > 0)
        log.warn('Redis did not take all reports; they are kept for the next start', {
          reports: unsent().length,
        });
    },
    run(stop) {
      const timer = setInterval(() => void kick(), 1000);
      stop.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

// --- internal ---

const rank = ({ body, seq }: Said): number => (body.kind === 'took' ? 0 : seq);

function took({ planDigest, items, cache }: Accepted): ReportBody {
  return { kind: 'took', planDigest, items: [...items], cache: [...cache] };
}

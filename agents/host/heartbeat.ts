import type { HostName } from '../../src/domain/ids.ts';
import { HEARTBEAT_MS, type Heartbeat, type Known } from '../../src/domain/protocol.ts';
import type { HeadJournal } from './head-journal.ts';
import { errorField } from './log.ts';
import type { Log, Met, Queue } from './ports.ts';
import type { Rival } from './rival.ts';

/** What is seen of an engine or a registry. */
export type Seen = Pick<Heartbeat, 'engine' | 'problem' | 'registry' | 'disk' | 'counts'>;

export type Pulse = {
  host: HostName;
  identity: string;
  epoch: string;
  agent: string;
  /** One look; `recount`: also at all that is counted. Never rejects but for what nobody foresaw. */
  look: (recount: boolean) => Promise<Seen>;
  queue: Pick<Queue, 'heartbeat'>;
  rival: Rival;
  heads: Pick<HeadJournal, 'saw'>;
  /** After each look; whether what was looked at answered. */
  looked: (answered: boolean) => void;
  known: () => Known;
  /** After each heartbeat that Redis took. */
  met: (met: Met) => void;
  log: Log;
};

export type Heart = {
  /** One heartbeat now; `recount` also looks at all images first. False when Redis did not take it. */
  beat(recount: boolean): Promise<boolean>;
  /** Goes on beating until the signal. */
  run(end: AbortSignal): void;
};

/** Tells the bots that the host or registry is there, and how it is. */
export function openHeart(pulse: Pulse): Heart {
  const { queue, rival, heads, log } = pulse;
  let failing = false;

  const send = async (anew: boolean): Promise<boolean> => {
    try {
      const seen = await pulse.look(anew);
      // Before Redis is asked: what was learnt is worth keeping without it.
      pulse.looked(seen.problem === null);
      const { host, identity, epoch, agent } = pulse;
      const met = await queue.heartbeat({ v: 1, host, identity, epoch, agent, ...seen }, pulse.known());
      const { before, auditHead } = met;
      pulse.met(met);
      // Not waited for: a disk that hangs must not make a host offline.
      void heads.saw(auditHead);
      if (rival.saw(before)) tellOfRival(log, rival.present());
      if (failing) log.info('heartbeats are sent again');
      failing = false;
      return true;
    } catch (error) {
      if (!failing) log.warn('a heartbeat was not sent; it is tried again', errorField(error));
      failing = true;
      return false;
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  const beat = (anew: boolean): Promise<boolean> => {
    pending++;
    const mine = last.then(() => send(anew)).finally(() => void pending--);
    last = mine;
    return mine;
  };

  return {
    beat,
    run(end) {
      if (end.aborted) return;
      // One may wait for its turn behind a slow one; more would only pile up.
      const timer = setInterval(() => pending > 1 || void beat(false), HEARTBEAT_MS);
      end.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

// --- internal ---

function tellOfRival(log: Log, present: boolean): void {
  if (present) log.error('another agent answers for this name: jobs are refused until one of them ends');
  else log.info('no other agent answers for this name any more');
}

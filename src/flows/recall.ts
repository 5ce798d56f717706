import { UserError } from '../domain/error.ts';
import { say } from '../domain/markup.ts';
import type { Keeping, Kept, Log, Memory, MirrorFile, PostedCards, Runs, Voice } from '../ports.ts';
import { putBack } from './recall-put.ts';

export interface Recalling {
  keeping: Keeping;
  posted: PostedCards;
  mirror: MirrorFile | null;
  voice: Voice;
  log: Log;
  /** By the Redis server's clock. */
  clock(): number;
  sleep(ms: number): Promise<void>;
  /** Channels in which there may be cards, as far as is known without asking Slack. */
  channels(): Promise<string[]>;
  /** Channels in which commands are taken; there need not be any card in them. */
  configured?: readonly string[];
  auditChannel: string | undefined;
  /** Plans that this bot still has at hand are put back as well. */
  plans?: Pick<Runs, 'plans' | 'savePlan'>;
  /** How long hosts have to be heard of again, in milliseconds; more than their heartbeats take. */
  hostsMs?: number;
  /** How long other bots have to tell what they remember, in milliseconds. */
  botsMs?: number;
}

/** A bot that dies while it puts back holds up others for no longer. */
const HOLD_MS = 15_000;
const MOST_WAIT_MS = 30_000;
const MOST_TELL_MS = 600_000;
/** Redis is looked at every second. Where it was not for longer than this, more than one heartbeat may be missing. */
const BLIND_MS = 10_000;

/**
 * Watches over a Redis that may forget. While it does not have what it had, nothing is stored, no run gets a number and no
 * report is taken; one bot puts back what is known. `check` is called every second or so.
 */
export function openRecall(recalling: Recalling) {
  const { keeping, log, voice } = recalling;
  let open = false;
  let openSince = 0;
  let seenAt = 0;
  let failures = 0;
  let notBefore = 0;
  let waiting: (() => void)[] = [];
  let telling = false;
  let untold = 0;
  let tellAt = 0;

  function settle(now: boolean, kept?: Kept): void {
    if (now && (!open || isBlind())) openSince = kept && kept.run > 0 ? recalling.clock() : 0;
    if (now) seenAt = recalling.clock();
    if (now && !open) {
      failures = 0;
      for (const go of waiting) go();
      waiting = [];
    }
    open = now;
  }

  /** Whether it is to be waited until then; a clock that was set back must not make that longer than `most`. */
  const isYet = (until: number, most: number) => {
    const left = until - recalling.clock();
    return left > 0 && left <= most;
  };

  /** Redis hung or was cut off, all of it stood still, or its clock was set ahead. */
  const isBlind = () => recalling.clock() - seenAt > BLIND_MS;

  async function look(): Promise<void> {
    // First what is remembered: what is stored while Redis is asked would else seem to be missing there.
    const own = keeping.memory();
    const kept = await keeping.look();
    const ahead = kept.whole ? whoIsAhead(kept, own) : null;
    if (kept.whole && !ahead) {
      settle(true, kept);
      tell();
      return;
    }
    settle(false);
    if (ahead) {
      log.error('Redis has less than it had: nothing is stored until it is put back', undefined, {
        ...ahead,
      });
      await keeping.doubt();
    }
    await keeping.remind();
    if (isYet(notBefore, MOST_WAIT_MS)) return;
    const hold = await keeping.hold(HOLD_MS);
    if (!hold) return;
    try {
      await putBack(recalling, hold);
      settle(true, await keeping.look());
    } catch (error) {
      notBefore = recalling.clock() + Math.min(1000 * 2 ** failures++, MOST_WAIT_MS);
      log.error('what Redis lost can’t be put back yet', error);
    } finally {
      await hold.release();
    }
    if (open) tell();
  }

  /** Beside all else: Slack may take long, and Redis may lose more meanwhile. */
  function tell(): void {
    if (telling || isYet(tellAt, MOST_TELL_MS)) return;
    telling = true;
    tellNews()
      .catch((error) => log.error('what Redis lost could not be told', error))
      .finally(() => {
        telling = false;
      });
  }

  async function tellNews(): Promise<void> {
    const news = await keeping.news();
    if (!news) return;
    const left: string[] = [];
    for (const channel of news.channels)
      await voice.post(channel, { lines: news.lines.map((line) => say`${line}`) }).catch((error) => {
        // Where Slack refuses it, nobody can be told.
        if (!(error instanceof UserError && error.lasting)) left.push(channel);
      });
    // It may have come through for all that: nobody wants to read it every second.
    tellAt = left.length > 0 ? recalling.clock() + Math.min(5_000 * 2 ** untold++, MOST_TELL_MS) : 0;
    if (left.length > 0) await keeping.later({ ...news, channels: left });
    else untold = 0;
  }

  return {
    check: look,
    isOpen: (): boolean => open,
    /** Resolves once Redis has all that is known; rejects with a `UserError` where that is not waited for any longer. */
    whenOpen: (stop: AbortSignal): Promise<void> =>
      new Promise((go, fail) => {
        if (open) return go();
        waiting.push(go);
        stop.addEventListener('abort', () => fail(inDoubt()), { once: true });
      }),
    /** Before this, by the Redis server's clock, hosts may have been silent for no fault of theirs. */
    heardSince: (): number => (isBlind() ? recalling.clock() : openSince),
  };
}

// --- internal ---

const inDoubt = () => new UserError('Redis is not known to have what it had.');

/** Somebody who knows of more than Redis has; `null` where nobody does. */
function whoIsAhead(kept: Kept, { head, run }: Memory): { who: string; entry: number; run: number } | null {
  const last = Math.max(kept.head.n, kept.last);
  const all = [
    { who: 'this bot', entry: head.n, run },
    ...[...kept.known].map(([who, known]) => ({ who, entry: known.audit?.n ?? 0, run: known.run ?? 0 })),
  ];
  return all.find((one) => one.entry > last || one.run > kept.run) ?? null;
}

import type { RunId, UserId } from '../domain/ids.ts';
import { key, PREFIX } from '../domain/protocol.ts';

/** The bot's own names in Redis; those that agents use as well are in the protocol. */
export const own = {
  /** Counter: the newest run's number. */
  runNumber: `${PREFIX}:runs:number`,
  /** Hash: `rev` and `json`. */
  run: (id: RunId): string => `${PREFIX}:run:${id}`,
  /** Hash: host name to its plan. */
  plans: (id: RunId): string => `${PREFIX}:run:${id}:plans`,
  replyTo: (id: RunId): string => `${PREFIX}:run:${id}:reply`,
  once: (id: RunId, what: string): string => `${PREFIX}:run:${id}:once:${what}`,
  /** When something was first seen of a run, in milliseconds. */
  since: (id: RunId, what: string): string => `${PREFIX}:run:${id}:since:${what}`,
  delivery: (id: string): string => `${PREFIX}:delivery:${id}`,
  /** Who answers a command that makes no run, or that it is answered. */
  answered: (id: string): string => `${PREFIX}:delivery:${id}:answered`,
  /** Sorted set: the newest runs that somebody asked for, by their numbers. */
  by: (user: UserId): string => `${PREFIX}:by:${user}`,
  /** Sorted set: run by when it must be looked at. */
  due: `${PREFIX}:due`,
  /** Sorted set: run by when its card fell behind. */
  cards: `${PREFIX}:cards`,
  cardLock: (id: RunId): string => `${PREFIX}:run:${id}:writing`,
  /** Stream: one entry of the audit each, `<n>-0`. */
  audit: `${PREFIX}:audit`,
  /** Hash: the newest audit entry's `n` and `hash`. */
  auditHead: key.auditHead,
  /** Set: channels in which there are cards. */
  channels: `${PREFIX}:channels`,
  /** Who writes a mirror of the audit, by the file's own number. */
  mirrorLock: (file: string): string => `${PREFIX}:mirror:${file}`,
  /** What people were told last of its problems. */
  mirrorTold: (file: string): string => `${PREFIX}:mirror:${file}:told`,
  /** Which Redis is known to have all that it had: its `run_id`. Without it nothing is stored. */
  whole: `${PREFIX}:whole`,
  /** Who puts back what Redis lost. */
  recall: `${PREFIX}:recall`,
  /** Hash: how far that has come, until it is whole. */
  back: `${PREFIX}:recall:back`,
  /** What people are to be told of that. */
  news: `${PREFIX}:recall:news`,
  /** Hash: a bot to what it remembers, written when Redis is in doubt. */
  bots: `${PREFIX}:recall:bots`,
  /** Set: runs that the audit says are over, and of which there is nothing else. */
  over: `${PREFIX}:recall:over`,
  /** A host's report about a run that nobody has went down in the audit. */
  stray: (job: string, seq: number): string => `${PREFIX}:recall:stray:${job}:${seq}`,
  ask: (id: string): string => `${PREFIX}:ask:${id}`,
  answers: (id: string): string => `${PREFIX}:ask:${id}:answers`,
  /** Exists while a bot is replying to it. */
  taken: (id: string): string => `${PREFIX}:ask:${id}:taken`,
  asksDue: `${PREFIX}:asks:due`,
} as const;

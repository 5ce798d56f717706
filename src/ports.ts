import type { Entry, Fact, Head } from './domain/audit.ts';
import type { HostName, RunId, UserId } from './domain/ids.ts';
import type { Markup } from './domain/markup.ts';
import type { Plan } from './domain/plan.ts';
import type { HostStatus, Job, Known, Report, ReportBody } from './domain/protocol.ts';
import type { Remembered } from './domain/recall.ts';
import type { Run } from './domain/run.ts';
import type { KeptHead } from './domain/verify-entry.ts';

/** Something shown to people: a title, and lines below it. */
export interface Answer {
  lines: readonly Markup[];
  /** One line for notifications, without anything from outside; the first line's text if absent. */
  notice?: string;
  /** A file that goes with it, in a channel. */
  file?: { name: string; content: string };
}

/** Who typed or pressed. */
export interface Person {
  user: UserId;
  team: string;
}

/** What a press leads to: words for the presser alone, a form that asks for the reason, or nothing more than the card. */
export type Reply = { kind: 'words'; words: Markup } | { kind: 'form'; run: Run } | null;

/** Where runs live. Every method rejects with a `UserError` when the store can't be reached. */
export interface Runs {
  /** Takes a number and stores the run; `null` if this delivery was accepted before. */
  create(
    delivery: string,
    draft: (id: RunId) => Run,
    facts: (run: Run) => readonly Fact[],
    replyTo: string,
  ): Promise<Run | null>;
  /** Takes a number for a run that is made later. */
  reserve(): Promise<RunId>;
  /** Stores a run under the number that it has; `null` if it is there already. */
  createAs(run: Run, facts: readonly Fact[], replyTo: string): Promise<Run | null>;
  /** Where the requester can be told something alone; `null` once that address is too old. */
  replyTo(id: RunId): Promise<string | null>;
  load(id: RunId): Promise<Run | null>;
  /** Stores `after` with its facts if nothing was stored since `before`; `null` if somebody was faster. */
  commit(before: Run, after: Run, facts: readonly Fact[]): Promise<Run | null>;
  /** The same, and with it a run that follows from this one under a reserved number: both or neither. */
  commitWith(
    before: Run,
    after: Run,
    facts: readonly Fact[],
    made: { run: Run; facts: readonly Fact[]; replyTo: string },
  ): Promise<Run | null>;
  /** Keeps the first plan of a host, or with `over` this one in place of another, and resolves to the one that is kept. */
  savePlan(run: RunId, plan: Plan, over?: boolean): Promise<Plan>;
  /** Those that the run was shown and decided on: of all its hosts, or of these alone. */
  plans(run: Run, only?: readonly HostName[]): Promise<ReadonlyMap<HostName, Plan>>;
  /** Runs whose time to be looked at has come. */
  due(now: number): Promise<RunId[]>;
  /** Runs that are not over. */
  open(): Promise<RunId[]>;
  /** The newest runs that this person asked for, newest first; of older ones than the newest 100 there is no list. */
  askedBy(user: UserId, count: number): Promise<RunId[]>;
  /** When this was first asked about a run, in milliseconds; at first that is `now`. */
  since(id: RunId, what: string, now: number): Promise<number>;
  /** Looks at the run again at `at`, or never again; unless it has moved on since, which says itself when. */
  lookAgain(run: Pick<Run, 'id' | 'rev'>, at: number | null): Promise<void>;
}

/** Which cards are not yet what their run is. */
export interface CardQueue {
  /** The longest behind first, at most 1,000, from the one at this place on; the first, if absent. */
  waiting(from?: number): Promise<RunId[]>;
  /** The card is not what its run is, whatever was said. */
  behind(id: RunId, at: number): Promise<void>;
  /** One writer at a time; `null` while another bot writes this card. */
  lock(id: RunId, ms: number): Promise<(() => Promise<void>) | null>;
  /** The card shows this revision: forget it, unless the run has moved on. One of no run is always forgotten. */
  shown(run: Pick<Run, 'id' | 'rev'>): Promise<void>;
  /** True the first time only, of whatever must be done once for a run; remembered for so many seconds, a day if absent. */
  once(id: RunId, what: string, seconds?: number): Promise<boolean>;
  /** What is taken down of something that is done for a run; `null` where nothing is. */
  marked(id: RunId, what: string): Promise<string | null>;
  /** Takes it down, or forgets it by `null`, if it is still `from`. False where somebody else was faster. */
  mark(id: RunId, what: string, from: string | null, to: string | null): Promise<boolean>;
  /** True for the first who asks, whenever they ask again, and for nobody else so many seconds long. */
  mine(id: RunId, what: string, who: string, seconds: number): Promise<boolean>;
  /**
   * Takes up what must be answered once: resolves to what says that it is answered, or to `null` once somebody else has.
   * Waits some seconds for somebody who is at it, and takes over from one who does not come to an end.
   */
  claim(id: RunId, what: string): Promise<(() => Promise<void>) | null>;
}

export interface Audit {
  /** Newest first. `before` an entry's number, exclusive. */
  read(options: { count: number; before?: number }): Promise<Entry[]>;
  /** As they are stored, oldest first, from after a place on, up to and with another; entry `n` has the place `<n>-0`. */
  texts(options: {
    count: number;
    after: string | null;
    upTo?: string;
  }): Promise<{ id: string; text: string }[]>;
  /** The newest entry's place, and the head that is recorded beside the stream, at one instant. */
  newest(): Promise<{ id: string | null; recorded: Head | null }>;
  /** Where cards were posted. */
  channels(): Promise<string[]>;
}

/** Heads of the audit that our own messages carry. */
export interface PostedHeads {
  /** Those of a channel's newest messages, and how many were read if there are older ones; or why they can't be read. Never rejects. */
  in(channel: string): Promise<{ heads: KeptHead[]; newest?: number } | { unread: Markup }>;
}

/** A card as it is in Slack. */
export interface PostedCard {
  number: number;
  channel: string;
  /** As its text has it. */
  state: string;
  /** The run as the card carries it; `null` on cards from before they did, or where it was too large. */
  remembered: Remembered | null;
  /** On final ones. */
  head: Head | null;
}

/** Our cards in Slack. Both reject while Slack is away, and say why where it does not let us read. */
export interface PostedCards {
  /** Where the bot is, and why not all of them are known. */
  channels(): Promise<{ channels: string[]; unread?: Markup }>;
  /** Newest first. */
  in(channel: string): Promise<{ cards: PostedCard[] } | { unread: Markup }>;
}

/** What Redis has of what it must not forget, at one instant. */
export interface Kept {
  /** Whether it is known to be whole: the same Redis, since somebody looked. */
  whole: boolean;
  head: Head;
  /** The last entry's number in the stream itself; 0 for none. */
  last: number;
  /** The newest run's number; 0 for none. */
  run: number;
  /** What hosts' journals know. */
  known: ReadonlyMap<string, Known>;
  /** When each host was last heard, by the Redis server's clock in milliseconds. */
  seen: ReadonlyMap<string, number>;
  /** What other bots remember. */
  bots: readonly Memory[];
}

/** The newest that a bot remembers. */
export interface Memory {
  head: Head;
  /** The newest run's number; 0 for none. */
  run: number;
  /** Those that it has stored last, as it stored them. */
  runs: readonly Run[];
}

/** Whether Redis still has what it had, and what puts back what it has not. */
export interface Keeping {
  /** The newest that this bot has stored or seen. */
  memory(): Memory;
  isWhole(): Promise<boolean>;
  look(): Promise<Kept>;
  /** Tells other bots what this one remembers. */
  remind(): Promise<void>;
  /** From now on nothing is stored until somebody has put back what is lost. */
  doubt(): Promise<void>;
  /** The one bot that puts back; `null` while another one does. Its methods reject once another one has taken over. */
  hold(ms: number): Promise<Hold | null>;
  /** Adds to the audit what a host tells of a run that nobody has, each report once. */
  stray(run: RunId, told: { job: string; seq: number }, facts: readonly Fact[]): Promise<void>;
  /** What people are to be told, once; `null` where there is nothing. */
  news(): Promise<News | null>;
  /** They could not be told: later. */
  later(news: News): Promise<void>;
}
export interface News {
  channels: string[];
  lines: string[];
}
/** Entries of the audit that are put back: those after `from`, up to `mirrored` from its mirror. What follows is said anew. */
export interface Begun {
  from: number;
  mirrored: number;
}
export interface Hold {
  /** Whether an attempt to put back was broken off: the next one has no less to do and to say. */
  isBegun(): Promise<boolean>;
  /** From now on it is. What the first attempt found as the audit's last entry stays. */
  begin(n: number): Promise<Begun>;
  /** What the audit in Redis has after an entry, as far as this version can read it. */
  told(after: number): Promise<Entry[]>;
  /** A run as it is stored. Rejects with a `NewerError` where this version can't read it. */
  load(id: RunId): Promise<Run | null>;
  /** Whole entries, as they were stored, each with its place `<n>-0`, and the head that they lead to. */
  entries(texts: readonly { n: number; text: string }[], head: Head): Promise<void>;
  /** One entry that goes on from a head which Redis does not have. */
  goOnFrom(head: Head, fact: Fact): Promise<void>;
  /** Stores a run as the newest, if it is still as old as it was; with a card to be written where that is wanted. */
  put(run: Run, over: Run | null, facts: readonly Fact[], write: boolean): Promise<void>;
  /** What must not be posted twice for a run was, perhaps: it is looked for first. */
  posted(run: Run): Promise<void>;
  /** The audit says of these that they are over: whatever hosts tell of them again is known. */
  over(runs: readonly RunId[]): Promise<void>;
  /** No run gets this number any more, nor one below. */
  number(run: number): Promise<void>;
  /** It is whole again. */
  whole(news: News | null): Promise<void>;
  release(): Promise<void>;
}

/** The audit once more, in a file. */
export interface Mirror {
  /** There are new entries. */
  kick(): void;
  /** Brought up to date: its last whole entry, and why it does not go on. Never rejects. */
  state(): Promise<{ last: Head | null; problem: Markup | null }>;
}
export interface MirrorFile extends Mirror {
  /** Its lines as they are in the file, oldest first; a last one that is cut is left out. */
  texts(): AsyncIterable<string>;
}

/** A question to hosts whose answer only its asker sees. */
export interface Ask {
  id: string;
  hosts: readonly HostName[];
  /** The command's own words, read again when the answers are there. */
  command: string;
  user: UserId;
  replyTo: string;
  /** Where the answer is for all to see. */
  channel?: string;
}
export type Answers = ReadonlyMap<HostName, ReportBody>;
export interface Asks {
  put(ask: Ask, dueAt: number): Promise<void>;
  /** Takes down a host's answer; the last one takes the ask with it, so that one bot replies to it. */
  answer(id: string, host: HostName, body: ReportBody): Promise<{ ask: Ask; answers: Answers } | null>;
  /** Takes the ask with the answers that it has; `null` if it was taken. */
  take(id: string): Promise<{ ask: Ask; answers: Answers } | null>;
  /** Takes up a command, by its delivery, that must be answered once; as `CardQueue.claim` does. */
  claim(delivery: string): Promise<(() => Promise<void>) | null>;
  /** Keeps an ask that was taken for as long as this goes on, so that it does not come up again meanwhile. */
  during<T>(id: string, work: Promise<T>): Promise<T>;
  /** It is over. One that was taken and is not said to be comes up again in a minute: its bot has died. */
  replied(id: string): Promise<void>;
  due(now: number): Promise<string[]>;
}

export interface Hosts {
  list(): Promise<HostStatus[]>;
}

/** What hands jobs to agents. */
export interface Jobs {
  send(job: Job): Promise<void>;
  /** Also where its host was through with it: its journal answers once more. */
  again(job: Job): Promise<void>;
}

/** Of a report: its effect is stored or it certainly has none; or nobody knows what it is about, and it may be needed yet. */
export type Settled = 'settled' | 'unknown run';

export interface Reports {
  /** Calls `handle` for every report, each until it succeeds. What is settled is acknowledged to the host that sent it. */
  listen(handle: (report: Report) => Promise<Settled>): Promise<void>;
}

/** Who somebody is, asked of Slack. */
export interface People {
  /** Why this person counts as nobody: a guest, a bot, gone, of another workspace than ours and than `team`; `null` for a full member. */
  stranger(user: UserId, team: string): Promise<Markup | null>;
  /**
   * Members of a user group, read now; what was read a moment ago may do where it does not hold this person, since
   * that can only say no. Rejects with a `UserError` when it can't be read.
   */
  inGroup(group: string, user: UserId): Promise<ReadonlySet<string>>;
}

/** How the bot speaks other than by cards. */
export interface Voice {
  /** To one person, by the command's own reply address. */
  reply(replyTo: string, answer: Answer): Promise<void>;
  /** To a channel; rejects with a `UserError` when it can't. */
  post(channel: string, answer: Answer): Promise<void>;
}

export interface Log {
  info(msg: string, fields?: Record<string, unknown>): void;
  warn(msg: string, fields?: Record<string, unknown>): void;
  error(msg: string, error: unknown, fields?: Record<string, unknown>): void;
}

/** Milliseconds since 1970 by the Redis server's clock, which bot and agents share. */
export type Clock = () => number;

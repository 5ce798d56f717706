import type { Command } from '../commands/_define.ts';
import type { RunId } from '../domain/ids.ts';
import type { Report } from '../domain/protocol.ts';
import type { Rights } from '../domain/rights.ts';
import type { ApprovalPolicy, Run } from '../domain/run.ts';
import type {
  Asks,
  Audit,
  CardQueue,
  Clock,
  Hosts,
  Jobs,
  Log,
  Mirror,
  People,
  PostedHeads,
  Runs,
  Voice,
} from '../ports.ts';

/** All that the story needs of the world. */
export interface Deps {
  runs: Runs;
  cards: CardQueue;
  audit: Audit;
  asks: Asks;
  hosts: Hosts;
  jobs: Jobs;
  people: People;
  voice: Voice;
  postedHeads: PostedHeads;
  /** `null` where the audit has no mirror. */
  mirror: Mirror | null;
  /** Where each run that is over has a line of its own. */
  auditChannel: string | undefined;
  log: Log;
  clock: Clock;
  commands: ReadonlyMap<string, Command>;
  rights: Rights;
  groups: Readonly<Record<string, readonly string[]>>;
  policy: ApprovalPolicy;
  /** Work that nothing waits for but, some seconds, the orderly end. */
  aside(work: Promise<void>): void;
  /**
   * Before this, by `clock`, hosts may have been silent for no fault of theirs, since Redis was away or had lost their
   * heartbeats; absent: never.
   */
  heardSince?(): number;
  /** Whether nothing was heard of this run for so long that its hosts are asked again. Absent: they never are. */
  quiet?(run: Run): boolean;
  /** Throws a `UserError` while the store does not have what it had. Absent: it always has. */
  certain?(): Promise<void>;
  /** What a host tells of a run that nobody else has: it goes down in the audit. Absent: it is left to others. */
  stray?(run: RunId, told: Pick<Report, 'job' | 'host' | 'seq' | 'body'>): Promise<void>;
  /** Makes ids that never come again. */
  newId(): string;
}

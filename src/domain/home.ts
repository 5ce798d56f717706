import type { Markup } from './markup.ts';
import type { HostStatus } from './protocol.ts';
import type { Run } from './run.ts';

/** What one person finds on the app's Home tab. */
export interface HomePage {
  /** When it was looked up, in milliseconds since 1970. */
  at: number;
  /** Open runs that this person can confirm, approve or continue; what ends first comes first. */
  decide: readonly Run[];
  /** A user group could not be read, so `decide` may lack some. */
  unsure: boolean;
  /** Their other open runs, newest first. */
  open: readonly Run[];
  /** Their newest runs that are over, newest first. */
  recent: readonly Run[];
  /** Fullest disks first. */
  hosts: readonly HostStatus[];
  /** Those that can't be reached come first. */
  registries: readonly HostStatus[];
}

/** `only` a sentence for those who may not see it, or while it can't be looked up. */
export type Home = HomePage | { only: Markup };

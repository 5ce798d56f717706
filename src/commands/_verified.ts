import type { HostName } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import type { Trouble } from '../domain/outcome.ts';
import type { Verdict } from '../domain/verify.ts';

/** The audit's chain as it was found, and what it was held against. */
export interface Verified {
  verdict: Verdict;
  /** How many messages of each channel name a head, or why that can't be read. */
  channels: readonly {
    channel: string;
    about: 'here' | 'audit' | 'other';
    found: number | { unread: Markup };
    /** So many messages were read, and there are older ones. */
    newest?: number;
  }[];
  /** How many more channels with cards there are. */
  unreadChannels: number;
  /** The highest entry that each host has seen (0: none), or why it did not say. */
  hosts: readonly { host: HostName; highest: number | Trouble }[];
  mirror: { last: number | null; problem: Markup | null } | null;
}

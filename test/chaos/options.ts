import { existsSync } from 'node:fs';

/** What is said of time is said by this library, preloaded into bots and agents; Debian's package libfaketime. */
const FAKETIME = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;

/** The library by which clocks are set, or undefined where there is none: such faults are then left out, and said so. */
export const fakeTime = (): string | undefined => (existsSync(FAKETIME) ? FAKETIME : undefined);

/** How long a proposal stands in these worlds: the shortest that the configuration takes. */
export const EXPIRES_MS = 10_000;

export interface WorldOptions {
  hosts: readonly string[];
  /** The built product: a folder with `src/bin.js`. */
  dist: string;
  /** Whether bots and agents are started such that their clocks can be set. */
  clocks: boolean;
  /** Those of the hosts whose engines are simulated. */
  simulated?: readonly string[];
  /** Further arguments for the node of bots and agents. */
  nodeArgs?: readonly string[];
}

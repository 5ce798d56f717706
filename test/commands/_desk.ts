import type { Command, Desk } from '../../src/commands/_define.ts';
import { NOW } from '../domain/_build.ts';

/** What a bot knows that has neither hosts nor runs. */
export const aDesk = (commands: ReadonlyMap<string, Command>, given: Partial<Desk> = {}): Desk => ({
  now: NOW,
  commands,
  rights: { approvers: ['S0SRE', 'U0BEN'], access: [] },
  hosts: async () => [],
  run: async () => null,
  openRuns: async () => [],
  history: async () => ({ entries: [], older: undefined }),
  ...given,
});

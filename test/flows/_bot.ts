import type { UserId } from '../../src/domain/ids.ts';
import { say } from '../../src/domain/markup.ts';
import type { HostStatus, Job } from '../../src/domain/protocol.ts';
import type { Rights } from '../../src/domain/rights.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { openAsks } from '../../src/store/asks.ts';
import { openAudit } from '../../src/store/audit.ts';
import { openCards } from '../../src/store/cards.ts';
import type { Redis } from '../../src/store/connect.ts';
import { openRuns } from '../../src/store/runs.ts';
import { aPolicy, NOW } from '../domain/_build.ts';
import { silent } from '../store/_redis.ts';

/** What a bot knows of the world, on a real Redis; the hosts, the people and the time are the test's. */
export function botOn(
  redis: Redis,
  more: { hosts: HostStatus[]; stranger?: UserId; rights?: Partial<Rights>; now?: () => number },
) {
  const now = more.now ?? (() => NOW);
  const jobs: Job[] = [];
  const deps: Deps = {
    runs: openRuns(redis, now, 90),
    cards: openCards(redis),
    audit: openAudit(redis),
    asks: openAsks(redis),
    hosts: { list: async () => more.hosts },
    jobs: { send: async (job) => void jobs.push(job), again: async (job) => void jobs.push(job) },
    people: {
      stranger: async (id) => (id === more.stranger ? say`Guests may not.` : null),
      inGroup: async () => new Set(),
    },
    voice: { reply: async () => {}, post: async () => {} },
    postedHeads: { in: async () => ({ heads: [] }) },
    mirror: null,
    auditChannel: undefined,
    log: silent,
    clock: now,
    commands: new Map(),
    rights: { approvers: [], access: [], ...more.rights },
    groups: {},
    policy: aPolicy(),
    aside: () => {},
    newId: () => 'x',
  };
  return { deps, jobs };
}

/** Stores a run under a number of its own. */
export async function stored(deps: Deps, run: Run): Promise<Run> {
  const made = await deps.runs.createAs({ ...run, id: await deps.runs.reserve() }, [], 'reply');
  if (!made) throw new Error('the number was taken');
  return made;
}

import type { HostName, RunId, UserId } from '../domain/ids.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
import type { HostPart, Rollout, Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';

/** What a new run is made of. */
export interface Wanted {
  requester: UserId;
  team: string;
  channel: string;
  /** As typed. */
  where: string;
  selection: Run['selection'];
  hosts: readonly (HostStatus | { host: HostName })[];
  dryRun?: boolean;
  skipConfirmation?: boolean;
  rollout?: Rollout;
}

/** A run at its beginning; hosts that are offline now have no part in it. */
export function draftRun(deps: Deps, id: RunId, wanted: Wanted): Run {
  const now = deps.clock();
  const { hosts, dryRun = false, skipConfirmation = false, ...rest } = wanted;
  return {
    ...{ v: 1, id, rev: 0, state: 'planning', createdAt: now, policy: deps.policy },
    ...rest,
    dryRun,
    skipConfirmation,
    hosts: Object.fromEntries(hosts.map((host) => [host.host, part(host, now)])) as Run['hosts'],
    approvalFor: [],
    approvals: [],
  };
}

// --- internal ---

function part(host: Wanted['hosts'][number], now: number): HostPart {
  const known = 'epoch' in host ? host : null;
  const base = { epoch: known?.epoch ?? '', sent: 'nothing', outcomes: [] } as const;
  return known && isOnline(known, now)
    ? { ...base, outcomes: [], stage: 'waiting' }
    : { ...base, outcomes: [], stage: 'ended', trouble: { kind: 'offline', seenAt: known?.seenAt ?? null } };
}

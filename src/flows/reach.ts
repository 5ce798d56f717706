import { UserError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import { code, say, time } from '../domain/markup.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { mayAsk } from './rights.ts';

/** The hosts that `where` means, as they are now. */
export async function reach(deps: Deps, where: string): Promise<HostStatus[]> {
  const all = new Map((await deps.hosts.list()).map((host) => [host.host, host]));
  return resolveWhere(where, [...all.keys()], deps.groups).map(
    (name) => all.get(name as HostName) as HostStatus,
  );
}

/** The same for deletions. Throws a `UserError` where this person may not ask for them there, or where none is online. */
export async function reachToDelete(deps: Deps, person: Person, where: string): Promise<HostStatus[]> {
  const hosts = await reach(deps, where);
  await mayAsk(
    deps,
    person,
    hosts.map(({ host }) => host),
  );
  const now = deps.clock();
  if (!hosts.some((host) => isOnline(host, now))) throw new UserError(offline(hosts));
  return hosts;
}

/** Why nothing was asked of these hosts. */
export function offline(hosts: readonly HostStatus[]) {
  const [first] = hosts;
  if (!first || hosts.length > 1) return say`All of these hosts are offline: nothing was queued for them.`;
  return say`${code(first.host)} is offline, last seen ${time(first.seenAt)}: nothing was queued for it. Is its ${code('dimg agent')} running?`;
}

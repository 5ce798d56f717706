import type { HostName } from '../domain/ids.ts';
import { code, say, time } from '../domain/markup.ts';
import type { HostStatus } from '../domain/protocol.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Deps } from './_deps.ts';

/** The hosts that `where` means, as they are now. */
export async function reach(deps: Deps, where: string): Promise<HostStatus[]> {
  const all = new Map((await deps.hosts.list()).map((host) => [host.host, host]));
  return resolveWhere(where, [...all.keys()], deps.groups).map(
    (name) => all.get(name as HostName) as HostStatus,
  );
}

/** Why nothing was asked of these hosts. */
export function offline(hosts: readonly HostStatus[]) {
  const [first] = hosts;
  if (!first || hosts.length > 1) return say`All of these hosts are offline: nothing was queued for them.`;
  return say`${code(first.host)} is offline, last seen ${time(first.seenAt)}: nothing was queued for it. Is its ${code('dimg agent')} running?`;
}

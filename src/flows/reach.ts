import { UserError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import { code, say, some, time } from '../domain/markup.ts';
import { nearest } from '../domain/nearest.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { mayAsk } from './rights.ts';

/** The hosts that `where` means, or the registry of that name, as they are now. */
export async function reach(deps: Deps, where: string, there = false): Promise<HostStatus[]> {
  const known = (await deps.hosts.list()).filter(({ registry }) => (registry !== undefined) === there);
  const all = new Map(known.map((host) => [host.host, host]));
  if (!there)
    return resolveWhere(where, [...all.keys()], deps.groups).map((name) => all.get(name) as HostStatus);
  const registry = all.get(where as HostName);
  if (!registry) throw new UserError(unknownRegistry(where, [...all.keys()]));
  return [registry];
}

/** The same for deletions. Throws a `UserError` where this person may not ask for them there, or where none is online. */
export async function reachToDelete(
  deps: Deps,
  person: Person,
  where: string,
  there: boolean,
): Promise<HostStatus[]> {
  const hosts = await reach(deps, where, there);
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

// --- internal ---

function unknownRegistry(where: string, known: readonly string[]) {
  if (known.length === 0)
    return say`No registry is known yet: name it under ${code('registries')} in the configuration of a ${code('dimg agent')}.`;
  const near = nearest(where, known);
  return say`There is no registry ${code(where)}. ${near === undefined ? say`Known: ${some([...known].sort(), 8)}.` : say`Did you mean ${code(near)}?`}`;
}

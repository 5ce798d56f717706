import { UserError } from '../domain/error.ts';
import type { HostName, UserId } from '../domain/ids.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import { listed, listsFor } from '../domain/rights.ts';
import type { Deps, Person } from './_deps.ts';

/** Throws a `UserError` where this person may not ask for deletions on these hosts. */
export async function mayAsk(deps: Deps, person: Person, hosts: readonly HostName[]): Promise<void> {
  const stranger = await deps.people.stranger(person.user, person.team);
  if (stranger) throw new UserError(stranger);
  for (const list of listsFor(deps.rights, 'operators', hosts))
    if (list && !(await isOn(deps, list, person.user)))
      throw new UserError(
        say`You may not delete images ${hosts.length === 1 ? say`on ${code(hosts[0] ?? '')}` : 'on all of these hosts'}. Those who may: ${listed(list)}.`,
      );
}

/** Why this person's approval or denial does not count for these hosts; `null` where it does. Read now, never from memory. */
export async function whyNotApprover(
  deps: Deps,
  person: Person,
  hosts: readonly HostName[],
): Promise<Markup | null> {
  const stranger = await deps.people.stranger(person.user, person.team);
  if (stranger) return stranger;
  for (const list of listsFor(deps.rights, 'approvers', hosts)) {
    if (!list || list.length === 0)
      return say`Nobody can approve this: no approvers are configured. Set ${code('approval.approvers')} in the bot's configuration.`;
    if (!(await isOn(deps, list, person.user)))
      return say`You are not an approver here. Those who are: ${listed(list)}.`;
  }
  return null;
}

// --- internal ---

async function isOn(deps: Deps, list: readonly string[], id: UserId): Promise<boolean> {
  if (list.includes(id)) return true;
  for (const group of list.filter((entry) => entry.startsWith('S')))
    if ((await deps.people.inGroup(group)).has(id)) return true;
  return false;
}

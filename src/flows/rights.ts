import { UserError } from '../domain/error.ts';
import type { HostName, UserId } from '../domain/ids.ts';
import { code, group, join, type Markup, say } from '../domain/markup.ts';
import { isGroup, listed, listsFor } from '../domain/rights.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';

/** Throws a `UserError` where this person may not ask for deletions on these hosts. */
export async function mayAsk(deps: Deps, person: Person, hosts: readonly HostName[]): Promise<void> {
  const stranger = await deps.people.stranger(person.user, person.team);
  if (stranger) throw new UserError(stranger);
  for (const list of listsFor(deps.rights, 'operators', hosts)) {
    const place = list && (await lookUp(deps, list, person.user));
    if (place && !place.on)
      throw new UserError(
        say`You may not delete images ${hosts.length === 1 ? say`on ${code(hosts[0] ?? '')}` : 'on all of these hosts'}. Those who may: ${listed(list)}${emptyWords(place.empty)}.`,
      );
  }
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
    const place = await lookUp(deps, list, person.user);
    if (!place.on)
      return say`You are not an approver here. Those who are: ${listed(list)}${emptyWords(place.empty)}.`;
  }
  return null;
}

// --- internal ---

/** Whether somebody is on a list, and which of its groups are empty. One group that can't be read does not stand in another's way. */
async function lookUp(
  deps: Deps,
  list: readonly string[],
  id: UserId,
): Promise<{ on: boolean; empty: readonly string[] }> {
  if (list.includes(id)) return { on: true, empty: [] };
  const empty: string[] = [];
  let failed: { error: unknown } | undefined;
  for (const entry of list.filter(isGroup)) {
    try {
      const members = await deps.people.inGroup(entry, id);
      if (members.has(id)) return { on: true, empty: [] };
      if (members.size === 0) empty.push(entry);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed) throw failed.error;
  return { on: false, empty };
}

const emptyWords = (groups: readonly string[]): Markup =>
  groups.length === 0 ? [] : say` (nobody is in ${join(groups.map((id) => say`${group(id)}`))})`;

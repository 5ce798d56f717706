import { matchesGlob } from './glob.ts';
import type { HostName, UserId } from './ids.ts';
import { code, join, type Markup, say, user } from './markup.ts';

/** Who may do what, from the bot's configuration. Entries are user IDs (`U…`, `W…`) or user groups (`S…`). */
export interface Rights {
  channels?: readonly string[] | undefined;
  operators?: readonly string[] | undefined;
  approvers: readonly string[];
  access: readonly {
    hosts: readonly string[];
    operators?: readonly string[] | undefined;
    approvers?: readonly string[] | undefined;
  }[];
}

/**
 * The lists that a person must be on, all of them, to ask (`operators`) or approve (`approvers`) for
 * these hosts; the narrower list of a host counts instead of the general one. `undefined` in it means
 * that every full member may.
 */
export function listsFor(
  rights: Rights,
  what: 'operators' | 'approvers',
  hosts: readonly HostName[],
): (readonly string[] | undefined)[] {
  const lists = new Set<readonly string[] | undefined>();
  for (const host of hosts) {
    const narrower = rights.access.find(
      (rule) => rule[what] && rule.hosts.some((glob) => matchesGlob(glob, host)),
    );
    lists.add(narrower ? narrower[what] : rights[what]);
  }
  return [...lists];
}

/** Names and groups of a list, for people. */
export function listed(list: readonly string[]): Markup {
  return list.length === 0
    ? say`nobody`
    : join(list.map((id) => (id.startsWith('S') ? say`group ${code(id)}` : user(id as UserId))));
}

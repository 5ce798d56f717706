import { matchesGlob } from './glob.ts';
import type { HostName, UserId } from './ids.ts';
import { group, join, type Markup, say, user } from './markup.ts';

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
 * these hosts. Of the rules that match a host the narrowest counts, instead of the general list: the one whose
 * glob spells out most of the name, and the first of equals. `undefined` in it means that every full member may.
 */
export function listsFor(
  rights: Rights,
  what: 'operators' | 'approvers',
  hosts: readonly HostName[],
): (readonly string[] | undefined)[] {
  const lists = new Set<readonly string[] | undefined>();
  for (const host of hosts) {
    const rules = rights.access
      .filter((rule) => rule[what])
      .map((rule) => ({ list: rule[what], width: narrowness(rule.hosts, host) }))
      .filter(({ width }) => width >= 0)
      .sort((a, b) => b.width - a.width);
    lists.add(rules[0] ? rules[0].list : rights[what]);
  }
  return [...lists];
}

export const isGroup = (entry: string): boolean => entry.startsWith('S');

/** Names and groups of a list, for people. */
export function listed(list: readonly string[]): Markup {
  return list.length === 0
    ? say`nobody`
    : join(list.map((id) => (isGroup(id) ? group(id) : user(id as UserId))));
}

// --- internal ---

/** How many characters of the host's name the narrowest of its globs spells out; a whole name beats them all, -1 where none fits. */
function narrowness(globs: readonly string[], host: HostName): number {
  const widths = globs
    .filter((glob) => matchesGlob(glob, host))
    .map((glob) => (glob === host ? Infinity : glob.replace(/[*?]/g, '').length));
  return Math.max(-1, ...widths);
}

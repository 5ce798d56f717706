import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { code, group, type Markup, say } from '../domain/markup.ts';
import type { People } from '../ports.ts';
import { failureOf } from './failures.ts';
import { together } from './together.ts';

/**
 * How long a group's members are remembered, for those who are none: so that people who press without being
 * asked can't use up the 20 look-ups a minute that approvers need.
 */
export const REFUSED_MS = 4_000;

/** Who people are, by Slack's own word, asked anew each time; where Slack does not answer, nobody is anybody. */
export function openPeople(
  client: WebClient,
  team: string | Promise<string>,
  monotonic: () => number,
): People {
  const seen = new Map<string, { members: ReadonlySet<string>; at: number }>();
  // Slack takes some twenty questions about a group in a minute, and a hundred people may press in one second.
  const person = together((user) => ask(() => client.users.info({ user })));
  const members = together(async (usergroup) => {
    const found = await ask(() => client.usergroups.users.list({ usergroup }), usergroup);
    return new Set(found.users ?? []);
  });
  return {
    async stranger(user, from) {
      const found = await person(user);
      return strangeness(found.user, await team, from);
    },
    async inGroup(id, user) {
      const last = seen.get(id);
      if (last && monotonic() - last.at < REFUSED_MS && !last.members.has(user)) return last.members;
      const found = await members(id);
      seen.set(id, { members: found, at: monotonic() });
      return found;
    },
  };
}

// --- internal ---

interface Member {
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  team_id?: string;
  enterprise_user?: { teams?: string[] };
}

/** `team` is the bot's workspace, `from` the one that the press or command came with: both must be the person's own. */
function strangeness(member: Member | undefined, team: string, from: string): Markup | null {
  if (!member) return say`Slack does not say who you are, so that counts as no.`;
  if (member.deleted) return say`This account is deactivated.`;
  if (member.is_bot) return say`Bots can't delete images or approve.`;
  if (member.is_restricted || member.is_ultra_restricted)
    return say`Guests can't delete images or approve: ask a full member.`;
  // Where Slack does not name a person's workspace, theirs is the one that the press or command came with.
  const named = [member.team_id, ...(member.enterprise_user?.teams ?? [])].filter((id) => id !== undefined);
  const own = named.length > 0 ? named : [from];
  if (member.is_stranger || [team, from].some((id) => id !== '' && !own.includes(id)))
    return say`People of another workspace can't delete images or approve.`;
  return null;
}

async function ask<T>(call: () => Promise<T>, asked?: string): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new UserError(words(failureOf(error), asked), { cause: error });
  }
}

function words(failure: ReturnType<typeof failureOf>, asked: string | undefined): Markup {
  if (failure.kind === 'later')
    return say`Slack is busy: press again in ${Math.ceil(failure.ms / 1000)} s, or send the command again; nothing has changed.`;
  if (failure.kind !== 'refused') return say`Slack did not say who you are: try again; nothing has changed.`;
  if (failure.error === 'plan_upgrade_required')
    return say`This workspace has no user groups (${code(failure.error)}), so the group ${code(asked ?? '')} in dimg's configuration means nobody: whoever runs dimg must name people there.`;
  const what = asked === undefined ? say`who you are` : say`who is in ${group(asked)}`;
  return say`Slack does not say ${what} (${code(failure.error)}), so that counts as no; tell whoever runs dimg.`;
}

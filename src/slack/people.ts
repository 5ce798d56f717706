import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import type { Log, People } from '../ports.ts';
import { failureOf } from './failures.ts';
import { together } from './together.ts';

/** A full member is believed to be one for a minute; a refusal is never remembered. */
const BELIEVED_MS = 60_000;

/** Who people are, by Slack's own word; where Slack does not answer, nobody is anybody. */
export function openPeople(client: WebClient, log: Log, now: () => number): People {
  const members = new Map<string, number>();
  // Slack takes some twenty questions about a group in a minute, and a hundred people may press in one second.
  const person = together((user) => ask(log, () => client.users.info({ user })));
  const group = together(async (usergroup) => {
    const found = await ask(log, () => client.usergroups.users.list({ usergroup }));
    return new Set(found.users ?? []);
  });
  return {
    async stranger(user, team) {
      const known = `${team} ${user}`;
      if ((members.get(known) ?? 0) > now()) return null;
      const found = await person(user);
      const why = strangeness(found.user ?? {}, team);
      if (why) return why;
      if (members.size > 10_000) members.clear();
      members.set(known, now() + BELIEVED_MS);
      return null;
    },
    inGroup: (id) => group(id),
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
}

function strangeness(member: Member, team: string): Markup | null {
  if (member.deleted) return say`This account is deactivated.`;
  if (member.is_bot) return say`Bots can't delete images or approve.`;
  if (member.is_restricted || member.is_ultra_restricted)
    return say`Guests can't delete images or approve: ask a full member.`;
  if (member.is_stranger || (member.team_id !== undefined && member.team_id !== team))
    return say`People of another workspace can't delete images or approve.`;
  return null;
}

async function ask<T>(log: Log, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    log.error('Slack did not tell who somebody is', error);
    const failure = failureOf(error);
    if (failure.kind === 'later')
      throw new UserError(
        say`Slack is busy: try again in ${Math.ceil(failure.ms / 1000)} s; nothing has changed.`,
        { cause: error },
      );
    if (failure.kind === 'refused')
      throw new UserError(
        say`Slack does not say who may do this (${code(failure.error)}), so nobody may; tell whoever runs dimg.`,
        { cause: error },
      );
    throw new UserError(say`Slack did not say who you are: try again; nothing has changed.`, {
      cause: error,
    });
  }
}

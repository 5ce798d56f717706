import { z } from 'zod';
import type { Context } from '../context.ts';
import { refuse } from '../refuse.ts';
import type { Group, User } from '../types.ts';
import { APP_ID, BOT_ID, BOT_USER } from '../world.ts';
import { method, page } from './define.ts';

const flag = z.union([z.boolean(), z.stringbool()]).optional();

const test = method('auth.test', [], z.object({}), ({ world }) => ({
  url: `https://${world.team.domain}.slack.com/`,
  team: world.team.name,
  user: world.users.get(BOT_USER)?.name,
  team_id: world.team.id,
  user_id: BOT_USER,
  bot_id: BOT_ID,
  app_id: APP_ID,
  is_enterprise_install: false,
}));

const open = method(
  'apps.connections.open',
  [],
  z.object({}),
  (context) => ({ url: context.ticket() }),
  'app',
);

const profile = (user: User) => ({
  ...user,
  profile: { real_name: user.real_name, display_name: user.name, team: user.team_id },
});

const info = method(
  'users.info',
  ['users:read'],
  z.object({ user: z.string().min(1), include_locale: flag }),
  ({ world }, args) => {
    const user = world.users.get(args.user);
    return user ? { user: profile(user) } : refuse('user_not_found');
  },
);

const list = method(
  'users.list',
  ['users:read'],
  z.object({
    limit: z.coerce.number().int().min(1).max(1000).default(1000),
    cursor: z.string().optional(),
    include_locale: flag,
  }),
  ({ world, clock }, args) => {
    const found = page([...world.users.values()], args.limit, args.cursor);
    const cache_ts = Math.floor(clock.now() / 1000);
    return { members: found.items.map(profile), cache_ts, response_metadata: { next_cursor: found.next } };
  },
);

function paid({ settings }: Context) {
  if (settings.plan === 'free') refuse('plan_upgrade_required');
}

const wireGroup = (group: Group, teamId: string, withUsers: boolean) => {
  const { users, disabled, ...rest } = group;
  const date_delete = disabled ? 1 : 0;
  return {
    ...rest,
    team_id: teamId,
    is_usergroup: true,
    date_delete,
    user_count: users.length,
    ...(withUsers ? { users } : {}),
  };
};

const groups = method(
  'usergroups.list',
  ['usergroups:read'],
  z.object({ include_users: flag, include_disabled: flag, include_count: flag }),
  (context, args) => {
    paid(context);
    const { world } = context;
    const shown = [...world.groups.values()].filter((group) => args.include_disabled || !group.disabled);
    return { usergroups: shown.map((group) => wireGroup(group, world.team.id, args.include_users ?? false)) };
  },
);

const groupUsers = method(
  'usergroups.users.list',
  ['usergroups:read'],
  z.object({ usergroup: z.string().min(1), include_disabled: flag }),
  (context, args) => {
    paid(context);
    const group = context.world.groups.get(args.usergroup);
    if (!group || (group.disabled && !args.include_disabled)) return refuse('no_such_subteam');
    return { users: group.users };
  },
);

export const people = [test, open, info, list, groups, groupUsers];

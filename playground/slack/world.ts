import type { Channel, Group, Team, User } from './types.ts';

export const BOT_USER = 'U0DIMG';
export const BOT_ID = 'B0DIMG';
export const APP_ID = 'A0DIMG';

export type World = {
  readonly team: Team;
  readonly users: Map<string, User>;
  readonly channels: Map<string, Channel>;
  readonly groups: Map<string, Group>;
  /** Adds a user, or changes the given fields of one. */
  readonly addUser: (user: Partial<User> & { id: string }) => User;
  readonly addChannel: (channel: Partial<Channel> & { id: string }) => Channel;
  readonly setGroup: (group: Partial<Group> & { id: string }) => Group;
  readonly join: (channel: string, user: string) => void;
  readonly leave: (channel: string, user: string) => void;
  /** The direct-message channel between the bot and a user. */
  readonly dm: (user: string) => Channel;
};

/** A workspace with a few people in it: ana, bo, cy, gus (a guest), the bot, #ops, #random and @sre. */
export function createWorld(): World {
  const team: Team = { id: 'T0TEAM', name: 'Team', domain: 'team' };
  const users = new Map<string, User>();
  const channels = new Map<string, Channel>();
  const groups = new Map<string, Group>();

  const addUser: World['addUser'] = (input) => {
    const name = input.name ?? input.id.toLowerCase();
    const user = { ...newUser(input.id, name, team.id), ...users.get(input.id), ...input };
    users.set(user.id, user);
    return user;
  };
  const addChannel: World['addChannel'] = (input) => {
    const old = channels.get(input.id);
    const fresh = {
      name: input.id.toLowerCase(),
      is_private: false,
      is_archived: false,
      is_im: false,
      members: [],
    };
    const channel = { ...fresh, ...old, ...input };
    channels.set(channel.id, channel);
    return channel;
  };
  const setGroup: World['setGroup'] = (input) => {
    const handle = input.handle ?? input.id.replace(/^S0?/, '').toLowerCase();
    const group = { handle, name: handle, users: [], disabled: false, ...groups.get(input.id), ...input };
    groups.set(group.id, group);
    return group;
  };
  const members = (id: string, change: (members: readonly string[]) => readonly string[]) => {
    const channel = channels.get(id);
    if (!channel) throw new Error(`no channel ${id}`);
    channels.set(id, { ...channel, members: change(channel.members) });
  };

  addUser({ id: 'U0ANA', name: 'ana', real_name: 'Ana' });
  addUser({ id: 'U0BO', name: 'bo', real_name: 'Bo' });
  addUser({ id: 'U0CY', name: 'cy', real_name: 'Cy' });
  addUser({ id: 'U0GUS', name: 'gus', real_name: 'Gus', is_restricted: true });
  addUser({ id: BOT_USER, name: 'dimg', real_name: 'dimg', is_bot: true });
  addChannel({ id: 'C0OPS', name: 'ops', members: ['U0ANA', 'U0BO', 'U0CY', 'U0GUS', BOT_USER] });
  addChannel({ id: 'C0RANDOM', name: 'random', members: ['U0ANA', 'U0BO', 'U0CY'] });
  setGroup({ id: 'S0SRE', handle: 'sre', name: 'SRE', users: ['U0BO'] });

  return {
    team,
    users,
    channels,
    groups,
    addUser,
    addChannel,
    setGroup,
    join: (channel, user) => members(channel, (list) => [...new Set([...list, user])]),
    leave: (channel, user) => members(channel, (list) => list.filter((id) => id !== user)),
    dm: (user) => {
      const id = `D${user.slice(1)}`;
      return (
        channels.get(id) ??
        addChannel({ id, name: id, is_private: true, is_im: true, members: [user, BOT_USER] })
      );
    },
  };
}

function newUser(id: string, name: string, teamId: string): User {
  return {
    id,
    name,
    real_name: name,
    team_id: teamId,
    deleted: false,
    is_bot: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_admin: false,
    tz: 'Europe/Berlin',
  };
}

import type { Context } from '../context.ts';
import type { Channel, Json, User } from '../types.ts';
import { APP_ID, BOT_USER } from '../world.ts';

/** Bolt no longer looks at it; Slack still sends it. */
const VERIFICATION_TOKEN = 'stand-in-verification-token';

export function person({ world }: Context, id: string): User {
  const user = world.users.get(id);
  if (!user) throw new Error(`no user ${id} in the stand-in`);
  return user;
}

export function place({ world }: Context, id: string): Channel {
  const channel = world.channels.get(id);
  if (!channel) throw new Error(`no channel ${id} in the stand-in`);
  return channel;
}

/** What every interaction carries. */
export function interaction(context: Context, user: User): Json {
  const { team } = context.world;
  return {
    user: { id: user.id, username: user.name, name: user.name, team_id: user.team_id },
    api_app_id: APP_ID,
    token: VERIFICATION_TOKEN,
    trigger_id: context.grants.trigger(user.id),
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
  };
}

export function slashCommand(
  context: Context,
  user: User,
  channel: Channel,
  command: string,
  text: string,
  url: string,
): Json {
  const { team } = context.world;
  return {
    token: VERIFICATION_TOKEN,
    team_id: team.id,
    team_domain: team.domain,
    channel_id: channel.id,
    channel_name: channel.is_im ? 'directmessage' : channel.is_private ? 'privategroup' : channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: APP_ID,
    is_enterprise_install: 'false',
    response_url: url,
    trigger_id: context.grants.trigger(user.id),
  };
}

let events = 0;

export function eventCallback(context: Context, event: Json): Json {
  const { team } = context.world;
  return {
    token: VERIFICATION_TOKEN,
    team_id: team.id,
    context_team_id: team.id,
    context_enterprise_id: null,
    api_app_id: APP_ID,
    event,
    type: 'event_callback',
    event_id: `Ev${(++events).toString().padStart(6, '0')}`,
    event_time: Math.floor(context.clock.now() / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: team.id,
        user_id: BOT_USER,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: 'stand-in',
  };
}

import type { App } from '@slack/bolt';
import { z } from 'zod';
import { UserId } from '../domain/ids.ts';
import type { Log, Person } from '../ports.ts';
import { acknowledged, personOf } from './edge.ts';

/** Somebody wants their Home tab; `hash` is that of the one which they see until then. */
export interface Opened extends Person {
  hash?: string | undefined;
}

/** Hears that somebody opens the Home tab or presses a button on it. */
export function hearHome(app: App, home: (opened: Opened) => Promise<void>, log: Log): void {
  // Bolt acknowledges events before they are handled.
  app.event('app_home_opened', async ({ event, body }) => {
    if (event.tab === 'messages') return;
    const { hash } = Shown.parse(event.view ?? {});
    await home({ user: UserId.parse(event.user), team: body.team_id, hash });
  });
  app.action({ type: 'block_actions', action_id: 'home' }, async ({ body, ack }) => {
    await acknowledged(log, ack);
    await home({ ...personOf(body), hash: body.view?.hash });
  });
  // It opens an address, and is sent all the same.
  app.action(
    { type: 'block_actions', action_id: 'show' },
    async ({ ack }) => void (await acknowledged(log, ack)),
  );
}

// --- internal ---

/** Slack's events carry it, though its types don't. */
const Shown = z.object({ hash: z.string().optional() });

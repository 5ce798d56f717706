import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import { refuse } from './refuse.ts';

/** What a response_url answers to. */
export type ReplyContext = {
  readonly user: string;
  readonly channel: string;
  /** The message that was pressed. For a command: what its own replies made, once there is one. */
  source: { readonly ts: string; readonly ephemeral: boolean } | undefined;
};

export type Grants = {
  readonly trigger: (user: string) => string;
  /** The user behind a trigger; it works once and for 3 s. */
  readonly exchange: (id: string) => string;
  readonly responseUrl: (context: ReplyContext) => string;
  /** Counts a use: 5 in 30 minutes. */
  readonly use: (id: string) => ReplyContext | 'expired_url' | 'used_url' | 'invalid_url';
};

const TRIGGER_MS = 3000;
const RESPONSE_URL_MS = 30 * 60_000;
const RESPONSE_URL_USES = 5;

/** Trigger ids and response URLs: the two things Slack lends for a while. */
export function createGrants(clock: Clock, base: () => string): Grants {
  const triggers = new Map<string, { user: string; at: number; used: boolean }>();
  const urls = new Map<string, { context: ReplyContext; at: number; uses: number }>();
  return {
    trigger: (user) => {
      const id = `${clock.now()}.${randomBytes(6).toString('hex')}.${randomBytes(16).toString('hex')}`;
      triggers.set(id, { user, at: clock.now(), used: false });
      return id;
    },
    exchange: (id) => {
      const trigger = triggers.get(id);
      if (!trigger) return refuse('invalid_trigger_id');
      if (trigger.used) return refuse('exchanged_trigger_id');
      if (clock.now() - trigger.at > TRIGGER_MS) return refuse('expired_trigger_id');
      trigger.used = true;
      return trigger.user;
    },
    responseUrl: (context) => {
      const id = randomBytes(12).toString('hex');
      urls.set(id, { context, at: clock.now(), uses: 0 });
      return `${base()}/response/${id}`;
    },
    use: (id) => {
      const url = urls.get(id);
      if (!url) return 'invalid_url';
      if (clock.now() - url.at > RESPONSE_URL_MS) return 'expired_url';
      if (url.uses >= RESPONSE_URL_USES) return 'used_url';
      url.uses += 1;
      return url.context;
    },
  };
}

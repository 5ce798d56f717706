import type { WebClient } from '@slack/web-api';
import type { Home } from '../domain/home.ts';
import type { RunId, UserId } from '../domain/ids.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run } from '../domain/run.ts';
import type { Log } from '../ports.ts';
import type { Time } from './backoff.ts';
import { type Failure, failureOf } from './failures.ts';
import { renderHome, shownRuns } from './home.ts';

/** Whoever looks at their tab for longer than this opens it again. */
const PATIENCE_MS = 10_000;
const waitOf = (failure: Failure): number =>
  failure.kind === 'later' ? Math.min(failure.ms, PATIENCE_MS) : 2_000;

/** Puts Home tabs into Slack. A call that fails twice is logged: the person opens the tab again. */
export function openHomes({
  client,
  rights,
  time,
  log,
}: {
  client: WebClient;
  rights: Rights;
  time: Pick<Time, 'sleep'>;
  log: Log;
}) {
  const known = new Map<string, string>();

  /** Where a card is: asked for once, since it never changes. */
  async function link({ id, card }: Run): Promise<[RunId, string][]> {
    if (!card) return [];
    const at = `${card.channel} ${card.ts}`;
    try {
      const url =
        known.get(at) ??
        (await client.chat.getPermalink({ channel: card.channel, message_ts: card.ts })).permalink;
      if (url === undefined) return [];
      if (known.size > 10_000) known.clear();
      known.set(at, url);
      return [[id, url]];
    } catch (error) {
      log.warn('Slack did not say where a card is', { run: id, error: (error as Error).message });
      return [];
    }
  }

  return {
    /** `hash` is that of the tab which the person saw: a newer one is not written over unseen. */
    async publish(user: UserId, home: Home, hash?: string): Promise<void> {
      try {
        const links = new Map((await Promise.all(shownRuns(home).map(link))).flat());
        const args = { user_id: user, view: renderHome(home, links, rights) };
        await client.views.publish(hash === undefined ? args : { ...args, hash }).catch(async (error) => {
          const failure = failureOf(error);
          if (failure.kind === 'refused' && failure.error !== 'hash_conflict') throw error;
          // The tab is not seen before long: once more may do, and changes nothing where it had been taken.
          if (failure.kind !== 'refused') await time.sleep(waitOf(failure));
          return client.views.publish(args);
        });
      } catch (error) {
        log.error('a Home tab could not be published', error, { user });
      }
    },
  };
}

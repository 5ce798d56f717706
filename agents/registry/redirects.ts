import type { Answer, Ask, Line } from './line.ts';
import { RegistryTrouble } from './ports.ts';

/** An answer, and whether it came from another origin than was asked. */
export type Followed = Answer & { elsewhere: boolean };

/**
 * Follows redirects of a GET, as registries send for blobs; the credentials stay with the origin they were for.
 * What else is redirected is answered as it came. Rejects with `RegistryTrouble`.
 */
export async function follow(line: Line, what: Ask): Promise<Followed> {
  let next = what;
  let elsewhere = false;
  for (let hops = 0; ; hops++) {
    const answer = await line.ask(next);
    const { location } = answer.headers;
    if (what.method !== 'GET' || !REDIRECTS.has(answer.status) || location === undefined)
      return { ...answer, elsewhere };
    if (hops === MOST) throw wrong('it redirects in circles');
    const url = URL.canParse(location, next.url.href) ? new URL(location, next.url) : null;
    // Never quoted: such addresses are often signed, and open to whoever knows them.
    if (!url || !/^https?:$/.test(url.protocol)) throw wrong('it redirects to no address');
    if (next.url.protocol === 'https:' && url.protocol === 'http:')
      throw wrong('it redirects from https to plain http');
    elsewhere ||= url.origin !== what.url.origin;
    const { authorization, ...others } = next.headers;
    next = { ...next, url, headers: elsewhere || authorization === undefined ? others : next.headers };
  }
}

// --- internal ---

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST = 5;

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });

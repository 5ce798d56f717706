import type { Heard } from './answers.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials, ReadCredentials } from './credentials.ts';
import type { Ask } from './line.ts';
import { RegistryTrouble } from './ports.ts';
import type { Followed } from './redirects.ts';
import { basic, fetchToken, type Token } from './tokens.ts';

/** What is asked for, and where: one challenge answers for all of one place. */
export type Place = `${'pull' | 'delete'} ${string}` | 'base' | 'catalog';

export type Authorised = (what: Ask, place: Place) => Promise<Heard>;

/**
 * Asks as whom the registry knows us: it is asked without a name first, and then as its 401 says. A 401 to what was good
 * before fetches a new token, or reads the password again, once; a deletion is left to be asked again then. Rejects with `RegistryTrouble`.
 */
export function openAuth(
  registry: URL,
  ask: (what: Ask) => Promise<Followed>,
  credentials: ReadCredentials,
): Authorised {
  const places = new Map<Place, Challenge>();
  const tokens = new Map<string, Held>();
  // Basic is for all of the registry, not for a scope of it.
  let whole: Challenge | null = null;
  /** What was got for a deletion that was refused, and has not been good for one yet. */
  const renewed = new Map<Place, { header: string; at: number }>();

  const fetchNew = async (challenge: Challenge): Promise<Pass & { until: number }> => {
    const asked = performance.now();
    const held = await read(credentials, false);
    const pass = (token: Token, by: Credentials | null) => ({
      header: token.header,
      anonymous: by === null,
      // Until a little before its end, since an answer takes time as well.
      until: asked + token.lifeMs - Math.min(token.lifeMs / 2, 5000),
    });
    try {
      return pass(await fetchToken(ask, registry, challenge, held), held);
    } catch (error) {
      const again = await afterRefusal(error, credentials, held);
      return pass(await fetchToken(ask, registry, challenge, again), again);
    }
  };

  const bearer = async (challenge: Challenge, refused: string | null): Promise<Pass> => {
    const key = JSON.stringify(challenge.parameters, ['realm', 'service', 'scope']);
    const known = tokens.get(key);
    if (known) {
      const pass = await known.pass.catch(() => null);
      if (pass && pass.header !== refused && pass.until > performance.now()) return pass;
      // Another question may have fetched a new one meanwhile.
      if (tokens.get(key) !== known) return bearer(challenge, refused);
    }
    const pass = fetchNew(challenge);
    const held: Held = { pass };
    if (tokens.size >= KEPT) tokens.clear();
    tokens.set(key, held);
    try {
      return await pass;
    } catch (error) {
      if (tokens.get(key) === held) tokens.delete(key);
      throw error;
    }
  };

  /** `null`: there is nothing to show, or nothing but what was refused. */
  const passFor = async (challenge: Challenge, refused: string | null): Promise<Pass | null> => {
    if (challenge.scheme === 'bearer') return bearer(challenge, refused);
    const held = await read(credentials, refused !== null);
    if (held?.kind !== 'password') return null;
    const header = basic(held);
    return header === refused ? null : { header, anonymous: false };
  };

  const askAs = async (what: Ask, pass: Pass | null): Promise<Heard> => {
    const headers = pass ? { ...what.headers, authorization: pass.header } : what.headers;
    const answer = await ask({ ...what, headers });
    return { ...answer, sent: pass?.header ?? null, anonymous: pass?.anonymous ?? true };
  };

  return async (what, place) => {
    const known = places.get(place) ?? whole;
    const first = await askAs(what, known && (await passFor(known, null)));
    // Somebody else's challenge is not ours to answer.
    if (first.status !== 401 || first.elsewhere) {
      renewed.delete(place);
      return first;
    }
    const offered = parseChallenges(first.headers['www-authenticate']);
    const challenge = SCHEMES.map((name) => offered.find(({ scheme }) => scheme === name)).find(Boolean);
    if (!challenge) return first;
    if (challenge.scheme === 'basic') whole = challenge;
    else places.set(place, challenge);
    const isDeletion = what.method === 'DELETE';
    const last = renewed.get(place);
    // What it may do can be given to it meanwhile.
    const isLast = last?.header === first.sent && performance.now() - (last?.at ?? 0) < SAME_MS;
    if (isDeletion && isLast) return first;
    const pass = await passFor(challenge, first.sent);
    if (!pass) return first;
    if (!isDeletion) return askAs(what, pass);
    // Who deletes has looked just before, and looks again now that time has passed.
    renewed.set(place, { header: pass.header, at: performance.now() });
    return { ...first, renewed: true };
  };
}

// --- internal ---

const SCHEMES = ['bearer', 'basic'];
/** So long a refusal is one of what was just got. */
const SAME_MS = 10_000;
/** Tokens, of which there is one for each repository. */
const KEPT = 500;

type Pass = { header: string; anonymous: boolean };
type Held = { pass: Promise<Pass & { until: number }> };

/** A file that can't be read is a name that can't be given. */
async function read(credentials: ReadCredentials, fresh: boolean): Promise<Credentials | null> {
  try {
    return await credentials(fresh);
  } catch (error) {
    const message = error instanceof Error ? error.message : undefined;
    throw new RegistryTrouble({ kind: 'registry', what: 'unauthorised', message });
  }
}

/** Other credentials than those that were refused, where a file holds some by now; else throws the refusal. */
async function afterRefusal(error: unknown, credentials: ReadCredentials, refused: Credentials | null) {
  if (!(error instanceof RegistryTrouble) || error.problem.what !== 'unauthorised') throw error;
  const now = await read(credentials, true);
  if (JSON.stringify(now) === JSON.stringify(refused)) throw error;
  return now;
}

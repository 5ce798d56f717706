import { z } from 'zod';
import type { RegistryProblem } from '../../src/domain/registry.ts';
import { wordsOf } from './answers.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { type Ask, NoAnswer } from './line.ts';
import { RegistryTrouble } from './ports.ts';
import type { Followed } from './redirects.ts';

/** A token for one scope, and for how long, in milliseconds. */
export type Token = { header: string; lifeMs: number };

/**
 * Fetches a token where the challenge says, by the protocols of distribution: a GET with Basic, or for an identity
 * token a POST as of OAuth 2. Rejects with `RegistryTrouble`; `unauthorised` where the credentials are not taken.
 */
export async function fetchToken(
  ask: (what: Ask) => Promise<Followed>,
  registry: URL,
  challenge: Challenge,
  credentials: Credentials | null,
): Promise<Token> {
  const answer = await ask(question(realmOf(registry, challenge), challenge, credentials)).catch(unheard);
  if (answer.status !== 200) throw refusal(answer, credentials);
  const grant = readGrant(answer.body);
  const token = grant?.token || grant?.access_token;
  // What is no plain word could not be sent as a header.
  if (!token || !/^[\x21-\x7e]+$/.test(token)) throw trouble('wrong', 'its realm gave no token');
  return { header: `Bearer ${token}`, lifeMs: (grant?.expires_in || DEFAULT_SECONDS) * 1000 };
}

export const basic = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

// --- internal ---

/** "If omitted, this defaults to 60 seconds" (distribution, token authentication specification). */
const DEFAULT_SECONDS = 60;

const Grant = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/**
 * The password goes there, so it must be no worse a place than the registry: what was asked over TLS never sends it over
 * plain http, on no host.
 */
function realmOf(registry: URL, { parameters }: Challenge): URL {
  const { realm = '' } = parameters;
  const url = URL.canParse(realm) ? new URL(realm) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw trouble('wrong', 'its realm for tokens is no address');
  if (url.protocol === 'http:' && registry.protocol !== 'http:')
    throw trouble('wrong', `it wants our password sent to ${url.host} over plain http`);
  url.username = '';
  url.password = '';
  return url;
}

function question(realm: URL, { parameters }: Challenge, credentials: Credentials | null): Ask {
  const { service, scope = '' } = parameters;
  const scopes = scope.split(' ').filter((one) => one !== '');
  if (credentials?.kind === 'identity') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'dimg' });
    if (service !== undefined) form.set('service', service);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    form.set('refresh_token', credentials.token);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: form.toString() };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const one of scopes) url.searchParams.append('scope', one);
  return { method: 'GET', url, headers: credentials ? { authorization: basic(credentials) } : {} };
}

/** Its silence is not the registry's: nothing that was asked there has been begun. */
function unheard(error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error;
  throw trouble(error.problem.what, `its realm for tokens: ${error.message}`);
}

function refusal(answer: Followed, credentials: Credentials | null): RegistryTrouble {
  const { status } = answer;
  const secrets =
    credentials === null
      ? []
      : credentials.kind === 'identity'
        ? [credentials.token, encodeURIComponent(credentials.token)]
        : [basic(credentials).slice('Basic '.length), credentials.password];
  const words = `its realm for tokens says ${wordsOf(
    answer,
    secrets.filter((secret) => secret !== ''),
  )}`;
  // A refresh token that is no longer good is a 400, `invalid_grant`.
  if ([400, 401, 403].includes(status))
    return trouble('unauthorised', credentials === null ? 'it wants a name and a password' : words);
  if (status === 429) return trouble('limited', words);
  return trouble(status >= 500 ? 'no-answer' : 'wrong', words);
}

function readGrant(body: Buffer): z.infer<typeof Grant> | undefined {
  try {
    return Grant.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const trouble = (what: RegistryProblem['what'], message: string) =>
  new RegistryTrouble({ kind: 'registry', what, message });

import { z } from 'zod';
import type { RegistryProblem } from '../../src/domain/registry.ts';
import { parseChallenges } from './challenge.ts';
import type { Followed } from './redirects.ts';

/** An answer of the registry, and as whom it was asked. */
export type Heard = Followed & {
  /** The Authorization that went with the question: never to be quoted. */
  sent: string | null;
  /** Nobody's name and password stood behind it. */
  anonymous: boolean;
  /** It refused a deletion for want of what we have by now: it is the same question no more. */
  renewed?: boolean;
};

/** Why the registry refused, by its status and its own words. */
export function problemOf(answer: Heard): RegistryProblem {
  const message = wordsOf(answer, secretsOf(answer.sent));
  const problem = (what: RegistryProblem['what'], said = message): RegistryProblem => ({
    ...{ kind: 'registry', what, message: said },
  });
  switch (answer.status) {
    case 401:
      if (answer.anonymous) return problem('unauthorised', 'it wants a name and a password');
      return problem(lacksScope(answer) ? 'forbidden' : 'unauthorised');
    case 403:
      return problem('forbidden');
    case 429:
      return problem('limited');
    // A proxy before it that did not reach it.
    case 502:
    case 503:
    case 504:
      return problem('no-answer');
    default:
      return problem('wrong');
  }
}

/** Whether it is the registry that does not have it: a proxy before it says 404 as well. */
export const isAbsent = (answer: Heard): boolean =>
  answer.status === 404 &&
  (codeOf(answer) !== undefined || answer.headers['docker-distribution-api-version'] !== undefined);

/** Whether it took who we are, and not what we want. */
export const lacksScope = (answer: Heard): boolean =>
  answer.status === 401 &&
  parseChallenges(answer.headers['www-authenticate']).some(
    ({ parameters }) => parameters.error === 'insufficient_scope',
  );

/** The code of the first error in its body, such as `MANIFEST_UNKNOWN`. */
export const codeOf = ({ body }: { body: Buffer }): string | undefined => firstError(body)?.code;

/** In the registry's own words, shortened, without these secrets; its status where it has none. */
export function wordsOf(answer: { status: number; body: Buffer }, secrets: readonly string[]): string {
  const { code, message } = firstError(answer.body) ?? {};
  const said = [...new Set([code, message])].filter((part) => part !== undefined && part !== '').join(': ');
  const known = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), said);
  // A part of a token as well; all that are JSON begin alike.
  const shown = known.replace(/\beyJ[\w.-]{10,}/g, '…');
  return shown.replace(/\p{Cc}+/gu, ' ').slice(0, LONGEST) || `HTTP status ${answer.status}`;
}

/** What of an Authorization an echo of it could hold. */
export function secretsOf(authorization: string | null): string[] {
  const [scheme = '', value = ''] = authorization?.split(' ') ?? [];
  if (value === '') return [];
  const plain = scheme === 'Basic' ? Buffer.from(value, 'base64').toString('utf8') : '';
  const password = plain.slice(plain.indexOf(':') + 1);
  return [value, plain, password].filter((secret) => secret !== '');
}

// --- internal ---

const LONGEST = 300;
const Errors = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })).min(1),
});

function firstError(body: Buffer) {
  try {
    return Errors.safeParse(JSON.parse(body.toString('utf8'))).data?.errors[0];
  } catch {
    return undefined;
  }
}

import { createSign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Certificate, makeCertificate } from './certificate.ts';
import { listenIn } from './port.ts';
import type { Scope } from './scope.ts';

export type Member = {
  readonly username: string;
  readonly password: string;
  /** An identity token that stands for the password. */
  readonly identity?: string;
  /** Of repositories whose names match; `*` is any text. */
  readonly may: readonly { readonly repository: string; readonly actions: readonly string[] }[];
  readonly catalog?: boolean;
};

export type TokenRequest = {
  readonly method: string;
  readonly username: string | null;
  readonly scopes: readonly string[];
  readonly status: number;
};

export type Behaviour = {
  /** How long the registry takes a token. It adds a minute of its own, which is taken off here. */
  readonly lifeSeconds: number;
  /** What is said of that; `null` says nothing. */
  readonly saidSeconds: number | null;
  readonly field: 'token' | 'access_token';
  /** Instead of an answer. */
  readonly refusal: { readonly status: number; readonly body: string } | null;
};

/** What gives tokens for a registry, as of distribution's specification. */
export type TokenService = {
  readonly realm: string;
  readonly issuer: string;
  readonly service: string;
  /** What the registry trusts. */
  readonly certificateFile: string;
  /** All that it was asked so far. */
  readonly requests: TokenRequest[];
  behave(how: Partial<Behaviour>): void;
  /** An Authorization for one repository, without being asked. */
  grant(repository: string, actions: readonly string[]): string;
};

/** Starts it on a free port, for as long as the scope is open. */
export async function startTokenService(
  scope: Scope,
  members: readonly Member[],
  /** Lets everybody pull without a name. */
  open = false,
): Promise<TokenService> {
  const signer = makeCertificate({ name: 'dimg tokens' });
  const certificateFile = join(scope.dir, `tokens-${signer.der.subarray(-4).toString('hex')}.pem`);
  writeFileSync(certificateFile, signer.certificate);
  const requests: TokenRequest[] = [];
  let how: Behaviour = { lifeSeconds: 300, saidSeconds: 300, field: 'token', refusal: null };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', 'http://any');
    const form = request.method === 'POST' ? new URLSearchParams(await readText(request)) : null;
    const scopes = form ? (form.get('scope') ?? '').split(' ') : url.searchParams.getAll('scope');
    const claimed = form ? byForm(members, form) : byBasic(members, request.headers.authorization);
    const reply = (status: number, body: string) => {
      requests.push({ method: request.method ?? '', username: claimed?.username ?? null, scopes, status });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    if (how.refusal) return reply(how.refusal.status, how.refusal.body);
    if (claimed === undefined || (claimed === null && !open))
      return reply(form ? 400 : 401, '{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}');
    const access = scopes.flatMap((one) => granted(one, claimed));
    const token = sign(signer, claims(how.lifeSeconds, claimed?.username ?? '', access));
    const said = how.saidSeconds === null ? {} : { expires_in: how.saidSeconds };
    reply(200, JSON.stringify({ [form ? 'access_token' : how.field]: token, ...said }));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  const port = await listenIn(scope, server);
  return {
    realm: `http://127.0.0.1:${port}/token`,
    issuer: ISSUER,
    service: SERVICE,
    certificateFile,
    requests,
    behave(some) {
      how = { ...how, ...some };
    },
    grant: (repository, actions) =>
      `Bearer ${sign(signer, claims(300, 'granted', [{ type: 'repository', name: repository, actions }]))}`,
  };
}

// --- internal ---

const ISSUER = 'dimg tokens';
const SERVICE = 'dimg registry';
/** How long distribution takes a token after its end. Source: `registry/auth/token/token.go`. */
const LEEWAY_SECONDS = 60;

type Access = { type: string; name: string; actions: readonly string[] };

const byBasic = (
  members: readonly Member[],
  authorization: string | undefined,
): Member | null | undefined => {
  if (authorization === undefined) return null;
  return members.find(
    ({ username, password }) =>
      authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
  );
};
const byForm = (members: readonly Member[], form: URLSearchParams): Member | undefined =>
  form.get('grant_type') === 'refresh_token'
    ? members.find(({ identity }) => identity !== undefined && identity === form.get('refresh_token'))
    : undefined;

/** What of the asked is let; nothing at all is no refusal, but a token without use. */
function granted(scope: string, member: Member | null): Access[] {
  const [, type = '', name = '', list = ''] = /^([a-z]+):(.+):([a-z,*]*)$/.exec(scope) ?? [];
  const asked = list.split(',');
  const allowed =
    type === 'registry'
      ? member?.catalog
        ? asked
        : []
      : member === null
        ? ['pull']
        : member.may.filter(({ repository }) => matches(repository, name)).flatMap(({ actions }) => actions);
  const actions = asked.filter((action) => allowed.includes(action));
  return actions.length > 0 ? [{ type, name, actions }] : [];
}

const matches = (glob: string, name: string) =>
  new RegExp(`^${glob.replace(/[.]/g, '\\.').replaceAll('*', '.*')}$`).test(name);

function claims(lifeSeconds: number, subject: string, access: readonly Access[]) {
  const now = Math.floor(Date.now() / 1000);
  const exp = now + lifeSeconds - LEEWAY_SECONDS;
  return {
    iss: ISSUER,
    aud: SERVICE,
    sub: subject,
    iat: now,
    nbf: now - 1,
    exp,
    jti: String(Math.random()),
    access,
  };
}

function sign({ key, der }: Certificate, content: object): string {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encoded({ typ: 'JWT', alg: 'RS256', x5c: [der.toString('base64')] })}.${encoded(content)}`;
  return `${text}.${createSign('sha256').update(text).sign(key).toString('base64url')}`;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

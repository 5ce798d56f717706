import { type Generation, isModern } from './generation.ts';

/** A name as the engine understands it: `repo`, `repo:tag`, `repo@digest`, or both. */
export type Name = {
  /** With its registry: `docker.io/library/app`. */
  readonly full: string;
  /** As people write it: `app`. */
  readonly repo: string;
  readonly tag: string | null;
  readonly digest: string | null;
};

/** The name, or the reason why a text is none; newer engines also say which name has capitals. */
export type Parsed = { readonly name: Name } | { readonly error: string; readonly capitals?: string };

/** Why a text is no name, in the engine's words. */
export function reason(
  engine: Generation,
  { error, capitals }: { readonly error: string; readonly capitals?: string },
): string {
  if (capitals === undefined || !isModern(engine)) return error;
  return error.replace('repository name', `repository name (${capitals})`);
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `${DOMAIN_PART}(?:\\.${DOMAIN_PART})*(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(
  `^((?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${DIGEST}))?$`,
);

/** Reads a name by the grammar of distribution/reference, which fills in Docker Hub and `library/`. */
export function parseName(text: string): Parsed {
  if (/^[a-f0-9]{64}$/.test(text))
    return { error: `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings` };
  const { domain, remainder } = splitDomain(text);
  const path = remainder.split(':', 1)[0] ?? '';
  if (path !== path.toLowerCase())
    return { error: 'invalid reference format: repository name must be lowercase', capitals: path };
  const match = REFERENCE.exec(`${domain}/${remainder}`);
  if (!match?.[1]) return { error: 'invalid reference format' };
  if (match[1].length > 255) return { error: 'repository name must not be more than 255 characters' };
  const digest = match[3] ?? null;
  if (digest !== null && !isDigest(digest)) return { error: 'invalid reference format' };
  return { name: { full: match[1], repo: familiar(match[1]), tag: match[2] ?? null, digest } };
}

/** Where neither tag nor digest is given, `latest` is meant. */
export function withDefaultTag(name: Name): Name {
  return name.tag === null && name.digest === null ? { ...name, tag: 'latest' } : name;
}

/** As Docker prints it. */
export function familiarName({ repo, tag, digest }: Name): string {
  return `${repo}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

export function fullName({ full, tag, digest }: Name): string {
  return `${full}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

export function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

export const isTag = (text: string) => /^\w[\w.-]{0,127}$/.test(text);

/** The first 12 digits of an ID. */
export const short = (id: string) => id.replace(/^sha256:/, '').slice(0, 12);

// --- internal ---

function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === 'localhost');
  let domain = isDomain ? first : 'docker.io';
  let remainder = isDomain ? text.slice(slash + 1) : text;
  if (domain === 'index.docker.io') domain = 'docker.io';
  if (domain === 'docker.io' && !remainder.includes('/')) remainder = `library/${remainder}`;
  return { domain, remainder };
}

function familiar(full: string): string {
  return full.replace(/^docker\.io\/library\/(?=[^/]+$)/, '').replace(/^docker\.io\//, '');
}

import { UserError } from './error.ts';
import { DIGEST, LONGEST, REPOSITORY, TAG } from './grammar.ts';
import { code, say } from './markup.ts';

/** What a person may call an image by: a reference, a digest, or an ID. */
export interface ImageName {
  /** As typed, to be shown. */
  text: string;
  /** `repo:tag` or `repo@sha256:…` as the engine spells it, where the text can be one. */
  reference?: string | undefined;
  /** Hexadecimal digits of an ID, 12 to 64, where the text can be one. */
  idPrefix?: string | undefined;
}

// Of the same grammar as what follows it.
const HOST = String.raw`(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?))*`;
const DOMAIN = String.raw`(?:${HOST}|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const REFERENCE = new RegExp(`^(?:(${DOMAIN})/)?(${REPOSITORY})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/**
 * Reads an image's name as `docker rmi` does; nothing that passes can mean anything else in a URL.
 * Throws a `UserError` that says what an image may be called by.
 */
export function parseImageName(text: string): ImageName {
  const id = /^(?:sha256:)?([0-9a-f]{12,64})$/.exec(text);
  if (text.startsWith('sha256:')) {
    if (id?.[1]) return { text, idPrefix: id[1] };
    throw new UserError(
      say`${code(text)} is not an image ID: give 12 to 64 hexadecimal digits after ${code('sha256:')}.`,
    );
  }
  const reference = familiarReference(text);
  if (!reference && !id) {
    throw new UserError(
      say`${code(text)} is not an image. Give a reference such as ${code('app:1')}, a digest ${code('app@sha256:…')}, or an ID of 12 or more digits.`,
    );
  }
  return { text, ...(reference && { reference }), ...(id?.[1] && { idPrefix: id[1] }) };
}

/** The reference as the engine lists it: Docker Hub's prefix gone, `latest` added; `null` if it is none. */
export function familiarReference(text: string): string | null {
  const match = REFERENCE.exec(text);
  if (!match || text.length > 512) return null;
  let [, domain, path, tag, digest] = match as unknown as [string, string?, string?, string?, string?];
  if (path === undefined) return null;
  if (
    domain !== undefined &&
    !/[.:]/.test(domain) &&
    domain !== 'localhost' &&
    domain === domain.toLowerCase()
  ) {
    path = `${domain}/${path}`;
    domain = undefined;
  }
  if (path.length > LONGEST) return null;
  if (domain === 'docker.io' || domain === 'index.docker.io') domain = undefined;
  // Only `library/app` is an official image; `library/team/app` is called so in full.
  if (domain === undefined) path = path.replace(/^library\/(?=[^/]+$)/, '');
  const repository = domain === undefined ? path : `${domain}/${path}`;
  if (digest !== undefined) return `${repository}@${digest}`;
  return `${repository}:${tag ?? 'latest'}`;
}

/**
 * `team/app` of `registry.example.com/team/app@sha256:…`: what that registry calls the repository. Docker Hub's official
 * images are in `library`.
 */
export function pathOf(reference: string): string {
  const repository = repositoryOf(reference);
  const slash = repository.indexOf('/');
  if (slash < 0) return `library/${repository}`;
  const first = repository.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isDomain ? repository.slice(slash + 1) : repository;
}

/** `team/app` of `team/app:1` and of `team/app@sha256:…`. */
export function repositoryOf(reference: string): string {
  const at = reference.indexOf('@');
  if (at >= 0) return reference.slice(0, at);
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? reference.slice(0, colon) : reference;
}

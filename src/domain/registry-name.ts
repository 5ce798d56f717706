import { UserError } from './error.ts';
import { DIGEST, LONGEST, REPOSITORY, TAG } from './grammar.ts';
import { HostName, type ImageId } from './ids.ts';
import { code, say } from './markup.ts';
import type { RegistryName } from './registry-selection.ts';

const NAMED = new RegExp(`^(${REPOSITORY})(?::(${TAG})|@(${DIGEST}))$`);
const GLOB = /^[a-z0-9*?][a-z0-9._*?-]*(?:\/[a-z0-9*?][a-z0-9._*?-]*)*$/;

/** `main` and `team/app` of `main/team/app`. Throws a `UserError` for what is neither a repository nor a glob of some. */
export function parseRepositories(text: string): { registry: HostName; repositories: string } {
  const { registry, rest } = apart(text);
  if (!GLOB.test(rest) || rest.length > LONGEST)
    throw new UserError(
      say`${code(text)} is no repository: write ${code('main/team/app')}, or a glob ${code('main/team/*')}, without a tag.`,
    );
  return { registry, repositories: rest };
}

/** `main`, and the tag or digest of `main/team/app:1`. Throws a `UserError`: a tag that is not named is not guessed. */
export function parseRegistryName(text: string): { registry: HostName; name: RegistryName } {
  const { registry, rest } = apart(text);
  const [, repository, tag, digest] = NAMED.exec(rest) ?? [];
  if (repository === undefined || repository.length > LONGEST)
    throw new UserError(
      say`${code(text)} names no tag: write ${code('main/team/app:1.2')}, or a digest ${code('main/team/app@sha256:…')}.`,
    );
  return {
    registry,
    name: tag === undefined ? { repository, digest: digest as ImageId } : { repository, tag },
  };
}

// --- internal ---

function apart(text: string): { registry: HostName; rest: string } {
  const slash = text.indexOf('/');
  const registry = HostName.safeParse(text.slice(0, Math.max(0, slash))).data;
  if (slash < 0 || registry === undefined)
    throw new UserError(
      say`${code(text)} names no registry: write its name, a slash and a repository, as in ${code('main/team/app')}.`,
    );
  return { registry, rest: text.slice(slash + 1) };
}

import { UserError } from './error.ts';
import { matchesGlob } from './glob.ts';
import type { HostName } from './ids.ts';
import { code, type Markup, say, some } from './markup.ts';
import { nearest } from './nearest.ts';

/**
 * The hosts that `<where>` means: a host, `a,b`, `@group`, a glob, or `all`; sorted, each once. Throws a
 * `UserError` naming what is unknown, with the nearest known name.
 */
export function resolveWhere(
  where: string,
  known: readonly HostName[],
  groups: Readonly<Record<string, readonly string[]>> = {},
): HostName[] {
  if (known.length === 0)
    throw new UserError(
      say`No host is known yet. Start ${code('dimg agent')} beside a Docker engine, with this bot's ${code('REDIS_URL')}.`,
    );
  const found = new Set<HostName>();
  for (const word of where.split(',').filter((part) => part !== '')) {
    const globs = word.startsWith('@')
      ? groupOf(groups, word.slice(1))
      : [word.toLowerCase() === 'all' ? '*' : word];
    if (!globs) {
      const names = Object.keys(groups);
      throw new UserError(
        names.length === 0
          ? say`There are no host groups: ${code('groups')} is not in the bot's configuration.`
          : say`There is no group ${code(word)}. ${
              known.length > 0
                ? say`Known: ${some(
                    names.map((name) => `@${name}`),
                    8,
                  )}.`
                : ''
            }`,
      );
    }
    const matches = known.filter((host) => globs.some((glob) => matchesGlob(glob.toLowerCase(), host)));
    if (matches.length === 0) throw new UserError(unknownHost(word, known));
    for (const host of matches) found.add(host);
  }
  if (found.size === 0)
    throw new UserError(say`Name a host, a list ${code('a,b')}, a glob ${code('ci-*')}, or ${code('all')}.`);
  return [...found].sort();
}

/** That there is no such host, with the nearest known name. `more` ends the sentence. */
export function unknownHost(word: string, known: readonly HostName[], more: Markup = []): Markup {
  const near = nearest(word, known);
  const there = say`There is no host ${code(word)}${more}.`;
  if (near !== undefined) return say`${there} Did you mean ${code(near)}?`;
  return known.length === 0 ? there : say`${there} Known: ${some([...known].sort(), 8)}.`;
}

// --- internal ---

function groupOf(groups: Readonly<Record<string, readonly string[]>>, name: string) {
  return Object.hasOwn(groups, name) ? groups[name] : undefined;
}

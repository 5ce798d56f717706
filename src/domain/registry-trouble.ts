import { code, type Markup, say, some, time } from './markup.ts';
import type { Trouble } from './outcome.ts';
import type { Manifest, RegistryProblem } from './registry.ts';
import { formatAge, formatDuration } from './time.ts';

/** What is spoken of: a manifest of this kind, or the registry. */
export type There = Manifest['kind'] | 'registry';

/** What is said of a registry in other words than of a host; `null` where they are the same. */
export function troubleThere(why: Trouble, there: There): Markup | null {
  switch (why.kind) {
    case 'protected':
      return say`protected by ${code(why.by)} in the agent's configuration`;
    case 'min-age':
      return say`only ${formatAge(why.age)} here; the agent keeps images for ${formatDuration(why.least)}`;
    case 'limit':
      return say`over the agent's hourly limit; more can go ${time(why.again)}`;
    case 'part-of':
      return there === 'artifact' ? say`belongs to ${some(why.of)}` : null;
    case 'stale':
      return say`left with the others, since the registry has changed too much`;
    case 'forgotten':
      return say`Redis lost what became of it, and the agent did not tell; look with ${code('registry tags')}`;
    case 'engine':
      // The registry's own words come with its own kinds.
      return say`the agent said: ${why.message}`;
    default:
      return null;
  }
}

/** Why a registry did not do what it was asked. */
export function registryTrouble({ what, message }: RegistryProblem): Markup {
  const said = message === undefined ? say`` : say` (${message.replace(/\.$/, '')})`;
  switch (what) {
    case 'deletion-off':
      return say`this registry deletes nothing: deletion is off in its configuration${said}`;
    case 'tags-stay':
      return say`this registry can't delete one tag alone${said}`;
    case 'unauthorised':
      return say`the registry does not take the agent's name and password: look at its ${code('credentials')}${said}`;
    case 'forbidden':
      return say`the registry does not allow that to the agent's user${said}`;
    case 'limited':
      return say`the registry was asked too often; ask again later${said}`;
    case 'unreachable':
      return say`the registry can't be reached${said}`;
    case 'no-answer':
      return say`the registry does not answer${said}`;
    case 'wrong':
      return say`the registry's answer made no sense${said}`;
    case 'not-listed':
      return say`not among the ${code('repositories')} that the agent's configuration allows`;
  }
}

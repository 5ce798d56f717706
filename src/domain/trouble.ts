import { code, join, type Markup, plural, say, some } from './markup.ts';
import type { EngineProblem, Trouble } from './outcome.ts';
import type { Problem, Reason, Use } from './plan.ts';
import { formatAge, formatDuration } from './time.ts';

/** Why an image stays, or was left alone: the words after its name. */
export function troubleWords(why: Reason | Trouble): Markup {
  switch (why.kind) {
    case 'in-use':
      return say`in use by ${users(why.by)}`;
    case 'children':
      return say`${some(why.of)} ${why.of.length === 1 ? 'is' : 'are'} built on it, frees 0 B`;
    case 'tagged':
      return say`has a tag`;
    case 'younger':
      return say`created ${formatAge(why.age)} ago, younger than asked`;
    case 'label':
      return say`its labels don't match`;
    case 'protected':
      return say`protected on this host by ${code(why.by)}`;
    case 'min-age':
      return say`only ${formatAge(why.age)} here; this host keeps images for ${formatDuration(why.least)}`;
    case 'self':
      return say`dimg's own agent runs from it`;
    case 'force-off':
      return say`this host does not allow force`;
    case 'references':
      return why.now.length === 0
        ? say`its references were removed since the plan`
        : say`its references changed since the plan: ${some(why.now)}`;
    case 'cancelled':
      return say`cancelled before its turn`;
    case 'expired':
      return say`its time was up before it could start`;
    case 'restarted':
      return say`the agent was started again meanwhile; ask again`;
    case 'lost':
      return say`the agent fell silent; look at the host`;
    case 'offline':
      return say`offline`;
    case 'refused':
      return say`${why.message}`;
    default:
      return engineWords(why);
  }
}

/** What is wrong with an engine, and the way out. */
export function engineWords(problem: EngineProblem): Markup {
  switch (problem.kind) {
    case 'unreachable':
      return say`the engine can't be reached at ${code(problem.at)}: is Docker running?`;
    case 'permission':
      return say`the agent may not open ${code(problem.at)}: add its user to the group ${code('docker')}`;
    case 'no-answer':
      return say`not answering`;
    case 'engine':
      return say`the engine said: ${problem.message}`;
  }
}

/** A name that could not be planned. */
export function problemWords(problem: Problem): Markup {
  switch (problem.kind) {
    case 'not-found': {
      const hint = problem.near === undefined ? say`` : say` Did you mean ${code(problem.near)}?`;
      return say`No image ${code(problem.name)}.${hint}`;
    }
    case 'ambiguous':
      return say`${code(problem.name)} is the start of ${plural(problem.matches.length, 'image ID')} (${some(problem.matches)}): give more digits.`;
  }
}

/** `web-1 (running), db (stopped)`. */
export function users(uses: readonly Use[]): Markup {
  const shown = uses.slice(0, 3).map((use) => say`${code(use.container)}${use.running ? '' : ' (stopped)'}`);
  return uses.length > 3 ? say`${join(shown)} and ${uses.length - 3} more` : join(shown);
}

import { capital, code, join, type Markup, plural, say, some, time } from './markup.ts';
import { type EngineProblem, isUncounted, type Outcome, type Trouble } from './outcome.ts';
import type { Problem, Reason, Use } from './plan.ts';
import { registryTrouble, type There, troubleThere } from './registry-trouble.ts';
import { formatSize } from './size.ts';
import { formatAge, formatDuration } from './time.ts';

/** Why an image stays, or was left alone: the words after its name. `here` is a host or a registry; `there`: what it is, in a registry. */
export function troubleWords(why: Reason | Trouble, there?: There): Markup {
  const words = there && troubleThere(why, there);
  if (words) return words;
  switch (why.kind) {
    case 'in-use':
      return say`in use by ${users(why.by)}`;
    case 'children':
      return say`${some(why.of)} ${why.of.length === 1 ? 'is' : 'are'} built on it, frees 0 B`;
    case 'tagged':
      return say`has a tag`;
    case 'younger':
      return say`created ${formatAge(why.age)} ago, younger than asked`;
    case 'used':
      return say`used ${formatAge(why.age)} ago, more recently than asked`;
    case 'label':
      return say`its labels don't match`;
    case 'repo':
      return say`not only in repositories that were asked for`;
    case 'not-repo':
      return say`left out by ${code(why.by)}`;
    case 'newest':
      return why.most === 1
        ? say`the newest of ${code(why.of)}`
        : say`one of the ${why.most} newest of ${code(why.of)}`;
    case 'goal':
      return say`not needed to reach the goal`;
    case 'limit':
      return say`over the hourly limit here; more can go ${time(why.again)}`;
    case 'protected':
      return say`protected here by ${code(why.by)}`;
    case 'min-age':
      return say`only ${formatAge(why.age)} here; images are kept here for ${formatDuration(why.least)}`;
    case 'self':
      return say`dimg's own agent runs from it`;
    case 'force-off':
      return say`this host does not allow force`;
    case 'latest':
      return say`the tag ${code('latest')} goes only where it is named`;
    case 'on-hosts':
      return say`used on ${some(why.names, why.names.length)}${why.count > why.names.length ? ` and ${why.count - why.names.length} more hosts` : ''}`;
    case 'not-tag':
      return say`kept by ${code(`--not-tag ${why.by}`)}`;
    case 'tag':
      return say`none of the tags that were asked for`;
    case 'untagged':
      return say`has no tag (${code('--untagged')} takes those that nothing uses)`;
    case 'no-date':
      return say`nothing says when it was made`;
    case 'astray':
      return say`what it signs is in no repository that was looked into, so it goes only where it is named`;
    case 'part-of':
      return say`${some(why.of)} ${why.of.length === 1 ? 'needs' : 'need'} it`;
    case 'shared':
      return say`${some(why.tags)} on the same manifest ${why.tags.length === 1 ? 'stays' : 'stay'}, and this registry can't delete one tag alone`;
    case 'elsewhere':
      return say`goes from another repository in this run; ask again for this one`;
    case 'withheld':
      return say`would go, but for the ⚠ above`;
    case 'references':
      return why.now.length === 0
        ? say`its references were removed since the plan`
        : say`its references changed since the plan: ${some(why.now)}`;
    case 'containers':
      return say`the container ${code(why.container)} that was to be removed first is not as it was`;
    case 'containers-off':
      return say`this host does not allow stopped containers to be removed`;
    case 'cache-off':
      return say`this host does not allow build cache to be deleted`;
    case 'held':
      return say`the engine would not let it go: something on the host still needs it`;
    case 'taken':
      return say`${some(why.names)} ${why.names.length === 1 ? 'means' : 'mean'} another image by now`;
    case 'gone':
      return say`the image is gone, and can't be pulled again`;
    case 'not-pulled':
      return say`it could not be pulled: ${why.message}`;
    case 'touched':
      return say`used ${formatAge(why.age)} ago, after the plan`;
    case 'cancelled':
      return say`cancelled before its turn`;
    case 'stale':
      return say`left with the others, since the host has changed too much`;
    case 'expired':
      return say`its time was up before it could start`;
    case 'restarted':
      return say`the agent was started again meanwhile; ask again`;
    case 'lost':
      return say`the agent fell silent; once it is back it says here what it did`;
    case 'forgotten':
      return say`Redis lost what became of it, and the host did not tell; look at the host`;
    case 'offline':
      return say`offline`;
    case 'refused':
      return say`${why.message}`;
    default:
      return engineWords(why);
  }
}

/** Why an item ended as it did, where there is something to say. */
export function reasonWords(outcome: Outcome, there?: There): Markup | null {
  if (isUncounted(outcome)) return say`found gone afterwards, so what that freed is not known`;
  return outcome.why ? troubleWords(outcome.why, there) : null;
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
    case 'registry':
      return registryTrouble(problem);
  }
}

/** What could not be planned. */
export function problemWords(problem: Problem): Markup {
  switch (problem.kind) {
    case 'not-found': {
      const hint = problem.near === undefined ? say`` : say` Did you mean ${code(problem.near)}?`;
      return say`No image ${code(problem.name)}.${hint}`;
    }
    case 'ambiguous':
      return say`${code(problem.name)} is the start of ${plural(problem.matches.length, 'image ID')} (${some(problem.matches)}): give more digits.`;
    case 'not-allowed':
      return problem.what === 'build-cache'
        ? say`This host does not allow build cache to be deleted (${code('allow.build-cache')}).`
        : say`This host does not allow stopped containers to be removed (${code('allow.stopped-containers')}).`;
    case 'no-disk':
      return say`The agent can't see the engine's disk, so ${code('--free-to')} can't be computed: use ${code('--free 20GB')}.`;
    case 'goal-missed':
      return say`The goal of ${formatSize(problem.wanted)} is not reached: all that may go frees ${formatSize(problem.reached)}.`;
    case 'lost':
      return lostWords(problem);
    case 'registry': {
      const words = registryTrouble(problem.why);
      return problem.name === undefined
        ? say`${capital(words)}.`
        : say`${code(problem.name)} is left alone: ${words}.`;
    }
    case 'unheard':
      if (problem.named)
        return say`What ${some(problem.hosts)} ${problem.hosts.length === 1 ? 'has and uses is not known: its agent has' : 'have and use is not known: their agents have'} not told.`;
      return say`${some(problem.hosts)} ${problem.hosts.length === 1 ? 'has' : 'have'} not told which images are there, so nothing is pruned: upgrade the agent there, or name what goes with ${code('registry rmi')}.`;
  }
}

/** `web-1 (running), db (stopped 3 days ago)`. */
export function users(uses: readonly Use[]): Markup {
  const stopped = ({ stoppedFor }: Use) =>
    stoppedFor === undefined ? 'stopped' : `stopped ${formatAge(stoppedFor)} ago`;
  const shown = uses
    .slice(0, 3)
    .map((use) => say`${code(use.container)}${use.running ? '' : ` (${stopped(use)})`}`);
  return uses.length > 3 ? say`${join(shown)} and ${uses.length - 3} more` : join(shown);
}

// --- internal ---

function lostWords({ why, names, count }: Extract<Problem, { kind: 'lost' }>): Markup {
  const more = count > names.length ? say` and ${count - names.length} more` : '';
  const which = say`${some(names, names.length)}${more}`;
  switch (why) {
    case 'irrecoverable':
      return say`${which} can't be pulled again and ${count === 1 ? 'does' : 'do'} not come back.`;
    case 'container':
      return say`${which} ${count === 1 ? 'was a container' : 'were containers'}: ${count === 1 ? 'it does' : 'they do'} not come back.`;
    case 'build-cache':
      return say`${plural(count, 'build cache record')} ${count === 1 ? 'does' : 'do'} not come back; the next build makes them anew.`;
  }
}

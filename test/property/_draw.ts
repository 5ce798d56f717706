import { parseImageName } from '../../src/domain/reference.ts';
import { Rules } from '../../src/domain/rules.ts';
import type { PruneSelection, Selection } from '../../src/domain/selection.ts';
import { DAY, HOUR } from '../domain/_build.ts';
import type { Facts } from './_facts.ts';
import type { Random } from './_random.ts';

const GLOBS = ['app', 'team/*', '*', 'registry.example.com:5000/team/*', 'base/*', 'os', '*/app', 'w?b'];

/**
 * Any combination of the options of `prune`. Often few of them: each leaves fewer images to choose from, and where all
 * stay whatever one rule says, a broken rule would not show.
 */
export function drawPrune(random: Random): PruneSelection {
  const share = random.pick([0, 0.4, 0.4, 1, 1.6]);
  const given = (p: number) => random.chance(p * share);
  const labels = [
    ...(given(0.2) ? [{ key: 'team', value: random.pick(['web', 'api']), not: random.chance(0.5) }] : []),
    ...(given(0.15) ? [{ key: random.pick(['keep', 'stage']), not: random.chance(0.6) }] : []),
  ];
  return {
    kind: 'prune',
    all: random.chance(0.8),
    labels,
    ...(given(0.3) && { until: { ago: 40 * DAY + random.below(60) * DAY } }),
    ...(given(0.3) && { unusedSince: { ago: random.below(45) * DAY } }),
    ...(given(0.25) && { repos: random.some(GLOBS, 0.3).concat('app') }),
    ...(given(0.25) && { notRepos: [random.pick(GLOBS)] }),
    ...(given(0.2) && { keep: 1 + random.below(3) }),
    ...(given(0.25) && {
      goal: random.chance(0.5) ? { bytes: 1 + random.below(900_000) } : { percent: 50 + random.below(50) },
    }),
    ...(given(0.3) && { stoppedContainers: random.pick([0, DAY, 100 * DAY]) }),
  };
}

export function drawRules(random: Random): Rules {
  return Rules.parse({
    minAge: random.pick([0, 0, HOUR, 10 * DAY]),
    protect: random.some(['base/*', 'app:1', 'label=keep', 'label=team=web', 'os'], 0.12),
    allow: { stoppedContainers: random.chance(0.9), force: random.chance(0.9) },
  });
}

/** Names as people give them: tags, whole IDs and beginnings, digests; now and then one that is not there. */
export function drawRmi(random: Random, facts: Facts): Selection {
  const names = facts.images.flatMap(({ id, tags, digests }) => [...tags, ...digests, id, id.slice(7, 19)]);
  const chosen = random.shuffled(names).slice(0, 1 + random.below(5));
  if (random.chance(0.2)) chosen.push('nowhere:1');
  return { kind: 'rmi', images: chosen.map(parseImageName), force: random.chance(0.4) };
}

import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/commands/_load.ts';
import { parse } from '../../src/commands/_parse.ts';
import { UserError } from '../../src/domain/error.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import { DAY, HOUR, MINUTE, NOW } from '../domain/_build.ts';

const commands = await loadCommands();
function select(text: string) {
  const { command, input } = parse(text, commands);
  if (command.kind !== 'delete') throw new Error(`${command.name} deletes nothing`);
  return command.select(input);
}
const prune = (options: string) => select(`prune host-3 ${options}`).selection as PruneSelection;

/** The sentence that a mistake is answered with. */
function mistake(options: string): string {
  try {
    prune(options);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the options that choose', () => {
  test.each<[string, Partial<PruneSelection>]>([
    ['--unused-for 30d', { unusedSince: { ago: 30 * DAY } }],
    ['--unused-for=2026-01-31T12:00:00Z', { unusedSince: { at: NOW } }],
    ['--repo team/*', { repos: ['team/*'] }],
    ['--repo team/* --repo=app', { repos: ['team/*', 'app'] }],
    ['--repo registry.example.com:5000/team/*', { repos: ['registry.example.com:5000/team/*'] }],
    ['--not-repo base --not-repo os/*', { notRepos: ['base', 'os/*'] }],
    ['--keep 3', { keep: 3 }],
    ['--keep 999999', { keep: 999_999 }],
    ['--free 20GB', { goal: { bytes: 20_000_000_000 } }],
    ['--free=1.5TB', { goal: { bytes: 1_500_000_000_000 } }],
    ['--free "500 MB"', { goal: { bytes: 500_000_000 } }],
    ['--free 1B', { goal: { bytes: 1 } }],
    ['--free-to 70%', { goal: { percent: 70 } }],
    ['--free-to=66.67%', { goal: { percent: 66.67 } }],
    ['--free-to 0%', { goal: { percent: 0 } }],
    ['--free-to 100%', { goal: { percent: 100 } }],
    ['--build-cache', { buildCache: true }],
    ['--stopped-containers', { stoppedContainers: 0 }],
    ['--stopped-containers --all', { stoppedContainers: 0, all: true }],
    ['--stopped-containers=24h', { stoppedContainers: DAY }],
    ['--stopped-containers=1h30m', { stoppedContainers: HOUR + 30 * MINUTE }],
    ['--stopped-containers=0s', { stoppedContainers: 0 }],
  ])('%s', (options, selection) => {
    expect(prune(options)).toEqual({ kind: 'prune', all: false, labels: [], ...selection });
  });

  test.each<[string, Partial<PruneSelection>]>([
    ['—unused-for 30d', { unusedSince: { ago: 30 * DAY } }],
    ['–free-to 70%', { goal: { percent: 70 } }],
    ['—stopped-containers=24h', { stoppedContainers: DAY }],
    ['—stopped‑containers', { stoppedContainers: 0 }],
    ['—not-repo “base/*”', { notRepos: ['base/*'] }],
    ['—build–cache', { buildCache: true }],
  ])('%s, as phones write it', (options, selection) => {
    expect(prune(options)).toEqual({ kind: 'prune', all: false, labels: [], ...selection });
  });

  test('are there for images as well', () => {
    const { command, input } = parse('images host-3 -a --keep 2 --free 1GB --stopped-containers', commands);
    if (command.kind !== 'survey') throw new Error('no survey');
    expect(command.survey(input).job).toEqual({
      kind: 'survey',
      selection: {
        ...{ kind: 'prune', all: true, labels: [] },
        ...{ keep: 2, goal: { bytes: 1e9 }, stoppedContainers: 0 },
      },
    });
  });
});

describe('a value that can not be meant is refused in words', () => {
  test.each([
    ['--unused-for soon', /--unused-for: "soon" is no duration or time/],
    ['--unused-for', /--unused-for needs a value: 30d/],
    ['--unused-for 1d --unused-for 2d', /--unused-for is given twice/],
    ['--free', /--free needs a value: 20GB/],
    ['--free lots', /--free: "lots" is no size: write 500MB or 20GB/],
    ['--free 20', /"20" is no size/],
    ['--free 20%', /"20%" is no size/],
    ['--free 0GB', /"0GB" is no size/],
    ['--free 0.4B', /"0.4B" is no size/],
    ['--free -1GB', /"-1GB" is no size/],
    [`--free ${'9'.repeat(400)}GB`, /is no size/],
    ['--free-to 70', /--free-to: "70" is no share of the disk: write 70%/],
    ['--free-to 101%', /"101%" is no share/],
    ['--free-to 100.01%', /"100.01%" is no share/],
    ['--free-to -1%', /"-1%" is no share/],
    ['--free-to 20GB', /"20GB" is no share/],
    ['--free-to %', /"%" is no share/],
    ['--free-to 70.123%', /"70.123%" is no share/],
    ['--free 1GB --free-to 70%', /^Give --free or --free-to, not both\.$/],
    ['--free 1GB --free 2GB', /--free is given twice/],
    ['--keep 0', /--keep: write a whole number from 1 up/],
    ['--keep -1', /--keep: write a whole number/],
    ['--keep 1.5', /--keep: write a whole number/],
    ['--keep three', /--keep: write a whole number/],
    ['--keep 1000000', /--keep: write a whole number/],
    ['--repo app:1', /--repo: "app:1" has a tag: .*team\/app/],
    ['--repo registry.example.com:5000/app:1', /has a tag/],
    ['--repo app@sha256:abc', /has a tag/],
    ['--repo "a b"', /--repo: "a b"/],
    ['--repo ""', /--repo needs a value: team\/\*/],
    [`--repo ${'a'.repeat(257)}`, /--repo: this is too long for a glob/],
    ['--not-repo base:1', /--not-repo: "base:1" has a tag/],
    ['--build-cache=all', /--build-cache takes no value/],
    ['--stopped-containers=', /--stopped-containers needs a value: 24h/],
    ['--stopped-containers=long', /--stopped-containers: "long" is no duration/],
    ['--stopped-containers=2026-01-31', /is no duration: write 90s/],
    ['--stopped-containers 24h', /24h is one word too many/],
    ['--stopped-containers --stopped-containers=1h', /is given twice/],
    ['--stoped-containers', /no option --stoped-containers\. Did you mean --stopped-containers\?/],
    ['--unused', /no option --unused/],
  ])('%s', (options, words) => {
    expect(mistake(options)).toMatch(words);
  });

  test('with the usage of the command, where it is about one option', () => {
    expect(mistake('--keep 0')).toContain('Usage: /dimg prune <where> [options]');
  });
});

describe('hosts in turn', () => {
  test.each([
    ['--canary 1', { canary: 1 }],
    ['--batch 10', { batch: 10 }],
    ['--canary=2 --batch=5', { canary: 2, batch: 5 }],
  ])('%s', (options, rollout) => {
    expect(select(`prune all ${options}`).rollout).toEqual(rollout);
  });

  test('all at once without', () => {
    expect(select('prune all')).not.toHaveProperty('rollout');
  });

  test.each(['--canary 0', '--batch 0', '--canary -1', '--batch x', '--batch 1.5'])(
    'refuses %s',
    (options) => {
      expect(mistake(options)).toMatch(/write a whole number from 1 up/);
    },
  );
});

describe('continue and undo', () => {
  test.each(['continue 1042', 'continue #1042'])('%s', (text) => {
    const { command, input } = parse(text, commands);
    expect(command.kind === 'decide' && command.decide(input)).toEqual({ run: 1042, verb: 'continue' });
  });

  test.each(['undo 1042', 'undo #1042'])('%s', (text) => {
    const { command, input } = parse(text, commands);
    expect(command.kind === 'restore' && command.restore(input)).toEqual({ run: 1042 });
  });

  test.each(['continue', 'undo', 'continue x', 'undo 0', 'undo 1 2', 'undo 1 -f'])('refuses %s', (text) => {
    expect(() => parse(text, commands)).toThrow(UserError);
  });
});

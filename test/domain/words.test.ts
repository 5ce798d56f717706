import { describe, expect, test } from 'vitest';
import { type Run, RunState } from '../../src/domain/run.ts';
import { amount, describeRun, headline } from '../../src/domain/words.ts';
import {
  anOutcome,
  aPart,
  aRun,
  aSummary,
  DAY,
  HOST,
  HOUR,
  host,
  NOW,
  pruning,
  removing,
  runId,
} from './_build.ts';

const hosts = {
  [HOST]: aPart({
    stage: 'ended',
    plan: aSummary({ items: 3, reclaim: 1_200_000_000 }),
    outcomes: [anOutcome('a', 'deleted', { freed: 1_000_000 }), anOutcome('b', 'untagged')],
  }),
};

describe('the one line of a card', () => {
  test.each<[Partial<Run>, string]>([
    [{}, '#1042 planning · prune host-3 · looking at what would go'],
    [
      { state: 'proposed', hosts },
      '#1042 proposed · prune host-3 · 3 images, 1.2 GB, waits for confirmation',
    ],
    [
      { state: 'proposed', hosts, approvalFor: ['force'] },
      '#1042 proposed · prune host-3 · 3 images, 1.2 GB, waits for approval',
    ],
    [{ state: 'executing', hosts }, '#1042 executing · prune host-3 · 2 of 3, 1 MB'],
    [
      { state: 'executing', hosts, paused: { at: NOW, until: NOW + HOUR, why: 'canary' } },
      '#1042 executing · prune host-3 · 2 of 3, 1 MB, waits to be continued',
    ],
    [
      {
        state: 'done',
        hosts: {
          [HOST]: aPart({
            plan: aSummary({ items: 1, cache: 4 }),
            outcomes: [anOutcome('a')],
            cache: { deleted: 3, skipped: 1, failed: 0, freed: 900 },
          }),
        },
      },
      '#1042 done · prune host-3 · deleted 4 of 5, 1 kB',
    ],
    [{ state: 'partial', hosts }, '#1042 partial · prune host-3 · deleted 2 of 3, 1 MB'],
    [
      { state: 'done', dryRun: true, hosts: { [HOST]: aPart({ plan: aSummary() }) } },
      '#1042 done · prune host-3 · dry run, would free 200 B, deleted 0 of 2, 0 B',
    ],
    [
      {
        state: 'denied',
        selection: removing(['app:1'], true),
        hosts: { [HOST]: aPart({ plan: aSummary() }) },
      },
      '#1042 denied · rmi host-3 · deleted 0 of 2, 0 B',
    ],
  ])('%#', (given, line) => {
    expect(headline(aRun(given))).toBe(line);
  });

  test.each(RunState.options)('says %s by that word, and one host by its name', (state) => {
    expect(headline(aRun({ state, hosts }))).toMatch(new RegExp(`^#1042 ${state} · prune host-3 · .+$`));
  });

  test.each([
    'empty',
    'refused',
    'denied',
    'cancelled',
    'expired',
    'stale',
    'done',
    'partial',
    'failed',
    'unknown',
  ] as const)('says of a run that ended %s how many were deleted, and the bytes', (state) => {
    expect(headline(aRun({ state, hosts }))).toMatch(/deleted \d+ of \d+, [\d.]+ (B|kB|MB|GB)$/);
  });

  test('says how many hosts, where there are several', () => {
    const two = { ...hosts, [host('host-4')]: aPart() };
    expect(headline(aRun({ state: 'proposed', where: 'host-*', hosts: two }))).toMatch(
      /^#1042 proposed · prune 2 hosts · /,
    );
  });

  test('holds nothing that people or images put in', () => {
    const evil = '<!channel> *x*';
    const run = aRun({
      state: 'denied',
      where: evil,
      selection: pruning({ labels: [{ key: evil, not: false }] }),
      denied: { by: aRun().requester, at: 1, reason: evil },
      refusal: evil,
    });
    expect(headline(run)).toBe('#1042 denied · prune host-3 · deleted 0 of 0, 0 B');
  });
});

describe('the one line of an undo', () => {
  const outcomes = [anOutcome('a', 'restored'), anOutcome('b', 'failed')];
  const undo = (state: Run['state']) =>
    headline(
      aRun({
        state,
        selection: { kind: 'undo', run: runId(7) },
        hosts: { [HOST]: aPart({ plan: aSummary({ items: 3 }), outcomes }) },
      }),
    );
  test.each<[Run['state'], string]>([
    ['planning', 'looking at what can come back'],
    ['refused', 'nothing can come back'],
    ['executing', '2 of 3'],
    ['partial', 'restored 1 of 3'],
    ['done', 'restored 1 of 3'],
    ['cancelled', 'restored 1 of 3'],
  ])('that is %s', (state, gist) => {
    expect(undo(state)).toBe(`#1042 ${state} · undo host-3 · ${gist}`);
  });
});

describe('an amount', () => {
  test.each([
    [{ items: 3 }, '3 images'],
    [{ items: 1 }, '1 image'],
    [{ items: 0 }, '0 images'],
    [{ items: 2, untag: 2, untagReferences: 3 }, '3 references'],
    [{ items: 3, untag: 2, untagReferences: 5 }, '1 image and 5 references'],
    [{ items: 4, cache: 4 }, '4 build cache records'],
    [{ items: 5, cache: 1 }, '4 images and 1 build cache record'],
    [{ items: 9, untag: 1, untagReferences: 1, cache: 2 }, '6 images, 1 reference and 2 build cache records'],
    [{ items: 12_345 }, '12,345 images'],
  ])('%j is %s', (given, words) => {
    expect(amount({ untag: 0, untagReferences: 0, cache: 0, ...given })).toBe(words);
  });
});

describe('the command as one would type it', () => {
  test.each<[Partial<Run>, string]>([
    [{}, 'prune host-3'],
    [{ where: 'a,b', skipConfirmation: true, dryRun: true }, 'prune a,b -f --dry-run'],
    [
      {
        selection: pruning({
          all: true,
          until: { ago: DAY },
          labels: [
            { key: 'team', value: 'web', not: false },
            { key: 'keep', not: true },
          ],
        }),
      },
      'prune host-3 --all --until 1d --label=team=web --label!=keep',
    ],
    [{ selection: removing(['app:1', 'b'], true) }, 'rmi host-3 app:1 b -f'],
    [{ selection: { kind: 'undo', run: runId(7) }, skipConfirmation: true }, 'undo 7'],
    [
      { where: 'all', rollout: { canary: 2, batch: 10 }, skipConfirmation: true },
      'prune all --canary 2 --batch 10 -f',
    ],
    [{ where: 'all', rollout: { batch: 10 } }, 'prune all --batch 10'],
    [
      {
        selection: pruning({
          unusedSince: { ago: 30 * DAY },
          repos: ['team/*', 'app'],
          notRepos: ['base', 'os'],
          keep: 3,
          goal: { bytes: 20_000_000_000 },
          buildCache: true,
          stoppedContainers: DAY,
        }),
      },
      'prune host-3 --unused-for 30d --repo team/* --repo app --not-repo base --not-repo os --keep 3 ' +
        '--free 20GB --build-cache --stopped-containers=1d',
    ],
    [
      { selection: pruning({ goal: { percent: 70.5 }, stoppedContainers: 0 }) },
      'prune host-3 --free-to 70.5% --stopped-containers=0s',
    ],
    [
      { selection: pruning({ labels: [{ key: 'a', value: 'b "c" \\', not: false }] }) },
      'prune host-3 "--label=a=b \\"c\\" \\\\"',
    ],
  ])('%#', (given, command) => {
    expect(describeRun(aRun(given))).toBe(command);
  });
});

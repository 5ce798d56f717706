import { describe, expect, test } from 'vitest';
import { type Run, RunState } from '../../src/domain/run.ts';
import { describeRun, headline } from '../../src/domain/words.ts';
import { anOutcome, aPart, aRun, aSummary, DAY, HOST, host, pruning, removing } from './_build.ts';

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
  ])('%#', (given, command) => {
    expect(describeRun(aRun(given))).toBe(command);
  });
});

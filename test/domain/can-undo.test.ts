import { describe, expect, test } from 'vitest';
import { canUndo, type Run, RunState } from '../../src/domain/run.ts';
import { anOutcome, aPart, aRun, aSummary, HOST, host, runId } from './_build.ts';

const ended = (given: Parameters<typeof aPart>[0] = {}, run: Partial<Run> = {}): Run =>
  aRun({ state: 'done', hosts: { [HOST]: aPart({ stage: 'ended', plan: aSummary(), ...given }) }, ...run });

describe('a run can be undone', () => {
  test.each<[string, Parameters<typeof aPart>[0], boolean]>([
    ['that deleted what a registry has', { outcomes: [anOutcome('a')] }, true],
    ['that may have deleted what a registry has', { outcomes: [anOutcome('a', 'unknown')] }, true],
    [
      'not one that deleted only what no registry has',
      { plan: aSummary({ items: 2, irrecoverable: 2 }), outcomes: [anOutcome('a')] },
      false,
    ],
    [
      'not one whose other items were only to be untagged, and were not',
      { plan: aSummary({ items: 2, untag: 1, irrecoverable: 1 }), outcomes: [anOutcome('a')] },
      false,
    ],
    [
      'that deleted some of which a registry has some',
      { plan: aSummary({ items: 2, irrecoverable: 1 }), outcomes: [anOutcome('a')] },
      true,
    ],
    [
      'that untagged something',
      { plan: aSummary({ items: 1, untag: 1 }), outcomes: [anOutcome('a', 'untagged')] },
      true,
    ],
    [
      'that took a name away and failed then',
      { outcomes: [anOutcome('a', 'failed', { removed: ['a:1'] })] },
      true,
    ],
    ['not one that only failed', { outcomes: [anOutcome('a', 'failed')] }, false],
    ['not one that only skipped', { outcomes: [anOutcome('a', 'skipped')] }, false],
    ['not one that found all gone', { outcomes: [anOutcome('a', 'absent')] }, false],
    ['not one without outcomes', {}, false],
    [
      'not one that deleted build cache alone',
      { plan: aSummary({ items: 0, cache: 3 }), cache: { deleted: 3, skipped: 0, failed: 0, freed: 1 } },
      false,
    ],
  ])('%s', (_, given, can) => {
    expect(canUndo(ended(given))).toBe(can);
  });

  test('where one of its hosts has something', () => {
    const empty = aPart({ stage: 'ended', plan: aSummary(), outcomes: [anOutcome('a', 'absent')] });
    const full = aPart({ stage: 'ended', plan: aSummary(), outcomes: [anOutcome('a')] });
    expect(canUndo(ended({}, { hosts: { [HOST]: empty, [host('host-4')]: full } }))).toBe(true);
  });

  const outcomes = [anOutcome('a')];
  test.each(RunState.options)('while it is %s, only if that is an end', (state) => {
    const open = ['planning', 'proposed', 'executing'].includes(state);
    expect(canUndo(ended({ outcomes }, { state }))).toBe(!open);
  });

  test('but an undo itself can not', () => {
    expect(canUndo(ended({ outcomes }, { selection: { kind: 'undo', run: runId(7) } }))).toBe(false);
  });
});

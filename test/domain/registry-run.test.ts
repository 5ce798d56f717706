import { describe, expect, test } from 'vitest';
import { objection } from '../../src/domain/objection.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { Plan as PlanSchema } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { Heartbeat, Report } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import { canRunAgain, canUndo, RunState } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { taken } from '../../src/domain/taken.ts';
import { tolerant } from '../../src/domain/tolerant.ts';
import { approvalReasons, fruitless } from '../../src/domain/verdict.ts';
import {
  ANA,
  aHostStatus,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aPolicy,
  aRun,
  BEN,
  host,
  id,
  NOW,
} from './_build.ts';

const MAIN = host('main');
const none = { names: [], count: 0 };
const manifest = { kind: 'image' as const, platforms: [], on: none, usedOn: none };
const item = (name: string) =>
  anItem(name, { references: [`app:${name}`], remove: [`app:${name}`], manifest, after: [] });
const plan = (given: Partial<Plan> = {}): Plan =>
  aPlan([item('a'), item('b')], { host: MAIN, collects: 'distribution', ...given });
const summary = summarise(plan());
const selection: Run['selection'] = {
  kind: 'registry prune',
  ...{ repositories: 'app', tags: [], notTags: [], untagged: true },
};
const aRegistryRun = (given: Partial<Run> = {}): Run =>
  aRun({ where: 'main', selection, hosts: { [MAIN]: aPart({ stage: 'planned', plan: summary }) }, ...given });

describe('a run over a registry', () => {
  test('waits for approval, however little goes, unless the bot is told otherwise', () => {
    const reasons = (given: Partial<Run> = {}) => approvalReasons(aRegistryRun(given));
    expect(reasons()).toEqual(['registry']);
    expect(
      reasons({ selection: { kind: 'registry rmi', names: [{ repository: 'app', tag: '1' }] } }),
    ).toEqual(['registry']);
    expect(reasons({ policy: aPolicy({ registry: false }) })).toEqual([]);
    const { registry: _, ...former } = aPolicy().neededFor;
    expect(reasons({ policy: { ...aPolicy(), neededFor: former } })).toEqual(['registry']);
    expect(reasons({ policy: aPolicy({ registry: false, reclaimOver: 10 }) })).toEqual(['reclaim-over']);
    expect(approvalReasons(aRun({ hosts: aRegistryRun().hosts }))).toEqual([]);
    // All of it could be pulled from nowhere: that is no news of a registry.
    expect(reasons({ policy: aPolicy({ irrecoverable: true }) })).toEqual(['registry']);
  });

  test('is no confirmation of its requester, and no approval of theirs', () => {
    const planned = step(aRegistryRun({ hosts: { [MAIN]: aPart() } }), {
      ...{ type: 'planned', at: NOW, host: MAIN, plan: summary },
    } as never);
    expect(planned).toMatchObject({ state: 'proposed', approvalFor: ['registry'] });
    expect(objection(planned, { type: 'confirm', at: NOW, by: ANA } as never)).not.toBeNull();
    expect(objection(planned, { type: 'approve', at: NOW, by: ANA } as never)).not.toBeNull();
    expect(objection(planned, { type: 'approve', at: NOW, by: BEN } as never)).toBeNull();
  });

  test.each(RunState.options)('can not be undone: %s', (state) => {
    const outcomes = [
      anOutcome('a', 'deleted', { removed: ['app:a'] }),
      anOutcome('b', 'untagged', { removed: ['app:b'] }),
    ];
    expect(
      canUndo(aRegistryRun({ state, hosts: { [MAIN]: aPart({ stage: 'ended', plan: summary, outcomes }) } })),
    ).toBe(false);
  });

  test('can be asked for again where nobody decided', () => {
    expect(RunState.options.filter((state) => canRunAgain(aRegistryRun({ state })))).toEqual([
      'expired',
      'stale',
    ]);
  });

  test('that a problem leaves nothing to go of made no sense, and is not merely empty', () => {
    const of = (problems: Plan['problems']) =>
      fruitless(
        aRegistryRun({ hosts: { [MAIN]: aPart({ plan: summarise(plan({ items: [], problems })) }) } }),
      );
    expect(of([])).toBe('empty');
    expect(of([{ kind: 'unheard', hosts: ['host-1'] }])).toBe('refused');
    // This one has kept nothing.
    expect(of([{ kind: 'unheard', hosts: ['host-1'], named: true }])).toBe('empty');
    expect(of([{ kind: 'registry', why: { kind: 'registry', what: 'deletion-off' } }])).toBe('refused');
  });

  test('goes on where Redis lost the decision and its agent tells that it took the job on', () => {
    const lost = aRegistryRun({ state: 'proposed', proposedAt: NOW, approvalFor: ['registry'] });
    const images = [id('a'), id('b')];
    const back = taken(lost, { type: 'took', at: NOW, host: MAIN, plan: summary, images } as never);
    expect(back).toMatchObject({
      state: 'executing',
      hosts: { [MAIN]: { stage: 'executing', plan: summary } },
    });
    // Nothing is allowed anew by that: nobody else is asked to begin.
    expect(back.approvals).toEqual([]);
  });
});

describe('what registries brought into what is stored and sent', () => {
  test('is read strictly by those who know it', () => {
    const whole = plan({
      kept: [{ ...plan().items[0], reason: { kind: 'withheld' } } as never].map(
        (kept: Plan['kept'][number]) => ({
          ...{
            image: kept.image,
            references: kept.references,
            size: 1,
            createdAt: 0,
            usedAt: 0,
            usedBy: [],
            reclaim: 0,
          },
          ...{ reason: kept.reason, manifest },
        }),
      ),
      problems: [
        { kind: 'registry', name: 'app', why: { kind: 'registry', what: 'forbidden', message: 'no' } },
      ],
    });
    expect(PlanSchema.parse(whole)).toEqual(whole);
  });

  test('may say more in a later version, which is kept', () => {
    const later = {
      ...plan(),
      collects: 'zot',
      items: [{ ...item('a'), manifest: { ...manifest, later: 1 } }],
      more: [],
    };
    expect(PlanSchema.safeParse(later).success).toBe(false);
    expect(tolerant(PlanSchema).parse(later)).toEqual(later);
    const { seenAt: _, ...beat } = aHostStatus('main', { registry: { url: 'https://r' }, engine: null });
    const told = { ...beat, registry: { url: 'https://r', version: 3 } };
    expect(tolerant(Heartbeat).parse(told)).toEqual(told);
    const outcomes = [{ ...anOutcome('a', 'failed', { why: { kind: 'registry', what: 'limited' } }), at: 7 }];
    const report = { v: 1, host: MAIN, epoch: 'e', job: 'j', seq: 1, body: { kind: 'outcomes', outcomes } };
    expect(tolerant(Report).parse(report)).toEqual(report);
  });
});

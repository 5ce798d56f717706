import { describe, expect, test } from 'vitest';
import { chain, type Entry, GENESIS } from '../../src/domain/audit.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { LOST_PLANNING, recall } from '../../src/domain/recall.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aRun,
  BEN,
  HOST,
  host,
  id,
  MINUTE,
  NOW,
  runId,
} from './_build.ts';

const AT = NOW + MINUTE;
const plan = aPlan([anItem('a'), anItem('b')]);
const summary = summarise(plan);
const planned = aPart({ stage: 'planned', sent: 'plan', plan: summary });
const proposed = aRun({
  ...{ rev: 3, state: 'proposed', proposedAt: NOW, expiresAt: NOW + 30 * MINUTE },
  hosts: { [HOST]: planned },
  audit: { n: 2, hash: id('2') },
});
const executing = aRun({
  ...{ rev: 6, state: 'executing', executingSince: NOW, confirmed: { by: ANA, at: NOW } },
  hosts: { [HOST]: { ...planned, stage: 'executing', sent: 'execute', outcomes: [anOutcome('a')] } },
});
const done: Run = {
  ...executing,
  ...{ rev: 9, state: 'done', endedAt: NOW },
  hosts: {
    [HOST]: { ...planned, stage: 'ended', sent: 'execute', outcomes: [anOutcome('a'), anOutcome('b')] },
  },
};
const card = (run: Run, short = false) => ({ run, short });
const back = (...args: Parameters<typeof recall>) => {
  const found = recall(...args);
  if (!found) throw new Error('nothing is put back');
  return found;
};
const kinds = (facts: readonly { kind: string }[]) => facts.map(({ kind }) => kind);

describe('of a run that Redis has lost', () => {
  test('what was being planned is refused, and says why', () => {
    const { run, facts } = back(null, card(aRun({ rev: 1 })), [], AT);
    expect(run).toMatchObject({ state: 'refused', refusal: LOST_PLANNING, rev: 2, endedAt: AT });
    expect(kinds(facts)).toEqual(['recalled', 'ended']);
  });

  test('what waited for a decision can not be decided on any more', () => {
    const { run, facts } = back(null, card(proposed), [], AT);
    expect(run).toMatchObject({ state: 'expired', rev: 4, recalled: { at: AT, from: 'proposed' } });
    expect(step(run, { type: 'confirm', at: AT, by: ANA })).toBe(run);
    expect(kinds(facts)).toEqual(['recalled', 'expired', 'ended']);
  });

  test('what was carried out waits for its hosts, also those that had not begun by then', () => {
    const late = host('host-4');
    const waves = { hosts: [[HOST], [late]], now: 0, since: NOW };
    const many = { ...executing, waves, hosts: { ...executing.hosts, [late]: planned } };
    const { run, facts } = back(null, card(many), [], AT);
    expect(run.state).toBe('executing');
    expect(run.waves).toBeUndefined();
    expect(run.hosts[HOST]).toMatchObject({
      stage: 'planned',
      sent: 'execute',
      outcomes: [{ image: id('a') }],
    });
    expect(run.hosts[late]).toMatchObject({ stage: 'planned', sent: 'execute' });
    expect(kinds(facts)).toEqual(['recalled']);
  });

  test('what was over is as it was, without a word', () => {
    expect(recall(null, card(done), [], AT)).toEqual({ run: done, before: done, facts: [] });
  });

  test('of which nobody knows anything nothing is put back', () => {
    expect(recall(null, null, [], AT)).toBeNull();
  });
});

describe('of a run that Redis has as it was earlier', () => {
  test('what is over by its card is over, and is not what was read before', () => {
    const { run, facts } = back(proposed, card(done), [], AT);
    expect(run).toMatchObject({ state: 'done', rev: 10, recalled: { from: 'done' } });
    expect(kinds(facts)).toEqual(['recalled']);
  });

  test('what is no older than its card stays', () => {
    expect(recall(done, card(done), [], AT)).toBeNull();
    expect(recall(done, card(executing), [], AT)).toBeNull();
    expect(recall(proposed, null, [], AT)).toBeNull();
  });
});

describe('entries of the audit that are newer than the card', () => {
  const newer = (...facts: Parameters<typeof chain>[1]): Entry[] => chain({ n: 2, hash: id('2') }, facts);
  const base = { at: NOW, run: proposed.id };
  const confirmed = { ...base, kind: 'confirmed', by: ANA } as const;
  const outcome = (name: string) =>
    ({ ...base, kind: 'outcome', host: HOST, image: id(name), outcome: 'deleted', bytes: 100 }) as const;
  const ended = { ...base, kind: 'ended', state: 'done' } as const;

  test('tell that it was decided on', () => {
    const { run } = back(null, card(proposed), newer(confirmed, outcome('a')), AT);
    expect(run).toMatchObject({ state: 'executing', confirmed: { by: ANA } });
    expect(run.hosts[HOST]).toMatchObject({ sent: 'execute', outcomes: [{ image: id('a'), freed: 100 }] });
  });

  test('tell how it ended, also where only an older run is stored', () => {
    const entries = newer(confirmed, outcome('a'), outcome('b'), ended);
    for (const stored of [null, proposed]) {
      const { run } = back(stored, card(proposed), entries, AT);
      expect(run).toMatchObject({ state: 'done', audit: { n: 6 } });
      expect(run.hosts[HOST]?.outcomes).toHaveLength(2);
    }
    expect(back(proposed, null, entries, AT).run.state).toBe('done');
  });

  test('give back the outcomes that were too many for the card', () => {
    const short = {
      ...done,
      audit: { n: 6, hash: id('6') },
      hosts: { [HOST]: { ...planned, stage: 'ended' } },
    };
    const { run } = back(
      null,
      card(short as Run, true),
      newer(confirmed, outcome('a'), outcome('b'), ended),
      AT,
    );
    expect(run.hosts[HOST]?.outcomes.map(({ image }) => image)).toEqual([id('a'), id('b')]);
  });

  test('end what they end on each host, so that a later word settles what is unknown', () => {
    const doubt = { ...outcome('a'), outcome: 'unknown', bytes: 0 };
    const end = { ...ended, state: 'unknown' } as const;
    const word = { type: 'outcomes', at: AT, host: HOST, outcomes: [anOutcome('a')] } as const;
    for (const [shown, entries] of [
      [proposed, newer(confirmed, doubt, outcome('b'), end)],
      [aRun({ ...proposed, state: 'planning', skipConfirmation: true }), newer(doubt, outcome('b'), end)],
      [
        aRun({ ...executing, hosts: { [HOST]: { ...planned, sent: 'execute' } } }),
        newer(doubt, outcome('b'), end),
      ],
    ] as const) {
      const { run } = back(null, card(shown), entries, AT);
      expect(run).toMatchObject({ state: 'unknown', hosts: { [HOST]: { stage: 'ended', sent: 'execute' } } });
      expect(step(run, word).state).toBe('done');
    }
  });

  test('of an end that nothing was carried out before say nothing of a job', () => {
    const end = { ...ended, state: 'expired' } as const;
    expect(back(null, card(proposed), newer(end), AT).run.hosts).toEqual(proposed.hosts);
    const dry = { ...ended, dryRun: true } as const;
    expect(back(null, card(proposed), newer(dry), AT).run.hosts).toEqual(proposed.hosts);
  });

  test('of what is lost name a run and say nothing of it', () => {
    const lost = newer({ ...base, kind: 'lost', from: 1 });
    expect(recall(proposed, null, lost, AT)).toBeNull();
    expect(recall(null, card(done), lost, AT)?.run).toBe(done);
  });

  test('tell that it was lost before, so that a host may still say what it took on', () => {
    const end = { ...ended, state: 'expired' } as const;
    const before = newer({ ...base, kind: 'recalled', state: 'expired' }, { ...base, kind: 'expired' }, end);
    const { run } = back(null, card(proposed), before, AT);
    expect(run).toMatchObject({ state: 'expired', recalled: { at: NOW, from: 'proposed' } });
    const took = { type: 'took', at: AT, host: HOST, plan: summary, images: [id('a'), id('b')] } as const;
    expect(step(run, took).state).toBe('executing');
    const again = newer({ ...base, kind: 'recalled', state: 'expired' }, end, {
      ...base,
      kind: 'recalled',
      state: 'executing',
    });
    const { before: going } = back(null, card(proposed), again, AT);
    expect(going).toMatchObject({ state: 'executing', recalled: { from: 'executing' } });
    expect(going.endedAt).toBeUndefined();
  });

  test('of other runs, and older ones, change nothing', () => {
    const other = newer({ ...confirmed, run: runId(7) });
    expect(back(null, card(proposed), other, AT).run.state).toBe('expired');
    const older = chain(GENESIS, [confirmed, ended]);
    expect(back(null, card(proposed), older, AT).run.state).toBe('expired');
  });

  test('a denial and approvals are whose they were', () => {
    const policy = { ...proposed.policy, count: 2 };
    const two = { ...proposed, policy, approvalFor: ['force' as const] };
    const approved = { ...base, kind: 'approved', by: BEN } as const;
    expect(back(null, card(two), newer(approved), AT).run).toMatchObject({
      state: 'expired',
      approvals: [{ by: BEN }],
    });
    const denied = { ...base, kind: 'denied', by: BEN, reason: 'no' } as const;
    const end = { ...ended, state: 'denied' } as const;
    expect(back(null, card(two), newer(denied, end), AT).run).toMatchObject({
      state: 'denied',
      denied: { by: BEN, reason: 'no' },
    });
  });
});

describe('a host that tells what it took on', () => {
  const took = { type: 'took', at: AT, host: HOST, plan: summary, images: [id('a'), id('b')] } as const;
  const outcomes = {
    type: 'outcomes',
    at: AT,
    host: HOST,
    outcomes: [anOutcome('a'), anOutcome('b')],
  } as const;
  const report = { tookMs: 1, before: null, after: null, raced: [] };
  const finished = { type: 'finished' as const, at: AT, host: HOST, report };
  const story = (run: Run, ...events: Parameters<typeof step>[1][]) => events.reduce(step, run);

  test('has a run go on that was put back as if nobody had decided', () => {
    for (const lost of [proposed, aRun({ rev: 1, skipConfirmation: true })]) {
      const { run } = back(null, card(lost), [], AT);
      expect(story(run, took).state).toBe('executing');
      expect(story(run, took, outcomes, finished).state).toBe('done');
    }
  });

  test('has one go on of which Redis lost the decision alone', () => {
    expect(step(proposed, took)).toMatchObject({ state: 'executing', recalled: { from: 'executing' } });
    expect(story(proposed, took, outcomes, finished).state).toBe('done');
    expect(step(proposed, { ...took, host: host('host-9') })).toBe(proposed);
  });

  test.each(['expired', 'cancelled', 'denied'] as const)(
    'has one go on that was %s after Redis had lost the decision',
    (state) => {
      const over = {
        ...proposed,
        state,
        endedAt: AT,
        ...(state === 'cancelled' && { cancel: { by: ANA, at: AT } }),
      };
      const going = step(over, took);
      expect(going).toMatchObject({ state: 'executing', recalled: { from: 'executing' } });
      expect(going).not.toHaveProperty('endedAt');
      expect(going).not.toHaveProperty('cancel');
      expect(story(over, took, outcomes, finished).state).toBe('done');
    },
  );

  test('puts in doubt by name what was given up, and settles it', () => {
    const { run } = back(null, card(executing), [], AT);
    const why = { kind: 'forgotten' } as const;
    const gone = story(run, { type: 'broken', at: AT, host: HOST, why, outcomes: [] });
    expect(gone.state).toBe('unknown');
    const doubted = story(gone, took);
    expect(doubted.hosts[HOST]?.outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'unknown']);
    expect(story(doubted, outcomes, finished).state).toBe('done');
  });

  test('names what it never began, of which it had said so before anybody knew what it was about', () => {
    const { run } = back(
      null,
      card({ ...executing, hosts: { [HOST]: { ...planned, sent: 'execute' } } }),
      [],
      AT,
    );
    const why = { kind: 'restarted' } as const;
    const gone = story(run, { type: 'disowned', at: AT, host: HOST, why, outcomes: [] });
    expect(gone.state).toBe('failed');
    const named = story(gone, took);
    expect(named.state).toBe('failed');
    expect(named.hosts[HOST]?.outcomes).toMatchObject([
      { image: id('a'), outcome: 'failed', why },
      { image: id('b'), outcome: 'failed', why },
    ]);
    expect(story(named, took)).toBe(named);
  });

  test('says nothing new of a run that was never lost, nor of one whose end was known', () => {
    for (const run of [executing, done]) expect(story(run, took)).toBe(run);
    const { run } = back(proposed, card(done), [], AT);
    expect(story(run, took)).toBe(run);
  });
});

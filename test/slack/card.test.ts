import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMessageBlocks } from '../../playground/slack/blocks/check.ts';
import { buttonsOf } from '../../playground/slack/blocks/walk.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { planOf } from '../../src/domain/plan-of.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Rights } from '../../src/domain/rights.ts';
import { type HostPart, isFinal, type Run, RunState } from '../../src/domain/run.ts';
import {
  ANA,
  aKept,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aPolicy,
  aRun,
  BEN,
  digest,
  HOST,
  host,
  id,
  MINUTE,
  NOW,
  pruning,
  removing,
} from '../domain/_build.ts';
import { check, labels, render, shows, TOTAL } from './_card.ts';
import { HOSTILE, hostileText } from './_hostile.ts';

const plan = aPlan(
  [
    anItem('a', { references: ['app:1'], recoverable: digest('app', 'a') }),
    anItem('b', { references: ['app:2'], reclaim: 1_000_000 }),
  ],
  {
    kept: [
      aKept('c', {
        references: ['web:1'],
        reason: { kind: 'in-use', by: [{ container: 'web-1', running: true }] },
      }),
    ],
  },
);
const plans = new Map([[HOST, plan]]);
const part = aPart({ stage: 'planned', sent: 'plan', plan: summarise(plan) });
const run = (state: RunState, given: Partial<Run> = {}): Run =>
  aRun({
    state,
    hosts: { [HOST]: part },
    ...(state !== 'planning' && { proposedAt: NOW, expiresAt: NOW + 30 * MINUTE }),
    ...(isFinal(state) && { endedAt: NOW + MINUTE, audit: { n: 77, hash: id('audit') } }),
    ...given,
  });
const outcomes = [anOutcome('a'), anOutcome('b', 'failed', { why: { kind: 'engine', message: 'no space' } })];
const carriedOut: Partial<Run> = {
  executingSince: NOW,
  confirmed: { by: ANA, at: NOW },
  hosts: {
    [HOST]: {
      ...part,
      stage: 'ended',
      outcomes,
      finished: {
        tookMs: 3200,
        before: { total: 1e9, free: 1e8 },
        after: { total: 1e9, free: 1.5e8 },
        raced: ['late-1'],
      },
    },
  },
};

describe('buttons', () => {
  test('of a proposal that waits for confirmation are Delete and Cancel', () => {
    expect(labels(render(run('proposed'), plans))).toEqual([
      expect.stringMatching(/^Delete 2 images, 1 MB$/),
      'Cancel',
    ]);
  });

  test('of a proposal that waits for approval are Approve, Deny and Cancel', () => {
    expect(labels(render(run('proposed', { approvalFor: ['force'] }), plans))).toEqual([
      'Approve',
      'Deny',
      'Cancel',
    ]);
  });

  test('begin with Delete also where the plan only untags', () => {
    const untag = aPlan([
      anItem('a', { references: ['app:1', 'app:2'], remove: ['app:1'], action: 'untag', reclaim: 0 }),
    ]);
    const hosts = { [HOST]: { ...part, plan: summarise(untag) } };
    const [first] = labels(render(run('proposed', { hosts }), new Map([[HOST, untag]])));
    expect(first).toMatch(/^Delete 1 reference\b/);
  });

  test('of a running one is Cancel, until somebody pressed it', () => {
    expect(labels(render(run('executing', { executingSince: NOW }), plans))).toEqual(['Cancel']);
    const cancel = { by: ANA, at: NOW };
    expect(labels(render(run('executing', { executingSince: NOW, cancel }), plans))).toEqual([]);
  });

  test.each(RunState.options.filter((state) => state !== 'proposed'))(
    'of a run that is %s never begin with Delete, Approve or Deny',
    (state) => {
      for (const given of [{}, carriedOut, { approvalFor: ['force' as const] }])
        expect(
          labels(render(run(state, given), plans)).filter((label) => /^(Delete|Approve|Deny)/.test(label)),
        ).toEqual([]);
    },
  );

  test('carry the number of the run and nothing else', () => {
    for (const approvalFor of [[], ['force' as const]]) {
      const card = render(run('proposed', { approvalFor }), plans);
      const found = buttonsOf({ blocks: checkMessageBlocks(card.blocks, TOTAL) });
      expect(found.length).toBeGreaterThan(1);
      for (const { value, label } of found) {
        expect(value).toBe('1042');
        expect(label).toMatch(
          /^(Delete|Approve|Deny|Cancel|Undo|Choose|Show|Continue|Run again|Admit|Reject)\b/,
        );
      }
    }
  });
});

describe('the card', () => {
  test.each(RunState.options)(
    'of a run that is %s is what Slack takes, with and without outcomes',
    (state) => {
      for (const given of [{}, carriedOut]) {
        const one = run(state, given);
        check(one, render(one, plans));
        check(one, render(one));
      }
    },
  );

  test('of a proposal names who asked, what goes, what stays and why, and until when it stands', () => {
    const text = shows(render(run('proposed'), plans));
    expect(text).toContain('*#1042* `prune host-3` asked by <@U0ANA>');
    expect(text).toMatch(/`app:1`.* frees 100 B/);
    expect(text).toMatch(/`app:2`.* frees 1 MB, can't be pulled again/);
    expect(text).toMatch(/1 can't be pulled again/);
    expect(text).toMatch(/`web:1`.* stays: in use by `web-1`/);
    expect(text).toContain(`plan \`${id('plan').slice(7, 19)}\``);
    expect(text).toMatch(/expires <!date\^/);
  });

  test('of a proposal that waits for approval says why, and who may give it', () => {
    const text = shows(
      render(
        run('proposed', {
          selection: removing(['app:1'], true),
          approvalFor: ['force'],
          policy: aPolicy({}, { count: 2 }),
          approvals: [{ by: BEN, at: NOW }],
        }),
        plans,
      ),
    );
    expect(text).toMatch(/force always needs it; 1 of 2 given/);
    expect(text).toMatch(/approvers: <!subteam\^S0SRE> ·/);
    expect(text).toMatch(/approved by <@U0BEN>/);
  });

  test('says so where nobody can approve', () => {
    const card = render(run('proposed', { approvalFor: ['force'] }), plans, { approvers: [], access: [] });
    expect(shows(card)).toMatch(/nobody (else )?can approve it/);
  });

  test.each([
    [{ confirmed: { by: ANA, at: NOW } }, 'executing', /confirmed by <@U0ANA>/],
    [
      { denied: { by: BEN, at: NOW, reason: 'not *today*' } },
      'denied',
      /Denied: not ∗today∗.*[\s\S]*denied by <@U0BEN>/,
    ],
    [{ cancel: { by: ANA, at: NOW } }, 'cancelled', /cancelled by <@U0ANA>/],
    [{ approvals: [{ by: BEN, at: NOW }] }, 'done', /approved by <@U0BEN>/],
  ] as const)('keeps who decided, as a mention: %j', (given, state, expected) => {
    expect(shows(render(run(state, given as Partial<Run>), plans))).toMatch(expected);
  });

  test('of a run that ended shows count, bytes, disk, time and audit number', () => {
    const card = render(run('partial', carriedOut), plans);
    expect(card.text).toBe('#1042 partial · prune host-3 · deleted 1 of 2, 100 B');
    const text = shows(card);
    expect(text).toMatch(/Deleted 1 of 2, freed 100 B; 1 failed/);
    expect(text).toMatch(/✗ `app:2`.* failed: the engine said: no space/);
    expect(text).toMatch(/✓ `app:1`.* deleted, 100 B/);
    expect(text).toMatch(/free disk grew by 50 MB to 150 MB; took 3s/);
    expect(text).toMatch(/now without its image: `late-1`/);
    expect(text).toContain('audit 77');
  });

  test('names the plan, and of several hosts one digest for all of their plans', () => {
    const one = run('proposed');
    const two = run('proposed', { hosts: { [HOST]: part, [host('host-4')]: part } });
    const short = (of: Run) => planOf(of)?.digest.slice(7, 19);
    expect(shows(render(one, plans))).toContain(`plan \`${short(one)}\` ·`);
    expect(shows(render(two, plans))).toContain(`plan \`${short(two)}\` of 2 hosts`);
    expect(short(two)).not.toBe(short(one));
  });

  test('of a dry run says what would go and that nothing was deleted', () => {
    const text = shows(render(run('done', { dryRun: true }), plans));
    expect(text).toMatch(/would delete 2 images and free 1 MB. Nothing was deleted/);
  });

  test('shows a host that could not be planned, and names that mean no image', () => {
    const nameless = aPlan([], { problems: [{ kind: 'not-found', name: 'aap:1', near: 'app:1' }] });
    const other = host('host-4');
    const one = run('refused', {
      hosts: {
        [HOST]: { ...part, plan: summarise(nameless) },
        [other]: aPart({ stage: 'ended', trouble: { kind: 'no-answer' } }),
      },
    });
    const text = shows(render(one, new Map([[HOST, nameless]])));
    expect(text).toMatch(/No image `aap:1`\. Did you mean `app:1`\?/);
    expect(text).toContain('*host-4* not answering');
  });

  test('is rendered from the run alone: the same run gives the same card', () => {
    const one = run('executing', carriedOut);
    const [a, b] = [render(one, plans), render(structuredClone(one), plans)];
    expect([a.text, a.blocks]).toEqual([b.text, b.blocks]);
  });
});

/** A run over many hosts with many images each, with the same text wherever text can be. */
function big(
  state: RunState,
  hosts: number,
  images: number,
  text: (i: number) => string,
): [Run, Map<HostName, Plan>] {
  const all = new Map<HostName, Plan>();
  const parts: Record<string, HostPart> = {};
  for (let h = 0; h < hosts; h++) {
    const name = host(`host-${h}.${'x'.repeat(40)}`);
    const items = Array.from({ length: images }, (_, i) =>
      anItem(`${h} ${i}`, {
        references: [text(i), text(i + 1), text(i + 2), text(i + 3)],
        ...(i % 3 === 0 && { force: true, usedBy: [{ container: text(i), running: false }] }),
      }),
    );
    const made = aPlan(items, {
      host: name,
      kept: Array.from({ length: images }, (_, i) =>
        aKept(`${h} kept ${i}`, {
          references: [text(i)],
          reason:
            i % 2 === 0
              ? { kind: 'children', of: [text(i), text(i + 1), text(i + 2)] }
              : { kind: 'in-use', by: Array(5).fill({ container: text(i), running: false }) },
        }),
      ),
      problems: [{ kind: 'not-found', name: text(0), near: text(1) }],
    });
    all.set(name, made);
    const done = isFinal(state) || state === 'executing';
    parts[name] = {
      ...part,
      plan: summarise(made),
      trouble: { kind: 'refused', message: text(0) },
      outcomes: done
        ? items.map(({ image }, i): (typeof part.outcomes)[number] => ({
            image,
            outcome: i % 2 === 0 ? 'failed' : 'deleted',
            removed: [],
            freed: 0,
            ...(i % 2 === 0 && { why: { kind: 'engine', message: text(i) } }),
          }))
        : [],
      ...(done && { finished: { tookMs: 1, before: null, after: null, raced: [text(0), text(1)] } }),
    };
  }
  const selection = pruning({ all: true, labels: [{ key: text(0) || 'x', value: text(1), not: false }] });
  const people = Array.from({ length: 30 }, (_, i) => ({ by: aRun().requester, at: NOW + i }));
  const one = run(state, {
    selection,
    hosts: parts as Run['hosts'],
    where: 'all',
    refusal: text(0),
    denied: { by: BEN, at: NOW, reason: text(0) },
    approvalFor: ['force', 'irrecoverable', 'reclaim-over', 'hosts-over'],
    approvals: people,
    ...(state === 'executing' || isFinal(state) ? { executingSince: NOW } : {}),
  });
  return [one, all];
}

describe('a card of 40 hosts with 300 images each', () => {
  const many: Rights = { approvers: Array.from({ length: 60 }, (_, i) => `U0${i}PERSON`), access: [] };
  test.each(RunState.options)(
    'is what Slack takes while %s, and the whole list is for the thread',
    (state) => {
      const [one, all] = big(state, 40, 300, (i) => `registry.example.com:5000/team-${i}/application:${i}`);
      const card = render(one, all, many);
      check(one, card);
      if (state === 'planning') return;
      const list = card.planList?.() ?? [];
      const words = list.map(plain).join('\n');
      for (const [name, { items }] of all) {
        expect(words).toContain(name);
        expect(words).toContain(items.at(-1)?.image.slice(7, 19));
      }
      expect(list.length).toBeGreaterThan(40 * 600);
      const ended = card.outcomeList?.() ?? [];
      expect(ended.length).toBe(isFinal(state) ? 40 * 301 : 0);
    },
  );

  test.each([1, 2, 7, 40])(
    'is within the limits with %i hosts and the longest text that escapes',
    (hosts) => {
      for (const state of RunState.options) {
        const [one, all] = big(state, hosts, 30, () => '&'.repeat(400));
        check(one, render(one, all, many));
      }
    },
  );

  test('is needed in the thread only where the card does not show it all', () => {
    const card = render(run('proposed'), plans);
    expect(card.planList).toBeNull();
    expect(card.outcomeList).toBeNull();
  });
});

describe('hostile text', () => {
  test.each(HOSTILE)('%j takes no effect anywhere on a card', (text) => {
    for (const state of ['proposed', 'executing', 'partial', 'refused', 'denied'] as const) {
      const [one, all] = big(state, 2, 6, () => text);
      check(one, render(one, all));
    }
  });

  test('of whatever kind takes no effect anywhere on a card', () => {
    fc.assert(
      fc.property(
        fc.array(hostileText, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...RunState.options),
        (texts, state) => {
          const [one, all] = big(state, 2, 4, (i) => texts[i % texts.length] ?? '');
          check(one, render(one, all));
        },
      ),
      { numRuns: 200 },
    );
  });
});

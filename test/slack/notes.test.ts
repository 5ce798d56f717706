import { describe, expect, test } from 'vitest';
import type { Run } from '../../src/domain/run.ts';
import { mrkdwn } from '../../src/slack/mrkdwn.ts';
import { notesOf } from '../../src/slack/notes.ts';
import { openNotes } from '../../src/slack/post-notes.ts';
import { ANA, BEN, CLEO, HOST, MINUTE, NOW, removing, SECOND } from '../domain/_build.ts';
import { by, OTHER, planned, RIGHTS, run } from './_card.ts';
import { useThread } from './_thread.ts';

const forced: Partial<Run> = {
  ...{ selection: removing(['app:1'], true), approvalFor: ['force'] },
  ...{ proposedAt: NOW, expiresAt: NOW + 30 * MINUTE },
};
const told = (state: Run['state'], given: Partial<Run> = {}) =>
  notesOf(run(state, { ...forced, ...given }), RIGHTS).map(({ key, words }) => `${key} ${mrkdwn(words)}`);
const two = { ...run('proposed').policy, count: 2 };

describe('whom a run calls', () => {
  test.each<[string, string[], string[]]>([
    ['nobody while it is planned', told('planning'), []],
    ['nobody where a confirmation is enough', told('proposed', { approvalFor: [] }), []],
    [
      'approvers where it waits for them',
      told('proposed'),
      [
        'approval <!subteam^S0SRE>, <@U0BEN>: #1042 needs approval, `rmi host-3 app:1 -f`: 1 image, 100 B, until <!date^1769862600^{date_short_pretty} {time}|2026-01-31 12:30 UTC>.',
      ],
    ],
    [
      'approvers but the requester, and how many are needed',
      told('proposed', { requester: BEN, policy: two }),
      [
        'approval <!subteam^S0SRE>: #1042 needs 2 approvals, `rmi host-3 app:1 -f`: 1 image, 100 B, until <!date^1769862600^{date_short_pretty} {time}|2026-01-31 12:30 UTC>.',
      ],
    ],
    [
      'those who have not approved yet, at half time',
      told('proposed', { policy: two, approvals: [by], remindedAt: NOW + 15 * MINUTE }).slice(1),
      [
        'reminder <!subteam^S0SRE>: #1042 still needs approval, until <!date^1769862600^{date_short_pretty} {time}|2026-01-31 12:30 UTC>.',
      ],
    ],
    [
      'the requester once it is approved',
      told('executing', { approvals: [by, { by: CLEO, at: NOW }], executingSince: NOW }),
      ['decided <@U0ANA>: <@U0BEN> and <@U0CLEO> approved #1042.'],
    ],
    [
      'the requester once it is denied, with the reason as text',
      told('denied', { denied: { ...by, reason: 'not *now* <!here>' } }),
      ['decided <@U0ANA>: <@U0BEN> denied #1042: not ∗now∗ &lt;!here&gt;.'],
    ],
    [
      'the requester where nobody decided',
      told('expired'),
      ['decided <@U0ANA>: nobody decided on #1042 in time: ask again.'],
    ],
    [
      'the requester where Redis lost it while it waited',
      told('expired', { recalled: { at: NOW, from: 'proposed' } }),
      ['decided <@U0ANA>: Redis lost what was to be decided on in #1042: ask again.'],
    ],
    [
      'nobody where only its host knows that it was approved',
      told('executing', { recalled: { at: NOW, from: 'proposed' }, executingSince: NOW }),
      [],
    ],
    [
      'the requester where too few approved',
      told('expired', { policy: two, approvals: [by] }),
      ['decided <@U0ANA>: 1 of 2 approved #1042 in time: ask again.'],
    ],
    [
      'the requester where somebody else took back what needed no approval',
      told('cancelled', { approvalFor: [], cancel: by }),
      ['decided <@U0ANA>: <@U0BEN> cancelled #1042.'],
    ],
    [
      'the requester where somebody else stops what was approved, once that is stored',
      told('executing', { approvals: [by], executingSince: NOW, cancel: { by: CLEO, at: NOW } }),
      ['decided <@U0ANA>: <@U0BEN> approved #1042.', 'stopped <@U0ANA>: <@U0CLEO> cancelled #1042.'],
    ],
    [
      'the requester where somebody else has stopped what needed no approval',
      told('cancelled', { approvalFor: [], executingSince: NOW + MINUTE, cancel: by }),
      ['stopped <@U0ANA>: <@U0BEN> cancelled #1042.'],
    ],
    [
      'nobody where the requester stopped it',
      told('executing', { approvalFor: [], executingSince: NOW, cancel: { by: ANA, at: NOW } }),
      [],
    ],
    [
      'the requester once it is denied, with people by name',
      told('denied', { denied: { ...by, reason: 'ask <@U0CLEO>' } }),
      ['decided <@U0ANA>: <@U0BEN> denied #1042: ask @U0CLEO.'],
    ],
    ['nobody where the requester took it back', told('cancelled', { cancel: { by: ANA, at: NOW } }), []],
    [
      'the requester where somebody else took it back',
      told('cancelled', { cancel: by }),
      ['decided <@U0ANA>: <@U0BEN> cancelled #1042.'],
    ],
    ['nobody when a minute was enough', told('done', { approvalFor: [], executingSince: NOW }), []],
    [
      'the requester once it took longer than a minute',
      told('done', { approvalFor: [], executingSince: NOW - 35 * SECOND }),
      ['over <@U0ANA>: #1042 done · rmi host-3 · deleted 0 of 1, 0 B, after 1m35s'],
    ],
  ])('%s', (_, notes, expected) => {
    expect(notes).toEqual(expected);
  });

  test('nobody, where there is no approver but the requester, also where that is so for one host alone', () => {
    const rights = { approvers: ['U0ANA'], access: [] };
    expect(notesOf(run('proposed', forced), rights)).toEqual([]);
    const narrow = { approvers: ['U0BEN'], access: [{ hosts: [OTHER], approvers: [] }] };
    const both = { [HOST]: planned, [OTHER]: planned };
    expect(notesOf(run('proposed', forced), narrow)).toHaveLength(1);
    expect(notesOf(run('proposed', { ...forced, hosts: both }), narrow)).toEqual([]);
    const two = { approvers: ['U0BEN', 'U0CLEO'], access: [{ hosts: [OTHER], approvers: ['S0SRE'] }] };
    const [note] = notesOf(run('proposed', { ...forced, hosts: both }), two);
    expect(mrkdwn(note?.words ?? [])).toMatch(
      /^<@U0BEN>, <@U0CLEO> who are also among <!subteam\^S0SRE>: #1042 needs/,
    );
  });
});

describe('a note', () => {
  const { slack, posting, pass, card, thread } = useThread();
  /** Two of them are two bots, or one before and after it died. */
  const bot = () => openNotes({ ...posting(), rights: RIGHTS });
  const proposed = run('proposed', forced);

  test('is posted once, whichever bot writes and however often', async () => {
    const at = await card();
    const [one, other] = [bot(), bot()];
    for (const post of [one, one, other, bot()]) expect(await post(proposed, at)).toBe(0);
    expect(thread(at)).toHaveLength(1);
    expect(thread(at)[0]?.text).toContain('#1042 needs approval');
    expect(slack().warnings).toEqual([]);
  });

  test('waits where Slack is busy, and comes once', async () => {
    const at = await card();
    const post = bot();
    slack().fault({ method: 'chat.postMessage', kind: 'ratelimited', retryAfter: 2 });
    expect(await post(proposed, at)).toBe(2_000);
    expect(thread(at)).toEqual([]);
    expect(await post(proposed, at)).toBe(0);
    expect(thread(at)).toHaveLength(1);
  });

  test('whose answer was lost is not posted again', async () => {
    const at = await card();
    const post = bot();
    slack().fault({ method: 'chat.postMessage', kind: 'drop-after' });
    expect(await post(proposed, at)).toBeGreaterThan(0);
    expect(thread(at)).toHaveLength(1);
    expect(await post(proposed, at)).toBe(0);
    expect(thread(at)).toHaveLength(1);
  });

  test('that a bot was about to post when it died is posted by the next', async () => {
    const at = await card();
    slack().fault({ method: 'chat.postMessage', kind: 'drop' });
    expect(await bot()(proposed, at)).toBeGreaterThan(0);
    // Slack may show it in a moment.
    const wait = await bot()(proposed, at);
    expect(wait).toBeGreaterThan(0);
    expect(thread(at)).toEqual([]);
    pass(wait);
    expect(await bot()(proposed, at)).toBe(0);
    expect(thread(at)).toHaveLength(1);
  });

  test('tells nobody anew of a run that is long over', async () => {
    const at = await card();
    const denied = run('denied', { ...forced, denied: by });
    expect(await bot()({ ...denied, endedAt: Date.now() - 2 * 86_400_000 }, at)).toBe(0);
    expect(thread(at)).toEqual([]);
    expect(await bot()({ ...denied, endedAt: Date.now() }, at)).toBe(0);
    expect(thread(at)).toHaveLength(1);
  });

  test('that Slack refuses is left, and the next ones are posted', async () => {
    const at = await card();
    slack().fault({ method: 'chat.postMessage', kind: 'error', error: 'restricted_action' });
    const post = bot();
    expect(await post({ ...proposed, remindedAt: NOW }, at)).toBe(0);
    expect(await post({ ...proposed, remindedAt: NOW }, at)).toBe(0);
    expect(thread(at).map(({ text }) => text)).toEqual([expect.stringContaining('still needs')]);
  });
});

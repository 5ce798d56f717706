import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import type { Snapshot } from '../../playground/parts/witness.ts';
import { REFUSED_MS } from '../../src/slack/people.ts';
import { type Card, expectAsPlanned } from './_card.ts';
import { deletions, OPS, openStage, type Stage, wait } from './_world.ts';

describe.skipIf(skipWithout('decisions in Slack', 'redis', 'engines'))('decide', () => {
  let stage: Stage;
  let before: Snapshot;
  let seen: number;
  let made = 0;

  beforeAll(async () => {
    stage = await openStage('decide');
  });
  afterAll(() => stage?.close());
  /** What of the engine's images goes in a test, by its own plan. */
  let going: Card[] = [];
  beforeEach(async () => {
    const layers = [{ name: `layer ${++made}`, bytes: 50_000 }];
    await loadImages(stage.docker(), { [`image ${made}`]: { tags: [`app:${made}`], layers } });
    before = await stage.witness().snapshot();
    seen = deletions(stage.witness()).length;
    going = [];
  });
  afterEach(async () => {
    const rows = going.flatMap(
      (card) =>
        card
          .versions()
          .find(({ state }) => state === 'proposed')
          ?.host().goes ?? [],
    );
    expectAsPlanned(rows, before, await stage.witness().snapshot());
    expect(deletions(stage.witness())).toHaveLength(seen + rows.length);
  });

  const asked = (options = '') => stage.ana.asks(`/dimg rmi host-1 app:${made}${options}`);
  async function done(card: Card) {
    going.push(card);
    const end = await card.ends();
    expect(end.text).toContain(' done · rmi host-1 · deleted 1 of 1, 50 kB');
    expect(end.buttons).toEqual([]);
    return end;
  }
  const footer = (card: Card) => card.now().lines.at(-1) ?? '';
  async function cancelled(card: Card) {
    await stage.ana.presses(card, 'Cancel');
    await card.waitFor(({ state }) => state === 'cancelled');
  }

  test('only the requester confirms; the requester may cancel by the button', async () => {
    const card = await asked();
    const refused = await stage.bo.presses(card, 'Delete');
    expect(await refused.told()).toBe(`Only @ana, who asked for #${card.number}, can confirm it.`);
    const denied = await stage.bo.told(`/dimg deny ${card.number}`);
    expect(denied).toBe(`#${card.number} needs no approval; it waits for @ana to confirm it.`);
    const notHis = await stage.bo.presses(card, 'Cancel');
    expect(await notHis.told()).toContain('Only @ana');
    expect(card.now().state).toBe('proposed');

    const mine = await stage.ana.presses(card, 'Cancel');
    const end = await card.ends();
    await mine.silence();
    expect(end.state).toBe('cancelled');
    expect(end.lines[1]).toBe('Cancelled. Nothing was deleted.');
    expect(end.buttons).toEqual([]);
    expect(footer(card)).toContain('cancelled by @ana');
  });

  test('a force waits for an approver, who is somebody else and a full member', async () => {
    const card = await asked(' -f');
    expect(card.now().text).toContain('waits for approval');
    expect(footer(card)).toBe('[Approve] [Deny] [Cancel]');
    expect(card.now().lines.at(-2)).toContain('approvers: @bo, @cy');
    stage.slack.addUser({ id: 'U0DEE', name: 'dee' });
    stage.slack.join('C0OPS', 'U0DEE');

    const own = await stage.ana.presses(card, 'Approve');
    expect(await own.told()).toBe(`You asked for #${card.number} yourself: somebody else must approve it.`);
    const ownDeny = await stage.ana.presses(card, 'Deny');
    expect(await ownDeny.told()).toContain('cancel it instead');
    const guest = await stage.gus.presses(card, 'Approve');
    expect(await guest.told()).toContain("Guests can't delete images or approve");
    const { ts } = card;
    await stage.slack.press({ user: 'U0DEE', channel: 'C0OPS', ts, label: 'Approve' });
    await stage.slack.waitFor(() => stage.slack.ephemerals('U0DEE').length > 0);
    expect(stage.slack.ephemerals('U0DEE')[0]?.text).toContain('You are not an approver here.');
    expect(await stage.ana.told(`/dimg approve ${card.number}`)).toContain('somebody else must approve it');
    expect(card.now().state).toBe('proposed');

    const right = await stage.bo.presses(card, 'Approve');
    await done(card);
    await right.silence();
    expect(footer(card)).toContain('approved by @bo');
  });

  test('an approver in a hurry, and Slack delivering twice: one run, and no complaint', async () => {
    const card = await asked(' -f');
    const press = await stage.bo.presses(card, 'Approve', { times: 3 });
    await done(card);
    await press.silence();
  });

  test('approve by command', async () => {
    const card = await asked(' -f');
    expect(await stage.cy.told(`/dimg approve #${card.number}`)).toBe(
      `You approved #${card.number}; it starts now.`,
    );
    await done(card);
    expect(footer(card)).toContain('approved by @cy');
  });

  test('a command that Slack delivers twice is answered once, with the truth', async () => {
    const card = await asked(' -f');
    const told = () => stage.slack.ephemerals('U0GUS').map(({ text }) => text);
    const known = told().length;
    await stage.gus.types(`/dimg approve ${card.number}`, { times: 2 });
    await wait(300);
    expect(told().slice(known)).toEqual([expect.stringContaining("Guests can't delete images or approve")]);
    await cancelled(card);
  });

  test('deny by the button: a form asks why, and says what is denied', async () => {
    const card = await asked(' -f');
    const { form, after } = await stage.cy.denies(card, 'not *before* <!here> the release ');
    expect(after).toEqual([]);
    expect(JSON.stringify(form.blocks)).toContain(`rmi host-1 app:${made} -f`);
    const end = await card.ends();
    expect(end.state).toBe('denied');
    expect(end.lines[1]).toBe('Denied: not ∗before∗ <!here> the release. Nothing was deleted.');
    expect(end.buttons).toEqual([]);
    expect(footer(card)).toContain('denied by @cy');
    const old = card.versions().find(({ state }) => state === 'proposed')?.message;
    if (!old) throw new Error('It was never proposed.');
    const late = await stage.bo.presses(card, 'Approve', { messageOverride: old });
    expect(await late.told()).toBe(`@cy has denied #${card.number}; nothing was deleted.`);
  });

  test('a form that is sent without a reason denies as well; one that is closed does not', async () => {
    const card = await asked(' -f');
    await stage.cy.presses(card, 'Deny');
    const closed = await stage.slack.waitFor(() => stage.cy.form(), 5_000, 'the form');
    await stage.slack.closeView(closed.id);
    expect(card.now().state).toBe('proposed');
    await stage.cy.presses(card, 'Deny', { times: 2 });
    const form = await stage.slack.waitFor(() => stage.cy.form(), 5_000, 'the form');
    const sent = await stage.slack.submit({ user: stage.cy.id, view_id: form.id, times: 2 });
    expect(sent.error).toBeUndefined();
    expect((await card.ends()).lines[1]).toBe('Denied. Nothing was deleted.');
    expect(stage.cy.form()).toBeUndefined();
    expect(
      stage.slack.ephemerals(stage.cy.id).filter(({ text }) => text.includes(`#${card.number}`)),
    ).toEqual([]);
  });

  test('a form that is sent too late is told so in its own place', async () => {
    const card = await asked(' -f');
    await stage.cy.presses(card, 'Deny');
    const form = await stage.slack.waitFor(() => stage.cy.form(), 5_000, 'the form');
    await stage.bo.presses(card, 'Approve');
    await done(card);
    expect(await stage.cy.sends(form, 'stop!')).toEqual([`@bo approved #${card.number}; it is over: done.`]);
  });

  test('the form is for approvers: others are told at once, and nothing opens', async () => {
    const card = await asked(' -f');
    const press = await stage.ana.presses(card, 'Deny');
    expect(await press.told()).toContain('cancel it instead');
    const guest = await stage.gus.presses(card, 'Deny');
    expect(await guest.told()).toContain("Guests can't");
    expect([stage.ana.form(), stage.gus.form()]).toEqual([undefined, undefined]);
    stage.slack.fault({ method: 'views.open', kind: 'error', error: 'expired_trigger_id' });
    const unopened = await stage.cy.presses(card, 'Deny');
    expect(await unopened.told()).toBe(
      `You denied #${card.number} without a reason, since Slack did not open the form.`,
    );
    expect((await card.ends()).state).toBe('denied');
  });

  test('approvers are mentioned once, in the thread, and the requester once it is decided', async () => {
    const confirmed = await asked();
    await cancelled(confirmed);
    const card = await asked(' -f');
    const thread = () =>
      stage.slack
        .thread(OPS, card.ts)
        .filter(({ ts }) => ts !== card.ts)
        .map(({ text }) => text);
    const asks = `<@U0BO>, <@U0CY>: #${card.number} needs approval, rmi host-1 app:${made} -f: 1 image, 50 kB, until`;
    await stage.slack.waitFor(() => thread().length > 0, 5_000, 'the approvers to be told');
    expect(thread()).toEqual([expect.stringContaining(asks)]);
    await stage.bo.presses(card, 'Approve');
    await done(card);
    await stage.slack.waitFor(() => thread().length > 1, 5_000, 'the requester to be told');
    await wait(500);
    expect(thread()).toEqual([expect.stringContaining(asks), `<@U0ANA>: <@U0BO> approved #${card.number}.`]);
    expect(stage.slack.thread(OPS, confirmed.ts)).toHaveLength(1);
  });

  test('a card that can’t be edited calls approvers once in its thread, after a rate limit too, and is approved there', async () => {
    const { slack } = stage;
    const edits = slack.fault({
      method: 'chat.update',
      kind: 'error',
      error: 'edit_window_closed',
      times: 99,
    });
    slack.fault({
      ...{ method: 'chat.postMessage', kind: 'ratelimited', retryAfter: 1 },
      match: (body) => body.thread_ts !== undefined,
    });
    const card = await stage.ana.asks(`/dimg rmi host-1 app:${made} -f`, { state: 'planning' });
    const thread = () => slack.thread(OPS, card.ts).slice(1);
    const [shown] = await slack.waitFor(() => (thread().length > 0 ? thread() : undefined), 10_000);
    await wait(1_200);
    expect(thread()).toEqual([shown]);
    expect(shown?.text).toContain(`#${card.number} proposed · rmi host-1`);
    expect(JSON.stringify(shown?.blocks)).toContain('approvers: <@U0BO>, <@U0CY>');
    await slack.press({ user: 'U0BO', channel: OPS, ts: shown?.ts ?? '', label: 'Approve' });
    const ended = () => thread().find(({ text }) => text.startsWith(`#${card.number} done`));
    await slack.waitFor(ended, 15_000, 'the end in the thread');
    edits.stop();
    const { images } = await stage.witness().snapshot();
    expect(images.some(({ tags }) => tags.includes(`app:${made}`))).toBe(false);
    // It was never shown as a card that a test could read: what goes is told here.
    before = await stage.witness().snapshot();
    seen += 1;
  });

  test('a press on a forwarded or copied card does nothing, and says where to press', async () => {
    const card = await asked(' -f');
    const { message } = card.now();
    const stray = `This is not the card of #${card.number}, so nothing was done: press on the card itself, or send \`/dimg show ${card.number}\`.`;
    stage.slack.addChannel({ id: 'C0ELSE', name: 'else', members: ['U0BO', 'U0CY', 'U0DIMG'] });
    for (const place of [
      { channel: 'C0ELSE', ts: card.ts },
      { channel: OPS, ts: '1700000000.000100' },
    ]) {
      const copy = { ...card, ...place };
      for (const label of ['Approve', 'Deny', 'Cancel']) {
        const press = await stage.bo.presses(copy, label, { messageOverride: { ...message, ...place } });
        expect(await press.told()).toBe(stray);
      }
    }
    expect(stage.bo.form()).toBeUndefined();
    expect(card.now().state).toBe('proposed');
    await stage.bo.presses(card, 'Approve');
    await done(card);
  });

  test('a value that names another run does nothing to either', async () => {
    const [card, other] = [await asked(' -f'), await asked(' -f')];
    const press = await stage.bo.presses(card, 'Approve', { valueOverride: String(other.number) });
    expect(await press.told()).toContain(`This is not the card of #${other.number}`);
    expect([card.now().state, other.now().state]).toEqual(['proposed', 'proposed']);
    await cancelled(card);
    await cancelled(other);
  });

  test('deny by command, with a reason as it was typed, in which nothing takes effect but people', async () => {
    const card = await asked(' -f');
    const words = `/dimg deny ${card.number} "*not* <!channel> before <@U0CY|cy>'s release & <more>"`;
    expect(await stage.bo.told(words)).toBe(`You denied #${card.number}; nothing is deleted.`);
    const end = await card.ends();
    expect(end.state).toBe('denied');
    expect(end.lines[1]).toBe(
      `Denied: "∗not∗ <!channel> before @cy's release & <more>". Nothing was deleted.`,
    );
    expect(JSON.stringify(end.message.blocks)).not.toContain('<!channel>');
  });

  test('cancel by command, by the requester and by another who may', async () => {
    const mine = await asked(' -f');
    expect(await stage.ana.told(`/dimg cancel ${mine.number}`)).toBe(
      `#${mine.number} is cancelled; nothing is deleted.`,
    );
    expect((await mine.ends()).state).toBe('cancelled');
    const theirs = await asked();
    expect(await stage.gus.told(`/dimg cancel ${theirs.number}`)).toContain("Guests can't");
    expect(await stage.bo.told(`/dimg cancel ${theirs.number}`)).toContain('is cancelled');
    expect((await theirs.ends()).state).toBe('cancelled');
    expect(footer(theirs)).toContain('cancelled by @bo');
    const told = () => stage.slack.thread(OPS, theirs.ts).map(({ text }) => text);
    await stage.slack.waitFor(() => told().length > 1, 5_000, 'the requester to be told');
    expect(told().slice(1)).toEqual([`<@U0ANA>: <@U0BO> cancelled #${theirs.number}.`]);
  });

  test('the same press delivered twice: one run, and no complaint', async () => {
    const card = await asked();
    const press = await stage.ana.presses(card, 'Delete', { times: 2 });
    await done(card);
    await press.silence();
  });

  test('the requester presses twice: the second press is told that it has started', async () => {
    const card = await asked();
    const [first, second] = await Promise.all([
      stage.ana.presses(card, 'Delete'),
      stage.ana.presses(card, 'Delete'),
    ]);
    expect(first.delivery.error ?? second.delivery.error).toBeUndefined();
    await done(card);
    await wait(500);
    const told = stage.slack.ephemerals('U0ANA').filter(({ text }) => text.includes(`#${card.number}`));
    expect(told.map(({ text }) => text)).toEqual([`You have already started #${card.number}.`]);
  });

  test('two approvers at once: one starts it, the other is told who did', async () => {
    const card = await asked(' -f');
    await Promise.all([stage.bo.presses(card, 'Approve'), stage.cy.presses(card, 'Approve')]);
    await done(card);
    await wait(500);
    const told = stage.slack
      .ephemerals()
      .filter(({ text }) => text.includes(`already started #${card.number}`));
    expect(told).toHaveLength(1);
    const winner = /approved by @(bo|cy)/.exec(footer(card))?.[1];
    const [loser, name] = winner === 'bo' ? ['U0CY', '<@U0BO>'] : ['U0BO', '<@U0CY>'];
    expect(told[0]?.ephemeral_to).toBe(loser);
    expect(told[0]?.text).toBe(`${name} has already started #${card.number}.`);
  });

  test('cancel and approve at once: exactly one of them counts', async () => {
    const card = await asked(' -f');
    await Promise.all([stage.ana.presses(card, 'Cancel'), stage.bo.presses(card, 'Approve')]);
    const end = await card.ends();
    if (end.state !== 'cancelled' || end.lines[1] !== 'Cancelled. Nothing was deleted.') {
      // The approval came first, and the cancellation after it may still have come too late.
      if (end.state === 'done') going.push(card);
      expect(footer(card)).toContain('approved by @bo');
    } else expect(footer(card)).not.toContain('approved');
  });

  test('a press that was tampered with does nothing', async () => {
    const card = await asked();
    const forged = await stage.ana.presses(card, 'Delete', { valueOverride: 'app:1; rm -rf' });
    expect(await forged.told()).toContain('This button is not one of mine');
    const unknown = await stage.ana.presses(card, 'Delete', { valueOverride: '4711' });
    expect(await unknown.told()).toBe('There is no run #4711.');
    await cancelled(card);
  });

  test('a press on a finished card, and words about an unknown one', async () => {
    const card = await asked();
    const old = card.now().message;
    await stage.ana.presses(card, 'Delete');
    await done(card);
    const late = await stage.ana.presses(card, 'Delete', { messageOverride: old });
    expect(await late.told()).toBe(`You confirmed #${card.number}; it is over: done.`);
    for (const verb of ['approve', 'deny', 'cancel'])
      expect(await stage.bo.told(`/dimg ${verb} 4711`)).toBe('There is no run #4711.');
    expect(await stage.bo.told('/dimg approve soon')).toContain('a run is a number such as 1042');
  });

  describe('by another configuration', () => {
    const restart = async (name: string, yaml: string) => {
      const file = join(stage.scope.dir, `${name}.yaml`);
      writeFileSync(file, yaml);
      await stage.bot().stop();
      await stage.startBot({ DIMG_CONFIG: file });
    };

    test('two approvals, by two people', async () => {
      await restart('two', 'approval: { approvers: [S0SRE, U0CY], count: 2 }\n');
      const card = await asked(' -f');
      await stage.bo.presses(card, 'Approve');
      await card.waitFor(({ lines }) => lines[1]?.includes('1 of 2 given'));
      const again = await stage.bo.presses(card, 'Approve');
      expect(await again.told()).toContain('You have approved');
      expect(card.now().state).toBe('proposed');
      await stage.cy.presses(card, 'Approve');
      await done(card);
      expect(footer(card)).toMatch(/approved by @bo .* approved by @cy/);
    });

    test('a group is read again at every press that would count; a Slack that does not say means no', async () => {
      await restart('group', 'operators: [S0SRE, U0CY]\napproval: { approvers: [S0SRE] }\n');
      const { slack } = stage;
      const members = (users: string[]) => slack.setGroup({ id: 'S0SRE', handle: 'sre', users });
      members(['U0ANA', 'U0BO']);
      const card = await asked(' -f');
      const refused = async (who: typeof stage.bo, words: string, label = 'Approve') => {
        const press = await who.presses(card, label);
        expect(await press.told()).toContain(words);
        expect(card.now().state).toBe('proposed');
      };
      expect(card.now().lines.at(-2)).toContain('approvers: @sre');
      const fault = (kind: 'ratelimited' | 'drop' | 'error', more = {}) =>
        slack.fault({ method: 'usergroups.users.list', kind, ...more });
      fault('ratelimited', { retryAfter: 7 });
      await refused(stage.bo, 'press again in 7 s');
      fault('drop');
      await refused(stage.bo, 'Slack did not say who you are: try again');
      fault('error', { error: 'plan_upgrade_required' });
      await refused(stage.bo, 'This workspace has no user groups (`plan_upgrade_required`)');
      fault('error', { error: 'no_such_subteam' });
      await refused(stage.bo, 'Slack does not say who is in @sre (`no_such_subteam`)', 'Deny');
      members(['U0ANA']);
      await refused(stage.bo, 'You are not an approver here. Those who are: @sre.');

      // Also the requester's own right, at the press that would count.
      const mine = await asked();
      members(['U0BO']);
      const late = await stage.ana.presses(mine, 'Delete');
      expect(await late.told()).toContain('You may not delete images on `host-1`. Those who may: @sre, @cy.');
      expect(mine.now().state).toBe('proposed');
      members([]);
      await refused(stage.bo, 'You are not an approver here. Those who are: @sre (nobody is in @sre).');
      await cancelled(mine);
      members(['U0BO']);
      // Who was no member a moment ago is believed to be none for a while.
      await wait(REFUSED_MS + 100);
      await stage.bo.presses(card, 'Approve');
      await done(card);
    });

    test('without approvers nobody can approve, and everybody is told so', async () => {
      await restart('none', 'approval: {}\n');
      const card = await asked(' -f');
      expect(card.now().lines.join('\n')).toMatch(/nobody (else )?can approve it/);
      const press = await stage.bo.presses(card, 'Approve');
      expect(await press.told()).toMatch(/^Nobody can approve/);
      await cancelled(card);
    });

    test('what nobody decides expires, and a press on the old card comes too late', async () => {
      await restart('soon', 'approval: { approvers: [U0BO], expires: 10s }\n');
      const confirm = await asked();
      const approve = await asked(' -f');
      const asProposed = [confirm, approve].map((card) => card.now().message);
      const told = () => stage.slack.thread(OPS, approve.ts).map(({ text }) => text);
      for (const card of [confirm, approve]) {
        const end = await card.ends(20_000);
        expect(end.state).toBe('expired');
        expect(end.lines[1]).toBe('Expired: nobody decided in 10s. Nothing was deleted.');
        expect(end.buttons).toEqual(['Run again']);
      }
      await stage.slack.waitFor(() => told().length > 3, 5_000, 'the requester to be told');
      const [, asks, reminder, over, ...more] = told();
      expect(asks).toMatch(/^<@U0BO>: #\d+ needs approval, /);
      expect(reminder).toMatch(new RegExp(`^<@U0BO>: #${approve.number} still needs approval, until <!date`));
      expect(over).toBe(`<@U0ANA>: nobody decided on #${approve.number} in time: ask again.`);
      expect(more).toEqual([]);
      expect(stage.slack.thread(OPS, confirm.ts)).toHaveLength(1);
      const [oldConfirm, oldApprove] = asProposed;
      if (!oldConfirm || !oldApprove) throw new Error('Two cards were asked for.');
      const late = await stage.ana.presses(confirm, 'Delete', { messageOverride: oldConfirm });
      expect(await late.told()).toMatch(new RegExp(`^#${confirm.number} expired .*; ask again\\.$`));
      const tooLate = await stage.bo.presses(approve, 'Approve', { messageOverride: oldApprove });
      expect(await tooLate.told()).toMatch(/expired .*; ask again\.$/);
      expect(await stage.bo.told(`/dimg approve ${approve.number}`)).toContain('expired');

      // Somebody else asks anew, as they could by the command: it is theirs to confirm.
      const guest = await stage.gus.presses(confirm, 'Run again');
      expect(await guest.told()).toContain('Guests');
      const { card: anew } = await stage.anew(confirm, () => stage.bo.presses(confirm, 'Run again'));
      expect(anew.now().lines[0]).toMatch(/`rmi host-1 app:\d+` asked by @bo$/);
      expect(anew.now().buttons[0]).toMatch(/^Delete/);
      await confirm.waitFor(({ buttons }) => buttons.length === 0);
      expect(footer(confirm)).toMatch(new RegExp(`asked again by @bo .* as #${anew.number}`));
      await stage.bo.presses(anew, 'Cancel');
      expect((await anew.ends()).state).toBe('cancelled');
      expect(approve.now().buttons).toEqual(['Run again']);
    });
  });
});

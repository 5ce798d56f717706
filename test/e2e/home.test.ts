import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { buttonsOf, renderMessage, type View } from '../../playground/slack/index.ts';
import { key } from '../../src/domain/protocol.ts';
import { connect } from '../../src/store/connect.ts';
import { own } from '../../src/store/keys.ts';
import { openRuns } from '../../src/store/runs.ts';
import { aHostStatus, runId } from '../domain/_build.ts';
import { silent } from '../store/_redis.ts';
import type { Card } from './_card.ts';
import { openStage, type Stage } from './_world.ts';

const DEE = 'U0DEE';

describe.skipIf(skipWithout('the Home tab', 'redis', 'engines'))('the Home tab', () => {
  let stage: Stage;
  /** Both by ana: hers to confirm, and two for an approver. */
  let mine: Card;
  let forced: Card;
  let other: Card;

  beforeAll(async () => {
    stage = await openStage('e2e-home', {
      hosts: ['host-1'],
      botConfig: 'approval:\n  approvers: [U0BO, S0SRE]\n',
      load: (world) =>
        loadImages(world.engine('host-1').docker, {
          one: { tags: ['app:1'], layers: [{ name: 'one', bytes: 200_000 }] },
          two: { tags: [], layers: [{ name: 'two', bytes: 300_000 }] },
        }),
    });
    stage.slack.setGroup({ id: 'S0SRE', users: ['U0CY'] });
    stage.slack.addUser({ id: DEE, name: 'dee' });
    stage.slack.addUser({ id: 'U0EVE', name: 'eve', team_id: 'T0OTHER' });
    mine = await stage.ana.asks('/dimg prune host-1');
    forced = await stage.ana.asks('/dimg rmi host-1 app:1 -f');
    other = await stage.ana.asks('/dimg rmi host-1 app:1 -f');
  });
  afterAll(() => stage?.close());

  const calls = (method: string) =>
    stage.slack.history.filter((entry) => entry.kind === 'call' && entry.method === method).length;
  const published = (user: string, before: View | undefined) =>
    stage.slack.waitFor(
      () => {
        const view = stage.slack.home(user);
        return view && view.hash !== before?.hash ? view : undefined;
      },
      10_000,
      `the Home tab of ${user}`,
    );
  const linesOf = ({ blocks }: View) => renderMessage({ text: '', blocks });
  async function opens(user: string): Promise<string[]> {
    const before = stage.slack.home(user);
    const { error } = await stage.slack.openHome(user);
    expect(error).toBeUndefined();
    return linesOf(await published(user, before));
  }
  const part = (lines: string[], title: string): string => {
    const titles = ['Waits for you', 'Yours, under way', 'Your recent runs', 'Hosts'];
    const from = lines.indexOf(title);
    const length = lines.slice(from + 1).findIndex((line) => titles.includes(line));
    return from < 0 ? '' : lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join('\n');
  };

  test('is asked for by the manifest', () => {
    const manifest = parse(readFileSync(join(import.meta.dirname, '../../manifest.yml'), 'utf8'));
    expect(manifest.features.app_home.home_tab_enabled).toBe(true);
    expect(manifest.settings.event_subscriptions.bot_events).toContain('app_home_opened');
  });

  test('comes also where Slack does not say where a card is', async () => {
    const fault = stage.slack.fault({
      method: 'chat.getPermalink',
      kind: 'error',
      error: 'channel_not_found',
      times: 100,
    });
    const lines = await opens(stage.ana.id);
    fault.stop();
    expect(part(lines, 'Waits for you')).toContain(`#${mine.number} `);
    expect(lines.join('\n')).not.toContain('[Show #');
  });

  test('of the requester: what to confirm, and whom the others wait for', async () => {
    const lines = await opens(stage.ana.id);
    const waits = part(lines, 'Waits for you');
    expect(waits).toMatch(
      /^#1 `prune host-1` asked by @ana in #ops\n1 image, 300 kB, waits for @ana to confirm · expires .*\n\[Show #1\]$/,
    );
    const open = part(lines, 'Yours, under way');
    for (const { number } of [forced, other])
      expect(open).toMatch(
        new RegExp(`#${number} \`rmi host-1 app:1 -f\` .*\n.* waits for an approver \\(force\\): @bo, @sre`),
      );
    expect(part(lines, 'Your recent runs')).toMatch(/^None yet/);
    expect(part(lines, 'Hosts')).toMatch(
      /^host-1\n[▓░]{10} \d+ %, .* free of .*\nonline · Docker .*\n2 images, .* reclaimable now\n/,
    );
    expect(lines.at(-2)).toMatch(/^as of .* · `\/dimg help`$/);
    expect(lines.at(-1)).toBe('[Show now]');
  });

  test.each([
    ['an approver by name', 'U0BO', 0],
    ['an approver by a group, which is read once', 'U0CY', 1],
  ])('of %s: what may be approved', async (_, user, reads) => {
    const before = calls('usergroups.users.list');
    const lines = await opens(user);
    const waits = part(lines, 'Waits for you');
    expect(waits).toContain(`#${forced.number} `);
    expect(waits).toContain(`#${other.number} `);
    expect(waits).not.toContain(`#${mine.number} `);
    expect(part(lines, 'Yours, under way')).toBe('');
    expect(calls('usergroups.users.list') - before).toBe(reads);
  });

  test('of somebody who may not approve: nothing, but hosts', async () => {
    const before = calls('usergroups.users.list');
    const lines = await opens(DEE);
    expect(part(lines, 'Waits for you')).toBe('Nothing waits for you.');
    expect(part(lines, 'Hosts')).toContain('host-1');
    // What was read for another a moment ago may say no.
    expect(calls('usergroups.users.list') - before).toBeLessThanOrEqual(1);
  });

  test.each([
    ['a guest', 'U0GUS', /^Guests can't/],
    ['somebody of another workspace', 'U0EVE', /^People of another workspace can't/],
  ])('of %s: a sentence and nothing else', async (_, user, words) => {
    const lines = await opens(user);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(words);
  });

  test('without user groups says what it does not know, and shows what it does', async () => {
    const fault = stage.slack.fault({
      method: 'usergroups.users.list',
      kind: 'error',
      error: 'plan_upgrade_required',
      times: 100,
    });
    const cy = part(await opens('U0CY'), 'Waits for you');
    const bo = part(await opens('U0BO'), 'Waits for you');
    fault.stop();
    expect(cy).toBe(
      '⚠ Slack did not say which groups you are in: some may be missing.\nNothing waits for you.',
    );
    expect(bo).toContain(`#${forced.number} `);
    expect(bo).not.toContain('Slack did not say');
  });

  test('its buttons lead to cards, and show it anew', async () => {
    await opens(stage.ana.id);
    const view = stage.slack.home(stage.ana.id);
    if (!view) throw new Error('There is no Home tab.');
    const show = buttonsOf(view).find(({ label }) => label === `Show #${mine.number}`);
    const at = mine.ts.replace('.', '');
    expect(show).toMatchObject({ url: `https://team.slack.com/archives/C0OPS/p${at}` });
    const told = stage.slack.ephemerals(stage.ana.id).length;
    const press = (label: string) => stage.slack.press({ user: stage.ana.id, view_id: view.id, label });
    expect((await press(`Show #${mine.number}`)).error).toBeUndefined();
    expect((await press('Show now')).error).toBeUndefined();
    await published(stage.ana.id, view);
    expect(stage.slack.ephemerals(stage.ana.id)).toHaveLength(told);
  });

  test('is not lost to a newer one, and a Slack that takes none is no harm', async () => {
    await opens(DEE);
    stage.slack.fault({ method: 'views.publish', kind: 'error', error: 'hash_conflict' });
    expect(await opens(DEE)).toContain('Hosts');
    const before = stage.slack.home(DEE);
    const fault = stage.slack.fault({ method: 'views.publish', kind: 'error', error: 'internal_error' });
    await stage.slack.openHome(DEE);
    await stage.slack.waitFor(() => fault.left() === 0);
    expect(stage.slack.home(DEE)).toBe(before);
    expect(await opens(DEE)).toContain('Hosts');
  });

  test('what is over has moved to the recent runs', async () => {
    await stage.ana.presses(mine, 'Delete');
    await mine.ends();
    await stage.ana.told(`/dimg cancel ${other.number}`);
    await other.ends();
    const lines = await opens(stage.ana.id);
    expect(part(lines, 'Waits for you')).toBe('Nothing waits for you.');
    const [newest, older, ...rest] = part(lines, 'Your recent runs').split('\n');
    expect(newest).toContain(`#${other.number} cancelled · rmi host-1 · deleted 0 of 1`);
    expect(older).toContain(`#${mine.number} done · prune host-1 · deleted 1 of 1, 300 kB`);
    expect(rest).toEqual([]);
  });

  test('of 100 runs and 300 hosts is one that Slack takes', async () => {
    const redis = connect(stage.world.redis.url, silent, 2_500);
    await redis.connect();
    const run = await openRuns(redis, Date.now, 90).load(runId(forced.number));
    if (!run) throw new Error('The run is not stored.');
    const all = redis.multi();
    for (let i = 0; i < 100; i++) {
      const json = JSON.stringify({ ...run, id: runId(1000 + i) });
      all.hset(own.run(runId(1000 + i)), 'rev', run.rev, 'json', json);
      all.zadd(own.due, run.expiresAt ?? 0, 1000 + i);
    }
    for (let i = 0; i < 300; i++) {
      const { seenAt: _, ...beat } = aHostStatus(`more-${i}`);
      all.hset(key.hosts, beat.host, JSON.stringify(beat));
      all.zadd(key.seen, Date.now(), beat.host);
    }
    await all.exec();
    redis.disconnect();
    const before = calls('usergroups.users.list');
    const lines = await opens('U0CY');
    expect(calls('usergroups.users.list') - before).toBe(1);
    const open = 100 + [forced, other].filter((card) => card.now().state === 'proposed').length;
    expect(part(lines, 'Waits for you')).toContain(`and ${open - 20} more: \`/dimg pending\``);
    expect(part(lines, 'Hosts')).toContain('and 271 more: `/dimg hosts`');
  });
});

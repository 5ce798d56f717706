import type { WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Slack } from '../../playground/slack/index.ts';
import { UserId } from '../../src/domain/ids.ts';
import { plain } from '../../src/domain/markup.ts';
import { openPeople } from '../../src/slack/people.ts';
import { ANA } from '../domain/_build.ts';
import { type Fixture, withClient } from '../playground/slack/_app.ts';

const TEAM = 'T0TEAM';
const BO = UserId.parse('U0BO');
const CY = UserId.parse('U0CY');

describe('who somebody is', () => {
  let fixture: Fixture;
  let slack: Slack;
  beforeAll(async () => {
    fixture = await withClient();
    slack = fixture.slack;
    slack.addUser({ id: 'U0APP', name: 'app', is_bot: true });
    slack.addUser({ id: 'U0OUT', name: 'out', team_id: 'T0OTHER' });
    slack.addUser({ id: 'U0GONE', name: 'gone', deleted: true });
    slack.addUser({ id: 'U0ONE', name: 'one', is_ultra_restricted: true });
  });
  afterAll(() => fixture.end());

  const open = (now: () => number = () => 0, team = TEAM) => openPeople(fixture.client, team, now);
  const why = async (user: string, from = TEAM, team = TEAM) => {
    const words = await open(() => 0, team).stranger(UserId.parse(user), from);
    return words && plain(words);
  };
  const calls = (method: string) =>
    slack.history.filter((entry) => entry.kind === 'call' && entry.method === method).length;

  test('a full member of the workspace is no stranger', async () => {
    expect(await why('U0ANA')).toBeNull();
  });

  test.each([
    ['U0GUS', "Guests can't delete images or approve: ask a full member."],
    ['U0ONE', "Guests can't delete images or approve: ask a full member."],
    ['U0APP', "Bots can't delete images or approve."],
    ['U0GONE', 'This account is deactivated.'],
    ['U0OUT', "People of another workspace can't delete images or approve."],
  ])('%s is: %s', async (user, words) => {
    expect(await why(user)).toBe(words);
  });

  test('a person of another workspace is a stranger also where the press says so itself', async () => {
    const words = "People of another workspace can't delete images or approve.";
    expect(await why('U0OUT', 'T0OTHER')).toBe(words);
    expect(await why('U0ANA', 'T0OTHER')).toBe(words);
    expect(await why('U0ANA', TEAM, 'T0OTHER')).toBe(words);
  });

  test('a Slack that names no workspace is taken to mean the one that the press came with; one that names nobody means no', async () => {
    const answering = (user?: object) =>
      openPeople({ users: { info: async () => ({ user }) } } as unknown as WebClient, TEAM, () => 0);
    expect(await answering({ id: 'U0ANA' }).stranger(ANA, TEAM)).toBeNull();
    expect(plain((await answering({ id: 'U0ANA' }).stranger(ANA, 'T0OTHER')) ?? [])).toContain(
      'another workspace',
    );
    expect(plain((await answering().stranger(ANA, TEAM)) ?? [])).toContain('does not say who you are');
  });

  test('is asked anew each time, so that a member who became a guest is one at once', async () => {
    const people = open();
    expect(await people.stranger(ANA, TEAM)).toBeNull();
    slack.addUser({ id: 'U0ANA', name: 'ana', is_restricted: true });
    expect(await people.stranger(ANA, TEAM)).not.toBeNull();
    slack.addUser({ id: 'U0ANA', name: 'ana', is_restricted: false });
    expect(await people.stranger(ANA, TEAM)).toBeNull();
  });

  test('a group is read anew for whoever might be in it; memory says only no, and only for a moment', async () => {
    let now = 0;
    const people = open(() => now);
    const before = calls('usergroups.users.list');
    const reads = () => calls('usergroups.users.list') - before;
    expect(await people.inGroup('S0SRE', BO)).toEqual(new Set(['U0BO']));
    expect(await people.inGroup('S0SRE', BO)).toEqual(new Set(['U0BO']));
    expect(reads()).toBe(2);
    // Hammering by somebody who is not in it costs nothing.
    for (let i = 0; i < 50; i++) expect((await people.inGroup('S0SRE', CY)).has(CY)).toBe(false);
    expect(reads()).toBe(2);
    slack.setGroup({ id: 'S0SRE', users: [] });
    expect((await people.inGroup('S0SRE', BO)).has(BO)).toBe(false);
    slack.setGroup({ id: 'S0SRE', users: ['U0BO', 'U0CY'] });
    now += 4_000;
    expect((await people.inGroup('S0SRE', CY)).has(CY)).toBe(true);
    expect(reads()).toBe(4);
  });

  test.each<[string, Parameters<Slack['fault']>[0], string]>([
    ['busy', { method: 'usergroups.users.list', kind: 'ratelimited', retryAfter: 12 }, 'press again in 12 s'],
    ['silent', { method: 'usergroups.users.list', kind: 'drop' }, 'Slack did not say who you are'],
    [
      'broken',
      { method: 'usergroups.users.list', kind: 'http', status: 503 },
      'Slack did not say who you are',
    ],
    [
      'without groups',
      { method: 'usergroups.users.list', kind: 'error', error: 'plan_upgrade_required' },
      'This workspace has no user groups (plan_upgrade_required), so the group S0SRE',
    ],
    [
      'without that group',
      { method: 'usergroups.users.list', kind: 'error', error: 'no_such_subteam' },
      'Slack does not say who is in @S0SRE (no_such_subteam)',
    ],
  ])('a Slack that is %s means no, in words', async (_, fault, words) => {
    slack.fault(fault);
    await expect(open().inGroup('S0SRE', BO)).rejects.toThrow(words);
  });

  test('a Slack that does not say who the person is means no', async () => {
    slack.fault({ method: 'users.info', kind: 'ratelimited', retryAfter: 3 });
    await expect(open().stranger(ANA, TEAM)).rejects.toThrow('press again in 3 s');
    slack.fault({ method: 'users.info', kind: 'error', error: 'user_not_found' });
    await expect(open().stranger(ANA, TEAM)).rejects.toThrow(
      'Slack does not say who you are (user_not_found)',
    );
  });
});

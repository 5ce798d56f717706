import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { checkView } from '../../playground/slack/blocks/view.ts';
import { UserError } from '../../src/domain/error.ts';
import { requested } from '../../src/domain/facts.ts';
import type { HomePage } from '../../src/domain/home.ts';
import type { HostName, UserId } from '../../src/domain/ids.ts';
import { plain, say } from '../../src/domain/markup.ts';
import { key } from '../../src/domain/protocol.ts';
import type { Rights } from '../../src/domain/rights.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { home } from '../../src/flows/home.ts';
import type { People } from '../../src/ports.ts';
import { renderHome, shownRuns } from '../../src/slack/home.ts';
import { openHosts } from '../../src/store/hosts.ts';
import { openRuns } from '../../src/store/runs.ts';
import { ANA, aHostStatus, BEN, CLEO, DAY, MINUTE, NOW } from '../domain/_build.ts';
import { planned, run } from '../slack/_card.ts';
import { makeWhole, ownRedis, silent } from '../store/_redis.ts';

/** Ben approves by name, Cleo by a group. On `prod-*` only those of another group do. */
const RIGHTS: Rights = {
  approvers: [BEN, 'S0SRE'],
  operators: [ANA, 'S0OPS'],
  access: [{ hosts: ['prod-*'], approvers: ['S0PROD'] }],
};

describe.skipIf(skipWithout('Home from the store', 'redis'))('what one finds on Home', () => {
  const own = ownRedis('flows-home');
  const store = () => openRuns(own.redis, () => NOW, 90);
  let reads: string[];
  let members: Record<string, UserId[]>;
  let made = 0;
  beforeEach(async () => {
    await own.redis.flushall();
    await makeWhole(own.redis);
    reads = [];
    members = { S0SRE: [CLEO], S0OPS: [], S0PROD: [] };
  });

  const people: People = {
    stranger: async () => null,
    async inGroup(group) {
      reads.push(group);
      const found = members[group];
      if (!found) throw new UserError(say`Slack does not say who may do this.`, { cause: new Error(group) });
      return new Set(found);
    },
  };
  const deps = (given: Partial<Deps> = {}) =>
    ({
      runs: store(),
      hosts: openHosts(own.redis, silent),
      people,
      rights: RIGHTS,
      clock: () => NOW,
      log: silent,
      ...given,
    }) as Partial<Deps> as Deps;
  const of = async (user: UserId, given: Partial<Deps> = {}): Promise<HomePage> => {
    const found = await home(deps(given), { user, team: 'T1' });
    if ('only' in found) throw new Error(plain(found.only));
    return found;
  };
  async function stored(given: Partial<Run>): Promise<Run> {
    const draft = (id: Run['id']): Run => ({ ...run('proposed', { expiresAt: NOW + MINUTE }), ...given, id });
    const kept = await store().create(`delivery ${++made}`, draft, requested, 'http://127.0.0.1/reply');
    if (!kept) throw new Error('It was not stored.');
    return kept;
  }
  const force = { approvalFor: ['force' as const] };
  const on = (...names: string[]) => ({
    hosts: Object.fromEntries(names.map((name) => [name as HostName, planned])),
  });
  const ids = (runs: readonly Run[]) => runs.map(({ id }) => id);

  test('a proposal waits for its requester alone', async () => {
    const { id } = await stored({});
    expect(await of(ANA)).toMatchObject({ decide: [{ id }], open: [] });
    for (const other of [BEN, CLEO]) expect(await of(other)).toMatchObject({ decide: [], open: [] });
  });

  test('their other open runs are those that nobody waits for them to decide, newest first', async () => {
    const planning = await stored({ state: 'planning' });
    const working = await stored({ state: 'executing', executingSince: NOW });
    await stored({});
    await stored({ state: 'planning', requester: BEN });
    expect(ids((await of(ANA)).open)).toEqual([working.id, planning.id]);
  });

  test('what needs an approval waits for approvers, not for its requester', async () => {
    const { id } = await stored(force);
    for (const approver of [BEN, CLEO]) expect(ids((await of(approver)).decide)).toEqual([id]);
    members.S0SRE = [CLEO, ANA];
    const ana = await of(ANA);
    expect(ana.decide).toEqual([]);
    expect(ids(ana.open)).toEqual([id]);
  });

  test('on hosts with a narrower list it waits only for those on every list that counts', async () => {
    await stored({ ...force, ...on('prod-1') });
    const { id } = await stored({ ...force, ...on('prod-1', 'host-3') });
    expect((await of(BEN)).decide).toEqual([]);
    members.S0PROD = [BEN];
    expect((await of(BEN)).decide).toHaveLength(2);
    members.S0PROD = [ANA];
    members.S0SRE = [ANA];
    await stored({ ...force, ...on('prod-1', 'host-3'), requester: CLEO });
    expect((await of(ANA)).decide.map(({ requester }) => requester)).toEqual([CLEO]);
    expect(ids((await of(ANA)).open)).toContain(id);
  });

  test('what one has approved already, or what is past its expiry, waits for one no more', async () => {
    await stored({
      ...force,
      approvals: [{ by: BEN, at: NOW }],
      policy: { ...run('proposed').policy, count: 2 },
    });
    await stored({ ...force, expiresAt: NOW });
    expect((await of(BEN)).decide).toEqual([]);
    expect((await of(CLEO)).decide).toHaveLength(1);
  });

  test('a paused rollout waits for those who may ask for deletions on its hosts', async () => {
    const paused = { at: NOW, until: NOW + MINUTE, why: 'canary' as const };
    const { id } = await stored({ state: 'executing', executingSince: NOW, paused });
    expect(ids((await of(ANA)).decide)).toEqual([id]);
    expect((await of(BEN)).decide).toEqual([]);
    members.S0OPS = [BEN];
    expect(ids((await of(BEN)).decide)).toEqual([id]);
  });

  test('what ends first comes first', async () => {
    const late = await stored({ expiresAt: NOW + 9 * MINUTE });
    const soon = await stored({ expiresAt: NOW + 2 * MINUTE });
    expect(ids((await of(ANA)).decide)).toEqual([soon.id, late.id]);
  });

  test('each group is read once for a page, and anew for the next', async () => {
    for (let i = 0; i < 20; i++) await stored({ ...force, ...on(i % 2 ? 'host-3' : 'prod-1') });
    members.S0PROD = [CLEO];
    expect((await of(CLEO)).decide).toHaveLength(20);
    expect(reads.sort()).toEqual(['S0PROD', 'S0SRE']);
    members.S0SRE = [];
    expect((await of(CLEO)).decide).toHaveLength(10);
    expect(reads).toHaveLength(4);
  });

  test('a group that can not be read lists nothing that hangs on it, and says so', async () => {
    const hers = await stored({});
    await stored({ ...force, requester: BEN });
    const { S0SRE: _, ...others } = members;
    members = others;
    const cleo = await of(CLEO);
    expect(cleo.decide).toEqual([]);
    expect(cleo.unsure).toBe(true);
    const ben = await of(BEN);
    expect(ben.unsure).toBe(false);
    expect(ids((await of(ANA)).decide)).toEqual([hers.id]);
  });

  test('recent runs are the newest ten that are over, of this person alone', async () => {
    const over = { state: 'done' as const, endedAt: NOW };
    for (let i = 0; i < 15; i++) await stored(i % 3 === 0 ? {} : over);
    const last = await stored({ ...over, requester: BEN });
    const { recent } = await of(ANA);
    expect(ids(recent)).toEqual([15, 14, 12, 11, 9, 8, 6, 5, 3, 2]);
    expect(ids((await of(BEN)).recent)).toEqual([last.id]);
    expect((await of(CLEO)).recent).toEqual([]);
  });

  test('hosts come with the fullest disk first, and those without one last', async () => {
    const disks = { empty: 90, full: 5, half: 50 };
    const all = Object.entries(disks).map(([name, free]) =>
      aHostStatus(name, { disk: { total: 100, free } }),
    );
    for (const { seenAt, ...beat } of [aHostStatus('blind', { disk: null }), ...all]) {
      await own.redis.hset(key.hosts, beat.host, JSON.stringify(beat));
      await own.redis.zadd(key.seen, seenAt, beat.host);
    }
    expect((await of(ANA)).hosts.map(({ host }) => host)).toEqual(['full', 'half', 'empty', 'blind']);
  });

  test('registries are no hosts, and those that do not answer come first', async () => {
    const registry = { url: 'https://r' };
    const none = { engine: null, disk: null, counts: null, registry };
    const problem = { kind: 'registry' as const, what: 'unreachable' as const };
    const all = [
      aHostStatus('host-1'),
      aHostStatus('a', none),
      aHostStatus('b', { ...none, seenAt: NOW - MINUTE }),
      aHostStatus('c', none),
      aHostStatus('d', { ...none, problem }),
    ];
    for (const { seenAt, ...beat } of all) {
      await own.redis.hset(key.hosts, beat.host, JSON.stringify(beat));
      await own.redis.zadd(key.seen, seenAt, beat.host);
    }
    const { hosts, registries } = await of(ANA);
    expect(hosts.map(({ host }) => host)).toEqual(['host-1']);
    expect(registries.map(({ host }) => host)).toEqual(['b', 'd', 'a', 'c']);
  });

  test('a stranger, and whoever opens it while Slack or Redis is away, gets a sentence', async () => {
    const ask = async (given: Partial<Deps>) => {
      const found = await home(deps(given), { user: ANA, team: 'T1' });
      return 'only' in found ? plain(found.only) : found;
    };
    await stored({});
    expect(await ask({ people: { ...people, stranger: async () => say`Guests can't.` } })).toBe(
      "Guests can't.",
    );
    const away = async () => {
      throw new UserError('Slack did not say who you are.');
    };
    expect(await ask({ people: { ...people, stranger: away } })).toBe('Slack did not say who you are.');
    const broken = { ...store(), open: () => Promise.reject(new Error('a defect')) };
    await expect(ask({ runs: broken })).rejects.toThrow('a defect');
  });

  test('of 100 open runs and 300 hosts is one that Slack takes', async () => {
    const hosts = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`host-${i}` as HostName, planned]),
    ) as Run['hosts'];
    for (let i = 0; i < 100; i++) await stored({ ...force, hosts });
    for (let i = 0; i < 300; i++) {
      const { seenAt, ...beat } = aHostStatus(`host-${i}`);
      await own.redis.hset(key.hosts, beat.host, JSON.stringify(beat));
      await own.redis.zadd(key.seen, seenAt, beat.host);
    }
    const page = await of(CLEO);
    expect(page.decide).toHaveLength(100);
    expect(reads).toEqual(['S0SRE']);
    const links = new Map(shownRuns(page).map(({ id }) => [id, 'https://team.slack.com/archives/C0OPS/p1']));
    expect(checkView(renderHome(page, links, RIGHTS), 'home').blocks.length).toBeLessThan(100);
  });

  test('the list of one person keeps the newest hundred, and goes with the runs', async () => {
    for (let i = 0; i < 103; i++) await stored({});
    const all = await store().askedBy(ANA, 1000);
    expect(all).toEqual(Array.from({ length: 100 }, (_, i) => 103 - i));
    expect(await store().askedBy(ANA, 3)).toEqual([103, 102, 101]);
    const left = await own.redis.pttl(`{dimg}:by:${ANA}`);
    expect(left).toBeGreaterThan(89 * DAY);
    expect(left).toBeLessThanOrEqual(90 * DAY);
  });
});

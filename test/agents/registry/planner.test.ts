import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAllowed } from '../../../agents/registry/planner.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { HostName } from '../../../src/domain/ids.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { id, NOWHERE } from './_client.ts';
import { all, MAIN, prune, rmi, startThere, type There } from './_there.ts';

describe('the allow-list of an agent', () => {
  test.each<[string, string, boolean]>([
    ['app', 'app', true],
    ['app', 'team/app', false],
    ['team/*', 'team/app', true],
    ['team/*', 'team/sub/app', false],
    ['team/*', 'teams/app', false],
    ['ci-*', 'ci-1', true],
    ['ci-*', 'prod/ci-deploy', false],
    ['*', 'app', true],
    ['*', 'team/app', false],
    ['*/*', 'team/app', true],
    ['*/*', 'app', false],
    ['**', 'team/app', false],
    ['te?m/app', 'team/app', true],
  ])('%s means %s: %s', (glob, name, means) => {
    expect(isAllowed([glob], name)).toBe(means);
  });
});

describe.skipIf(skipWithout('plans for a registry', 'registry'))('a plan for a registry', () => {
  let scope: Scope;
  beforeAll(() => {
    scope = createScope('planner');
  });
  afterAll(() => scope.close());

  const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });
  const push = async ({ pusher }: There, ...names: string[]) => {
    for (const name of names) await pusher.image(name, { ...layers(name), tags: ['1'] });
  };
  const going = ({ items }: Plan) => items.flatMap(({ remove }) => remove).sort();

  test('means by a glob what the registry lists and the agent allows, and tells of nothing else', async () => {
    const there = await startThere(scope, { allowed: ['team/*', 'app'] });
    await push(there, 'team/a', 'team/b', 'secret/a', 'app');
    expect(going(await there.plan(all('*/a')))).toEqual(['team/a:1']);
    const plan = await there.plan(all('*'));
    expect(going(plan)).toEqual(['app:1', 'team/a:1', 'team/b:1']);
    expect(JSON.stringify(plan)).not.toContain('secret');
    expect(there.asked().filter((line) => line.includes('secret'))).toEqual([]);
    expect(plan).toMatchObject({ host: MAIN, collects: 'distribution', problems: [], cache: [] });
  });

  test('means by a glob what the agent knows where the registry lists nothing', async () => {
    const there = await startThere(scope, { allowed: ['team/*', 'app'] });
    await push(there, 'team/a', 'team/b', 'app');
    there.front.fault({ path: /_catalog/, times: 99, answer: { status: 404 } });
    expect(going(await there.plan(all('*')))).toEqual(['app:1']);
    await there.plan(all('team/a'));
    expect(going(await there.plan(all('*')))).toEqual(['app:1', 'team/a:1']);
  });

  test('refuses a repository that is not allowed without asking about it, and plans the others', async () => {
    const there = await startThere(scope, { allowed: ['app'] });
    await push(there, 'app', 'secret');
    const plan = await there.plan(rmi('secret:1', 'app:1'));
    expect(going(plan)).toEqual(['app:1']);
    // Whether it is there is not told either.
    expect(plan.problems).toEqual([
      { kind: 'registry', name: 'secret', why: { kind: 'registry', what: 'not-listed' } },
    ]);
    expect(there.asked().filter((line) => line.includes('secret'))).toEqual([]);
  });

  test('tells once what is not there', async () => {
    const there = await startThere(scope);
    await push(there, 'app');
    expect((await there.plan(rmi('app:2', 'none:1', 'app:1'))).problems).toEqual([
      { kind: 'not-found', name: 'app:2', near: 'app:1' },
      { kind: 'not-found', name: 'none:1' },
    ]);
    expect((await there.plan(all('none'))).problems).toEqual([{ kind: 'not-found', name: 'none' }]);
  });

  test('asks in each repository, harmlessly, whether it may delete; where it may not, nothing goes', async () => {
    const there = await startThere(scope);
    await push(there, 'a', 'b', 'c');
    const denied = JSON.stringify({ errors: [{ code: 'DENIED', message: 'not you' }] });
    there.front.fault({ method: 'DELETE', path: /\/b\//, times: 99, answer: { status: 403, body: denied } });
    const plan = await there.plan(all('*'));
    expect(going(plan)).toEqual(['a:1', 'c:1']);
    expect(plan.problems).toMatchObject([{ kind: 'registry', name: 'b', why: { what: 'forbidden' } }]);
    expect(plan.kept).toMatchObject([{ references: ['b:1'], reason: { kind: 'withheld' } }]);
    for (const name of ['a', 'b', 'c']) expect(await there.tags(name)).toEqual(['1']);
  });

  test('leaves alone what may not be read, and goes on', async () => {
    const there = await startThere(scope);
    await push(there, 'a', 'b', 'c');
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'not you' }] });
    for (const answer of [
      { status: 403, body },
      { status: 200, body: 'no list' },
    ]) {
      const end = there.front.fault({ path: /\/b\/tags/, times: 9, answer });
      const plan = await there.plan(all('*'));
      expect(going(plan)).toEqual(['a:1', 'c:1']);
      expect(plan.problems).toMatchObject([{ kind: 'registry', name: 'b' }]);
      end();
    }
  });

  test('leaves what the agent protects at the address of its registry', async () => {
    const rules = { protect: ['registry.example.com/team/*'], prefixes: ['registry.example.com'] };
    const there = await startThere(scope, { rules });
    await push(there, 'team/a', 'b');
    const plan = await there.plan(all('*'));
    expect(going(plan)).toEqual(['b:1']);
    expect(plan.kept[0]?.reason).toEqual({ kind: 'protected', by: 'registry.example.com/team/*' });
    expect((await there.plan(rmi('team/a:1'))).items).toEqual([]);
  });

  test('is none where the registry does not answer', async () => {
    const there = await startThere(scope);
    await push(there, 'a', 'b');
    const back = [/\/b\/tags/, /v2\/$/].map((path) => there.front.fault({ path, times: 9, cut: 'before' }));
    await expect(there.plan(all('*'))).rejects.toMatchObject({ problem: { what: 'no-answer' } });
    for (const mend of back) mend();
  });

  test.each([
    ['answers nothing of one repository', { hang: 'before' }, 'no-answer'],
    [
      'was asked too often about one',
      { answer: { status: 429, headers: { 'retry-after': '600' } } },
      'limited',
    ],
  ] as const)('goes on with the others where the registry %s', async (_, fault, what) => {
    const there = await startThere(scope);
    await push(there, 'a', 'b');
    there.front.fault({ path: /\/a\/tags/, times: 9, ...fault });
    const plan = await there.plan(all('*'));
    expect(plan.problems).toMatchObject([{ kind: 'registry', name: 'a', why: { what } }]);
    expect(plan.items.map(({ references }) => references)).toEqual([['b:1']]);
  });

  test('takes no word of a proxy for that of the registry', async () => {
    const there = await startThere(scope);
    await push(there, 'a', 'b');
    for (const path of [/\/a\/tags/, /\/b\/manifests\/1/])
      there.front.fault({ path, times: 9, answer: { status: 404, body: '<html>not found</html>' } });
    const plan = await there.plan(all('*'));
    expect(plan.items).toEqual([]);
    expect(plan.problems).toMatchObject([
      { kind: 'registry', name: 'a', why: { what: 'wrong' } },
      { kind: 'registry', name: 'b', why: { what: 'wrong' } },
    ]);
  });

  test('holds nothing where deletion is off, which is asked once', async () => {
    const there = await startThere(scope, { delete: false });
    await push(there, 'a', 'b');
    const from = there.front.requests.length;
    const plan = await there.plan(all('*'));
    expect(plan.items).toEqual([]);
    expect(plan.reclaim).toBe(0);
    expect(plan.problems).toMatchObject([{ kind: 'registry', why: { what: 'deletion-off' } }]);
    // What would go is still listed: this is what people look at as well.
    expect(plan.kept.map(({ references, reason }) => [references[0], reason.kind])).toEqual([
      ['a:1', 'withheld'],
      ['b:1', 'withheld'],
    ]);
    expect(there.deletions(from)).toHaveLength(1);
  });

  test('leaves a repository alone of which a manifest can not be read, and no other', async () => {
    const there = await startThere(scope);
    await push(there, 'a', 'b');
    const { digest } = await there.pusher.image('b', { ...layers('odd'), tags: ['odd'] });
    there.front.fault({
      path: new RegExp(`/b/manifests/${digest}`),
      times: 9,
      change: { body: '{"schemaVersion":2}' },
    });
    const plan = await there.plan(all('*'));
    expect(going(plan)).toEqual(['a:1']);
    expect(plan.problems).toMatchObject([{ name: `b@${digest}`, why: { what: 'wrong' } }]);
    const named = await there.plan(rmi('b:1'));
    expect(named.items).toEqual([]);
    expect(named.problems).toMatchObject([{ kind: 'registry', name: `b@${digest}` }]);
    expect(named.problems).toHaveLength(1);
  });

  test('takes one tag of several where it can, which is asked only where it matters', async () => {
    const there = await startThere(scope);
    await there.pusher.image('app', { tags: ['1', '2'] });
    await there.pusher.image('app', { ...layers('other'), tags: ['3'] });
    await there.plan(rmi('app:3'));
    expect(there.deletions().filter((path) => path.includes('dimg-asks'))).toEqual([]);
    const shared = await there.plan(rmi('app:1'));
    expect(shared.items).toEqual([]);
    expect(shared.kept[0]?.reason).toEqual({ kind: 'shared', tags: ['2'] });
    there.front.tagDeletion(true);
    expect(await there.plan(rmi('app:1'))).toMatchObject({ items: [{ action: 'untag', remove: ['app:1'] }] });
    expect(await there.tags('app')).toEqual(['1', '2', '3']);
  });

  test('takes what has lost its tag since the agent looks, and what is new after min-age', async () => {
    const there = await startThere(scope, { rules: { minAge: 3_600_000 } });
    const old = await there.pusher.image('app', { ...layers('old'), tags: ['1'] });
    await there.plan(all('app'));
    await there.pusher.image('app', {
      ...layers('fresh'),
      tags: ['1'],
      created: new Date(Date.UTC(2020, 1)),
    });
    there.state.now += 1_000;
    const untagged = await there.plan(prune('app', { untagged: true, tags: ['*'] }));
    expect(going(untagged)).toEqual([`app@${old.digest}`]);
    expect(untagged.kept[0]?.reason).toMatchObject({ kind: 'min-age' });
    there.state.now += 3_600_000;
    expect(going(await there.plan(prune('app', { untagged: true, tags: ['*'] })))).toEqual([
      'app:1',
      `app@${old.digest}`,
    ]);
  });

  test('asks hosts about manifests and configurations alone', async () => {
    const there = await startThere(scope);
    await push(there, 'app');
    const asked: string[] = [];
    there.planner.queue.holders = async (digests) => {
      asked.push(...digests);
      return {
        holders: new Map([[digests[1] ?? NOWHERE, [{ host: HostName.parse('host-1'), used: true }]]]),
        unheard: [],
      };
    };
    const plan = await there.plan(all('app'));
    const manifest = await there.registry.manifest(
      'app',
      id((await there.registry.resolve('app', '1')) ?? ''),
    );
    expect(asked).toEqual([manifest?.digest, manifest?.blobs[0]?.digest]);
    expect(plan.kept[0]?.reason).toEqual({ kind: 'on-hosts', names: ['host-1'], count: 1 });
  });
});

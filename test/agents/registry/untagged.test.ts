import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { call } from '../../../playground/parts/http-call.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { HostName, type ImageId } from '../../../src/domain/ids.ts';
import { NOWHERE } from './_client.ts';
import { all, carryOut, prune, rmi, startThere, type There } from './_there.ts';

describe.skipIf(skipWithout('what has no tag', 'registry'))('a prune of what has no tag', () => {
  let scope: Scope;
  beforeAll(() => {
    scope = createScope('untagged');
  });
  afterAll(() => scope.close());

  const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });
  const untagged = (repositories: string) => prune(repositories, { untagged: true });
  const sigOf = (digest: string) => `${digest.replace(':', '-')}.sig`;
  const remove = ({ part }: There, name: string) =>
    call(`${part.url}/v2/${name.replace('@', '/manifests/')}`, { method: 'DELETE' });
  const usedBy = (host: string, ...digests: string[]) => ({
    holders: new Map(digests.map((one) => [one as ImageId, [{ host: HostName.parse(host), used: true }]])),
    unheard: [],
  });

  test('leaves signatures that are kept in a repository of their own, and names what they are about', async () => {
    const there = await startThere(scope);
    const image = await there.pusher.image('team/app', { ...layers('app'), tags: ['v1'] });
    const signature = await there.pusher.signature('team/sigs', image.digest);
    const both = await carryOut(there, untagged('team/*'));
    expect(both.plan.items).toEqual([]);
    expect(both.plan.kept.map(({ reason }) => reason)).toContainEqual({
      ...{ kind: 'part-of', of: ['team/app:v1'] },
    });
    const alone = await carryOut(there, untagged('team/sigs'));
    expect(alone.plan.kept.map(({ reason }) => reason)).toEqual([{ kind: 'astray' }]);
    expect(await there.has('team/sigs', signature.digest)).toBe(true);
    await carryOut(there, rmi(`team/sigs:${sigOf(image.digest)}`));
    expect(await there.has('team/sigs', signature.digest)).toBe(false);
  });

  test('leaves the signature of an image that lost its tag before anybody looked, and that a host uses', async () => {
    const there = await startThere(scope);
    there.front.referrers(true);
    const image = await there.pusher.image('app', { ...layers('old'), tags: ['v1'] });
    const signature = await there.pusher.signature('app', image.digest);
    const deep = await there.pusher.signature('app', signature.digest);
    const word = await there.pusher.artifact('app', 'application/x.word', { subject: image });
    await there.pusher.image('app', { ...layers('new'), tags: ['v1'] });
    there.state.fleet = usedBy('host-1', image.digest);
    const { plan } = await carryOut(there, untagged('app'));
    expect(plan.kept.map(({ reason }) => reason)).toContainEqual({
      ...{ kind: 'on-hosts', names: ['host-1'], count: 1 },
    });
    for (const { digest } of [image, signature, deep, word])
      expect(await there.has('app', digest)).toBe(true);
    there.state.fleet = usedBy('host-1');
    // Nobody uses it any more: it goes like any other that has no tag, and they with it.
    await carryOut(there, untagged('app'));
    for (const { digest } of [image, signature, deep, word])
      expect(await there.has('app', digest)).toBe(false);
    expect(await there.tags('app')).toEqual(['v1']);
  });

  test('takes the signature of what was here and has gone, and no other', async () => {
    const there = await startThere(scope);
    const image = await there.pusher.image('app', { ...layers('old'), tags: ['v1'] });
    const never = await there.pusher.image('other', { ...layers('never'), tags: ['v1'] });
    const signature = await there.pusher.signature('app', image.digest);
    const other = await there.pusher.signature('app', never.digest);
    await there.plan(untagged('app'));
    await remove(there, `app@${image.digest}`);
    await carryOut(there, untagged('app'));
    expect(await there.has('app', signature.digest)).toBe(false);
    expect(await there.has('app', other.digest)).toBe(true);
  });

  test('by a name leaves a manifest by whose tag a signature of what stays is found', async () => {
    const there = await startThere(scope);
    const image = await there.pusher.image('app', { ...layers('app'), tags: ['v1'] });
    const signature = await there.pusher.signature('app', image.digest);
    await there.pusher.manifest('app', signature.mediaType, signature.text, ['s1']);
    for (const selection of [rmi('app:s1'), prune('app', { tags: ['s*'] })]) {
      await carryOut(there, selection);
      expect(await there.has('app', signature.digest)).toBe(true);
    }
    await carryOut(there, rmi('app:s1', `app:${sigOf(image.digest)}`));
    expect(await there.has('app', signature.digest)).toBe(false);
  });

  test('leaves parts of an index whose answer was odd once', async () => {
    const there = await startThere(scope);
    const amd = await there.pusher.image('app', layers('amd'));
    const index = await there.pusher.index('app', [amd], { tags: ['v1'] });
    await there.plan(all('app'));
    await there.pusher.image('app', { ...layers('new'), tags: ['v1'] });
    there.state.fleet = usedBy('host-1', index.digest);
    await there.plan(all('app'));
    there.front.fault({
      ...{
        method: 'GET',
        path: new RegExp(`manifests/${index.digest}`),
        change: { body: '{"schemaVersion":2}' },
      },
    });
    const odd = await there.plan(untagged('app'));
    expect(odd.problems).toMatchObject([{ kind: 'registry', name: `app@${index.digest}` }]);
    await carryOut(there, untagged('app'));
    for (const { digest } of [index, amd]) expect(await there.has('app', digest)).toBe(true);
  });

  test('and of what has one leaves parts of an index that was never read, and has lost its tag', async () => {
    const there = await startThere(scope);
    const amd = await there.pusher.image('app', { ...layers('amd'), tags: ['pr-1'] });
    const index = await there.pusher.index('app', [amd], { tags: ['v1'] });
    const path = new RegExp(`manifests/${index.digest}`);
    there.front.fault({ method: 'GET', path, change: { body: '{"schemaVersion":2}' } });
    await there.plan(all('app'));
    await there.pusher.image('app', { ...layers('new'), tags: ['v1'] });
    const { plan } = await carryOut(there, prune('app', { tags: ['pr-*'] }));
    expect(plan.kept.map(({ reason }) => reason)).toContainEqual({
      ...{ kind: 'part-of', of: [`app@${index.digest}`] },
    });
    expect(await there.tags('app')).toEqual(['pr-1', 'v1']);
  });

  test('and of what has one leaves parts of an index that a host alone knows of', async () => {
    const there = await startThere(scope);
    const amd = await there.pusher.image('app', { ...layers('amd'), tags: ['pr-1'] });
    const arm = await there.pusher.image('app', layers('arm'));
    const index = await there.pusher.index('app', [amd, arm], { tags: ['v1'] });
    await there.pusher.image('app', { ...layers('new'), tags: ['v1'] });
    there.state.fleet = usedBy('host-1', index.digest);
    there.state.used = new Map([['app', new Set([index.digest, NOWHERE] as ImageId[])]]);
    const { plan } = await carryOut(there, prune('app', { tags: ['pr-*'], untagged: true }));
    expect(plan.items).toEqual([]);
    expect(plan.kept.map(({ reason }) => reason)).toContainEqual({
      ...{ kind: 'part-of', of: [`app@${index.digest}`] },
    });
    for (const { digest } of [index, amd, arm]) expect(await there.has('app', digest)).toBe(true);
  });

  test('and of what has one leaves a part of an index that a host begins to use after the plan', async () => {
    const there = await startThere(scope);
    const amd = await there.pusher.image('app', { ...layers('amd'), tags: ['pr-1'] });
    const index = await there.pusher.index('app', [amd], { tags: ['v1'] });
    await there.pusher.image('app', { ...layers('new'), tags: ['v1'] });
    const { outcomes } = await carryOut(there, prune('app', { tags: ['pr-*'] }), async (plan) => {
      expect(plan.items).toHaveLength(1);
      there.state.fleet = usedBy('host-1', index.digest);
      there.state.used = new Map([['app', new Set([index.digest as ImageId])]]);
    });
    expect(outcomes).toMatchObject([
      { outcome: 'skipped', why: { kind: 'part-of', of: [`app@${index.digest}`] } },
    ]);
    expect(await there.has('app', amd.digest)).toBe(true);
  });
});

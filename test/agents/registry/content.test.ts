import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { call } from '../../../playground/parts/http-call.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { id } from './_client.ts';
import { startThere, type There } from './_there.ts';

describe.skipIf(skipWithout('reading repositories whole', 'registry'))('a repository that is read', () => {
  let scope: Scope;
  beforeAll(() => {
    scope = createScope('content');
  });
  afterAll(() => scope.close());

  const read = async ({ content }: There, name = 'app') => {
    const found = await content.read(name);
    if (!found) throw new Error(`There is no ${name}.`);
    return { ...found, digests: [...found.repository.manifests.keys()].sort() };
  };
  const remove = ({ part }: There, digest: string) =>
    call(`${part.url}/v2/app/manifests/${digest}`, { method: 'DELETE' });
  const layers = (name: string) => ({ layers: [{ name, bytes: 50 }] });

  test('is whole: tags, an index of an index, its parts, and what refers to any of them', async () => {
    const there = await startThere(scope);
    there.front.referrers(true);
    const { pusher } = there;
    const amd = await pusher.image('app', { ...layers('amd'), platform: 'linux/amd64' });
    const inner = await pusher.index('app', [amd]);
    const outer = await pusher.index('app', [inner], { tags: ['v1'] });
    const word = await pusher.artifact('app', 'application/x.word', { subject: amd });
    const about = await pusher.artifact('app', 'application/x.about', { subject: word });
    const signature = await pusher.signature('app', outer.digest);
    const { digests, repository, unread } = await read(there);
    expect(digests).toEqual([amd, inner, outer, word, about, signature].map(({ digest }) => digest).sort());
    expect(unread).toBeNull();
    expect([...repository.tags]).toHaveLength(2);
    expect(repository.tags.get('v1')).toBe(outer.digest);
    expect(repository.manifests.get(id(about.digest))?.subject).toBe(word.digest);
  });

  test('and is not there is none; one without tags is empty', async () => {
    const there = await startThere(scope);
    expect(await there.content.read('no/such')).toBeNull();
    const { digest } = await there.pusher.image('app', { tags: ['1'] });
    await remove(there, digest);
    expect((await read(there)).digests).toEqual([]);
  });

  test('misses a part that is gone, and says nothing false of it', async () => {
    const there = await startThere(scope);
    const [amd, arm] = [
      await there.pusher.image('app', layers('a')),
      await there.pusher.image('app', layers('b')),
    ];
    const index = await there.pusher.index('app', [amd, arm], { tags: ['v1'] });
    await remove(there, arm.digest);
    expect((await read(there)).digests).toEqual([amd.digest, index.digest].sort());
  });

  test('keeps what has lost its tag, as long as it is there', async () => {
    const there = await startThere(scope);
    const old = await there.pusher.image('app', { ...layers('old'), tags: ['1'] });
    await read(there);
    const fresh = await there.pusher.image('app', { ...layers('fresh'), tags: ['1'] });
    const after = await read(there);
    expect(after.digests).toEqual([old.digest, fresh.digest].sort());
    expect(after.repository.tags.get('1')).toBe(fresh.digest);
    await remove(there, old.digest);
    expect((await read(there)).digests).toEqual([fresh.digest]);
  });

  test('is asked for each manifest once, but for what may be gone', async () => {
    const there = await startThere(scope);
    const [one, two] = [
      await there.pusher.image('app', { ...layers('one'), tags: ['1'] }),
      await there.pusher.image('app', { ...layers('two'), tags: ['2'] }),
    ];
    await read(there);
    const gets = (from: number) => there.asked(from).filter((line) => /^GET .*(manifests|blobs)/.test(line));
    const from = there.front.requests.length;
    await read(there);
    expect(gets(from)).toEqual([]);
    expect(there.asked(from).filter((line) => line.startsWith('HEAD'))).toHaveLength(2);
    await there.pusher.image('app', { ...layers('other'), tags: ['1'] });
    await read(there);
    const since = there.front.requests.length;
    await read(there);
    // Without a tag, it may be gone at any time.
    expect(gets(since).filter((line) => line.includes('manifests'))).toEqual([
      `GET /v2/app/manifests/${one.digest}`,
    ]);
    there.content.forget('app', id(two.digest));
    const last = there.front.requests.length;
    await read(there);
    expect(gets(last)).toContain(`GET /v2/app/manifests/${two.digest}`);
  });

  test('and holds what can not be read says so, whatever else is in it', async () => {
    const there = await startThere(scope);
    const { digest } = await there.pusher.image('app', { ...layers('one'), tags: ['1'] });
    await there.pusher.image('app', { ...layers('two'), tags: ['2'] });
    there.front.fault({ path: new RegExp(`manifests/${digest}`), change: { body: '{"schemaVersion":2}' } });
    const { unread } = await read(there);
    expect(unread).toMatchObject({ name: `app@${digest}`, why: { kind: 'registry', what: 'wrong' } });
    // It was the answer, not the manifest.
    expect((await read(there)).unread).toBeNull();
  });

  test('of a registry that breaks off is not half read', async () => {
    const there = await startThere(scope);
    await there.pusher.image('app', { tags: ['1'] });
    // A question on a connection that was kept is put once more.
    there.front.fault({ method: 'GET', path: /manifests/, cut: 'before', times: 2 });
    await expect(there.content.read('app')).rejects.toMatchObject({ problem: { what: 'no-answer' } });
    expect([...there.memory.seenAt('app')]).toEqual([]);
  });

  test('is asked for referrers until it says that it has no such list, and anew by the next read', async () => {
    const there = await startThere(scope);
    const tags = Array.from({ length: 20 }, (_, i) => `${i}`);
    for (const tag of tags) await there.pusher.image('app', { ...layers(tag), tags: [tag] });
    await read(there);
    const asked = (from: number) => there.asked(from).filter((line) => line.includes('referrers')).length;
    const from = there.front.requests.length;
    expect(asked(0)).toBeLessThan(tags.length);
    await read(there);
    expect(asked(from)).toBeGreaterThan(0);
    expect(asked(from)).toBeLessThan(tags.length);
  });
});

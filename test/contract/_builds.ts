import { expect, test } from 'vitest';
import { buildChild, loadImages } from '../../playground/parts/images.ts';
import { tar } from '../../playground/parts/tar.ts';
import { FAMILIES } from './_catalogue.ts';
import { during } from './_during.ts';
import { buildClassic, buildKit } from './_make.ts';
import type { Stage } from './_suite.ts';

export function builds(stage: Stage): void {
  const { dialect } = stage;
  const tags = async (query = 'all=1') => (await stage.api.images(query)).map(({ RepoTags }) => RepoTags);

  test('of the classic builder have a parent and no bytes of their own', async () => {
    const { base } = await loadImages(stage.engine.docker, FAMILIES.app);
    const child = await buildChild(stage.engine.docker, 'base:1', { label: 'x', tag: 'kid:1' });
    const again = await buildChild(stage.engine.docker, 'base:1', { label: 'x', tag: 'kid:2' });
    expect(again).toBe(child);
    expect((await stage.api.images()).find(({ Id }) => Id === child)).toMatchObject({
      ParentId: base,
      RepoTags: ['kid:1', 'kid:2'],
      Labels: { team: 'web', 'dimg.child': 'x' },
    });
    expect((await stage.api.get(`/images/${child}/history`)).body).toMatchObject([
      { Id: child, CreatedBy: '/bin/sh -c #(nop)  LABEL dimg.child=x', Size: 0, Tags: ['kid:1', 'kid:2'] },
      { Id: base, Tags: ['base:1'] },
    ]);
  });

  test('tell ancestors in the history, as far as they are known', async () => {
    const { app, mid, base } = await loadImages(stage.engine.docker, FAMILIES.app);
    const ancestors = dialect.loadedParents === 'kept';
    const line = (CreatedBy: string, Id: string, Tags: string[] | null) => ({
      ...{ Comment: '', Created: Date.parse('2024-01-01') / 1000, CreatedBy, Tags },
      ...{ Id: ancestors || Id === app ? Id : '<missing>', Size: expect.any(Number) },
    });
    expect((await stage.api.get('/images/app:1/history')).body).toEqual([
      line('dimg layer child', app, ['app:1', 'app:2', 'other/app:1']),
      line('dimg layer mid', mid, null),
      line('dimg layer base', base, ancestors ? ['base:1'] : null),
    ]);
  });

  test('that have no history say so', async () => {
    await loadImages(stage.engine.docker, FAMILIES.hollow);
    expect((await stage.api.get('/images/127.0.0.1:1/hollow:1/history')).body).toEqual(dialect.emptyHistory);
  });

  test('of the classic builder tell what they do, step by step', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const context = tar([{ path: 'Dockerfile', content: 'FROM lone:1\nLABEL a=b\n' }]);
    const { body } = await stage.api.post('/build?version=1', context);
    const lines = (body as { stream?: string }[]).map(({ stream }) => stream ?? '');
    expect(lines).toContain('Step 2/2 : LABEL a=b');
    expect(lines.some((line) => line.startsWith(dialect.removedStep))).toBe(true);
  });

  test('of the classic builder leave their steps behind, hidden', async () => {
    await buildClassic(stage.api, 'FROM scratch\nCOPY f /f\nLABEL a=1\nLABEL b=2\n', 'app:1', { f: 'x' });
    expect(await tags()).toHaveLength(3);
    expect(await tags('')).toEqual([['app:1']]);
    await stage.api.post('/images/prune');
    expect(await tags()).toHaveLength(dialect.classicSteps === 'are hidden, and a prune leaves them' ? 3 : 1);
  });

  test('of BuildKit have no parent, and move their tag from the image before', async () => {
    const old = await buildKit(stage.api, 'FROM scratch\nCOPY a /a\n', 'bk:1', { a: 'x' });
    const now = await buildKit(stage.api, 'FROM scratch\nCOPY a /a\n', 'bk:1', { a: 'y' });
    const stays = dialect.rebuilt === 'which stays, nameless';
    const images = await stage.api.images();
    expect(images.map(({ Id }) => Id)).toEqual((stays ? [old, now] : [now]).sort());
    expect(images.find(({ Id }) => Id === now)).toMatchObject({ ParentId: '', RepoTags: ['bk:1'] });
    await stage.api.post('/build/prune?all=1');
  });

  test('are told of by events', async () => {
    let id = '';
    const told = await during(stage, async () => {
      id = await buildKit(stage.api, 'FROM scratch\nCOPY a /a\n', 'bk:1', { a: 'x' });
    });
    const event = (action: string, name: string) => ({ type: 'image', action, id, attributes: { name } });
    // The two are told of in any order.
    expect(told.toSorted((a, b) => (a.action < b.action ? -1 : 1))).toEqual([
      ...(dialect.createEvent ? [event('create', id)] : []),
      event('tag', 'bk:1'),
    ]);
    await stage.api.post('/build/prune?all=1');
  });
}

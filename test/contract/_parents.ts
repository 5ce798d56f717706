import { expect, test } from 'vitest';
import { buildChild, loadImages } from '../../playground/parts/images.ts';
import { saying, short } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import { buildClassic } from './_make.ts';
import type { Stage } from './_suite.ts';

/** Images that others are built on, which only the classic builder, and archives for a graph driver, tell of. */
export function parents(stage: Stage): void {
  const { dialect } = stage;
  const remove = (name: string, query = '') => stage.api.delete(`/images/${name}?${query}`);
  const ids = async () => (await stage.api.images()).map(({ Id }) => Id).sort();
  const row = { Deleted: expect.stringMatching(/^sha256:/) };
  const withLayers = dialect.rows === 'names, the image, and each layer that went';
  const family = () => loadImages(stage.engine.docker, FAMILIES.app);
  /** A base with a name, and an image built on it. */
  const pair = async () => {
    const { lone: base } = await loadImages(stage.engine.docker, FAMILIES.lone);
    return { base, child: await buildChild(stage.engine.docker, 'lone:1', { label: 'x', tag: 'kid:1' }) };
  };
  const inspect = async (name: string) => (await stage.api.get(`/images/${name}/json`)).status;

  test('by ID are refused even by force, or go from under their children', async () => {
    const { base, child } = await pair();
    const reply = await remove(base, 'force=1');
    if (typeof dialect.withChildren !== 'string') {
      expect(reply).toMatchObject(saying(dialect.withChildren, { image: short(base) }));
      expect(await remove(base)).toMatchObject(saying(dialect.withChildren, { image: short(base) }));
    } else {
      expect(reply.body).toEqual([{ Untagged: 'lone:1' }, { Deleted: base }]);
      expect((await stage.api.images()).find(({ Id }) => Id === child)?.ParentId).toBe(base);
      expect((await stage.api.get(`/images/${child}/history`)).body).toHaveLength(2);
      expect((await remove('kid:1')).body).toEqual([{ Untagged: 'kid:1' }, { Deleted: child }]);
    }
  });

  test('lose their last name, and stay', async () => {
    const { base, child } = await pair();
    const { body } = await remove('lone:1');
    const claims = dialect.lastNameWithChildren !== 'goes; the image stays, nameless';
    expect(body).toEqual([{ Untagged: 'lone:1' }, ...(claims ? [{ Deleted: base }] : [])]);
    expect(await ids()).toEqual([base, child].sort());
    // Hidden, as it is only what another image was made from.
    expect((await stage.api.images('')).map(({ Id }) => Id)).toEqual([child]);
  });

  test('lose their last name by force', async () => {
    const { base, child } = await pair();
    await remove('lone:1', 'force=1');
    const stays = dialect.lastNameWithChildrenForced === 'goes; the image stays, nameless';
    expect(await ids()).toEqual((stays ? [base, child] : [child]).sort());
  });

  test('without a name go with the last child, unless told not to', async () => {
    const dockerfile = 'FROM scratch\nCOPY f /f\nLABEL a=1\n';
    const child = await buildClassic(stage.api, dockerfile, 'one:1', { f: 'x' });
    expect((await remove('one:1', 'noprune=1')).body).toEqual([{ Untagged: 'one:1' }, { Deleted: child }]);
    const [parent] = await ids();
    expect((await remove(parent ?? '')).body).toEqual([{ Deleted: parent }, ...(withLayers ? [row] : [])]);
    const again = await buildClassic(stage.api, dockerfile, 'one:1', { f: 'y' });
    expect((await remove('one:1')).body).toEqual([
      { Untagged: 'one:1' },
      { Deleted: again },
      row,
      ...(withLayers ? [row] : []),
    ]);
    expect(await ids()).toEqual([]);
  });

  test('without a name wait for every child, or go with the first', async () => {
    const files = { f: 'x' };
    const one = await buildClassic(stage.api, 'FROM scratch\nCOPY f /f\nLABEL a=1\n', 'one:1', files);
    const two = await buildClassic(stage.api, 'FROM scratch\nCOPY f /f\nLABEL a=2\n', 'two:1', files);
    const parent = (await ids()).find((id) => id !== one && id !== two);
    const { body } = await remove('one:1');
    if (dialect.namelessParents === 'once no other image is built on them') {
      expect(body).toEqual([{ Untagged: 'one:1' }, { Deleted: one }]);
      expect((await remove('two:1')).body).toEqual([
        { Untagged: 'two:1' },
        { Deleted: two },
        { Deleted: parent },
        row,
      ]);
    } else {
      expect(body).toEqual([{ Untagged: 'one:1' }, { Deleted: one }, { Deleted: parent }]);
      expect((await remove('two:1')).body).toEqual([{ Untagged: 'two:1' }, { Deleted: two }]);
    }
    expect(await ids()).toEqual([]);
  });

  test('without a name, of an image that goes with two names by force', async () => {
    const child = await buildClassic(stage.api, 'FROM scratch\nCOPY f /f\nLABEL a=1\n', 'one:1', { f: 'x' });
    const [parent] = (await ids()).filter((id) => id !== child);
    await stage.api.post('/images/one:1/tag?repo=two');
    await remove(child, 'force=1');
    expect(await ids()).toEqual(dialect.parentsOfTwoNames === 'they go along' ? [] : [parent]);
  });

  test('are told of by ID, or by whatever has the name now', async () => {
    const { dangling } = await loadImages(stage.engine.docker, FAMILIES.dangling);
    await buildChild(stage.engine.docker, dangling, { label: 'x', tag: 'lone:1' });
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    const told = dialect.parentOfMovedName === 'is its own, if any' ? '' : dangling;
    expect((await stage.api.images()).find(({ Id }) => Id === lone)?.ParentId).toBe(told);
    expect((await stage.api.get(`/images/${lone}/json`)).body).toMatchObject({ Parent: told });
  });

  test('that came in an archive are kept in mind, or forgotten', async () => {
    const { base, mid, app } = await family();
    const kept = dialect.loadedParents === 'kept';
    expect((await remove(mid, 'noprune=1')).status).toBe(kept ? 409 : 200);
    expect((await remove(base)).status).toBe(kept ? 409 : 200);
    if (!kept) return;
    expect((await remove('base:1')).body).toEqual([{ Untagged: 'base:1' }]);
    expect(await inspect(base)).toBe(200);
    expect((await remove(app, 'force=1')).body).toEqual([
      ...['app:1', 'app:2', 'other/app:1'].map((name) => ({ Untagged: name })),
      { Deleted: app },
      ...[{ Deleted: mid }, row, { Deleted: base }, row],
    ]);
  });
}

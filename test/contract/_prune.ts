import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, saying } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import { contentSizes } from './_content.ts';
import { during } from './_during.ts';
import type { Stage } from './_suite.ts';

/** We never send it; others on the same engine do, and what it leaves we see. */
export function prune(stage: Stage): void {
  const { dialect } = stage;
  const FAMILY = { ...FAMILIES.dangling, ...FAMILIES.twin, ...FAMILIES.lone };
  const load = () => loadImages(stage.engine.docker, FAMILY);
  const send = (filter?: object) => stage.api.post(`/images/prune?${filter ? filters(filter) : ''}`);
  const unpacked = dialect.reclaimed === 'unpacked layers';

  test('takes what is dangling, and counts the bytes', async () => {
    const { dangling } = await load();
    expect((await send()).body).toEqual({
      ImagesDeleted:
        dialect.prunedRows === '`Deleted`: the image, and each layer that went'
          ? [{ Deleted: dangling }, { Deleted: expect.any(String) }]
          : [{ Untagged: dangling }, { Deleted: dangling }],
      SpaceReclaimed: unpacked ? 8 : contentSizes(FAMILIES.dangling).all,
    });
    expect((await send()).body).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
    expect(await stage.api.images()).toHaveLength(2);
  });

  test('with dangling=false takes what no container uses, and leaves one name of what one does', async () => {
    const { lone } = await load();
    for (const repo of ['alone', 'second']) await stage.api.post(`/images/lone:1/tag?repo=${repo}&tag=1`);
    await stage.api.post('/containers/create?name=web', { Image: 'lone:1' });
    const { body } = await send({ dangling: ['false'] });
    // The layer that the two share stays, and with it its content.
    const content =
      contentSizes({ ...FAMILIES.dangling, ...FAMILIES.twin }).all - contentSizes(FAMILIES.lone).layers;
    expect(body).toMatchObject({ SpaceReclaimed: unpacked ? 8 + 11 : content });
    const name = dialect.pruneInUse === 'comes last' ? 'second:1' : 'lone:1';
    expect(await stage.api.images()).toMatchObject([{ Id: lone, RepoTags: [name] }]);
  });

  test('is limited by age and labels', async () => {
    const byDate = dialect.pruneUntil === 'goes by the date in the image' ? 1 : 0;
    const lacking = dialect.pruneNotLabel === 'and no others' ? 1 : 0;
    const cases: [object, number][] = [
      [{ until: ['2023-01-15T00:00:00Z'] }, 0],
      [{ label: ['team=shop'] }, 0],
      [{ 'label!': ['team=web'] }, 0],
      [{ until: ['24h'] }, byDate],
      [{ until: ['2024-01-15T00:00:00Z'] }, byDate],
      [{ until: ['1705276800'] }, byDate],
      [{ until: [new Date(Date.now() + 60_000).toISOString()] }, 1],
      [{ label: ['team'] }, 1],
      [{ 'label!': ['team=shop'] }, 1],
      [{ 'label!': ['tier'] }, 1],
      [{ 'label!': ['tier=x'] }, lacking],
    ];
    for (const [filter, gone] of cases) {
      await load();
      await send(filter);
      expect(await stage.api.images(), JSON.stringify(filter)).toHaveLength(3 - gone);
    }
  });

  test('refuses what it can’t read', async () => {
    await load();
    expect(await send({ dangling: ['maybe'] })).toMatchObject(saying(dialect.pruneBadDangling));
    expect(await send({ reference: ['app'] })).toMatchObject(saying(dialect.pruneUnknown));
    expect(await send({ until: ['soon'] })).toMatchObject({
      status: 500,
      body: { message: 'failed to parse value as time or duration: "soon"' },
    });
    expect(await stage.api.images()).toHaveLength(3);
  });

  test('by two ages', async () => {
    await load();
    const soon = new Date(Date.now() + 60_000).toISOString();
    const reply = await send({ until: ['24h', soon] });
    if (typeof dialect.pruneUntilTwice !== 'string')
      expect(reply).toMatchObject(saying(dialect.pruneUntilTwice));
    else {
      expect(reply.body).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
      const later = new Date(Date.now() + 90_000).toISOString();
      expect((await send({ until: [soon, later] })).body).toMatchObject({ ImagesDeleted: [{}, {}] });
    }
  });

  test('is told of, or only what it did', async () => {
    await load();
    const told = await during(stage, () => send());
    expect(told.some(({ action }) => action === 'delete')).toBe(true);
    const [event] = told.filter(({ action }) => action === 'prune');
    if (dialect.pruneEvent) expect(event).toMatchObject({ id: '', attributes: { reclaimed: '8' } });
    else expect(event).toBeUndefined();
  });
}

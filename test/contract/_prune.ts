import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { filters } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

/** We never send it; others on the same engine do, and what it leaves we see. */
export function prune(stage: Stage): void {
  const load = () =>
    loadImages(stage.engine.docker, { ...FAMILIES.dangling, ...FAMILIES.twin, ...FAMILIES.lone });
  const send = (filter?: object) => stage.api.post(`/images/prune?${filter ? filters(filter) : ''}`);

  test('takes what is dangling, and counts the bytes', async () => {
    const { dangling } = await load();
    expect((await send()).body).toEqual({
      ImagesDeleted: [{ Deleted: dangling }, { Deleted: expect.any(String) }],
      SpaceReclaimed: 8,
    });
    expect((await send()).body).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
    expect(await stage.api.images()).toHaveLength(2);
  });

  test('with dangling=false takes what no container uses, but strips names of what one does', async () => {
    const { lone } = await load();
    await stage.api.post('/images/lone:1/tag?repo=second&tag=1');
    await stage.api.post('/containers/create?name=web', { Image: 'lone:1' });
    const { body } = await send({ dangling: ['false'] });
    expect(body).toMatchObject({ SpaceReclaimed: 8 + 11 });
    expect(await stage.api.images()).toMatchObject([{ Id: lone, RepoTags: ['second:1'] }]);
  });

  test('is limited by age and labels', async () => {
    const cases: [object, number][] = [
      [{ until: ['2023-01-15T00:00:00Z'] }, 0],
      [{ label: ['team=shop'] }, 0],
      [{ 'label!': ['team=web'] }, 0],
      [{ until: ['24h'] }, 1],
      [{ until: ['2024-01-15T00:00:00Z'] }, 1],
      [{ until: ['1705276800'] }, 1],
      [{ label: ['team'] }, 1],
      [{ 'label!': ['team=shop'] }, 1],
    ];
    for (const [filter, gone] of cases) {
      await load();
      await send(filter);
      expect(await stage.api.images(), JSON.stringify(filter)).toHaveLength(3 - gone);
    }
  });

  test('refuses what it can’t read', async () => {
    await load();
    const cases: [object, number, string][] = [
      [{ dangling: ['maybe'] }, 400, "Invalid filter 'dangling=[maybe]'"],
      [{ reference: ['app'] }, 400, "Invalid filter 'reference'"],
      [{ until: ['soon'] }, 500, 'failed to parse value as time or duration: "soon"'],
      [{ until: ['1h', '2h'] }, 500, 'more than one until filter specified'],
    ];
    for (const [filter, status, message] of cases)
      expect(await send(filter), JSON.stringify(filter)).toMatchObject({ status, body: { message } });
    expect(await stage.api.images()).toHaveLength(3);
  });
}

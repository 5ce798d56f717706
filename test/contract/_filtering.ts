import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, saying } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

const ids = (images: readonly { Id: string }[]) => images.map(({ Id }) => Id).sort();

export function filtering(stage: Stage): void {
  const { dialect } = stage;
  const load = () =>
    loadImages(stage.engine.docker, { ...FAMILIES.app, ...FAMILIES.dangling, ...FAMILIES.twin });
  const list = (filter: object) => stage.api.images(filters(filter));
  const refused = (filter: object) => stage.api.get(`/images/json?${filters(filter)}`);
  type Key = keyof Awaited<ReturnType<typeof load>>;
  /** The nameless image in the middle, where nobody knows that it is a parent. */
  const orphan: Key[] = dialect.loadedParents === 'kept' ? [] : ['mid'];
  const nameless: Key[] =
    dialect.anyReference === 'leaves nameless images out' ? [] : ['dangling', ...orphan];

  test('leave nameless parents out, unless everything is asked for', async () => {
    const { app, base, mid, dangling, twin } = await load();
    expect(ids(await stage.api.images())).toEqual([app, base, mid, dangling, twin].sort());
    const known = orphan.length > 0 ? [mid] : [];
    expect(ids(await stage.api.images(''))).toEqual([app, base, dangling, twin, ...known].sort());
  });

  test('are filtered', async () => {
    const known = await load();
    const cases: [object, Key[]][] = [
      [{ dangling: ['true'] }, ['dangling', ...orphan]],
      [{ dangling: ['false'] }, ['app', 'base', 'twin']],
      [{ label: ['team'] }, ['app', 'base', 'dangling']],
      [{ label: ['team=web'] }, ['base', 'dangling']],
      [{ label: ['team=shop', 'tier='] }, ['app']],
      [{ label: { 'team=web': true } }, ['base', 'dangling']],
      [{ since: ['app:1'] }, ['twin']],
      [{ before: ['twin'] }, ['app', 'base', 'dangling', ...orphan]],
      [{ reference: ['app'] }, ['app']],
      [{ reference: ['*/app'] }, ['app']],
      [{ reference: ['lone:*', 'base:?'] }, ['base', 'twin']],
      [{ reference: ['*'] }, ['app', 'base', 'twin', ...nameless]],
      [{ reference: ['*'], label: ['team=web'] }, ['base', ...nameless.filter((key) => key === 'dangling')]],
    ];
    for (const [filter, expected] of cases) {
      expect(ids(await list(filter)), JSON.stringify(filter)).toEqual(
        expected.map((key) => known[key]).sort(),
      );
    }
  });

  test('show only the names that a reference filter fits', async () => {
    await load();
    const [found] = await list({ reference: ['app'] });
    expect(found?.RepoTags).toEqual(['app:1', 'app:2']);
  });

  test('call dangling what has no name or child, or every nameless record', async () => {
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const { mid } = await loadImages(stage.engine.docker, FAMILIES.app);
    const records = dialect.danglingList !== 'has nameless images without children';
    expect(ids(await list({ dangling: ['true'] }))).toEqual(records ? [lone, mid].sort() : []);
  });

  test('read dangling=1', async () => {
    const { dangling } = await loadImages(stage.engine.docker, FAMILIES.dangling);
    if (typeof dialect.danglingOne === 'string')
      expect(ids(await list({ dangling: ['1'] }))).toEqual([dangling]);
    else expect(await refused({ dangling: ['1'] })).toMatchObject(saying(dialect.danglingOne));
  });

  test('go back to a time, where they can', async () => {
    const { app, base, dangling, mid, twin } = await load();
    const old = { until: ['2024-01-15T00:00:00Z'] };
    const soon = { until: [new Date(Date.now() + 60_000).toISOString()] };
    const { listUntil } = dialect;
    if (typeof listUntil !== 'string') {
      expect(await refused(old)).toMatchObject(saying(listUntil));
      return;
    }
    expect(ids(await list(old))).toEqual(
      listUntil === 'goes by the date in the image' ? [app, base, dangling].sort() : [],
    );
    const everything = [app, base, dangling, twin, ...(orphan.length > 0 ? [mid] : [])];
    expect(ids(await list(soon))).toEqual(everything.sort());
  });

  test('leave out by label, where they can', async () => {
    const { mid, twin } = await load();
    const without = { 'label!': ['team'] };
    if (dialect.listNotLabel === 'works') expect(ids(await list(without))).toEqual([mid, twin].sort());
    else expect(await refused(without)).toMatchObject(saying(dialect.listNotLabel));
  });

  test('meet a bad pattern once there is a name to try it on', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const bad = { reference: ['[x'] };
    if (dialect.badPattern === 'lists nothing') expect(await list(bad)).toEqual([]);
    else expect(await refused(bad)).toMatchObject(saying(dialect.badPattern));
  });
}

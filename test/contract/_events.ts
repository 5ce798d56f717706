import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, saying } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import { during } from './_during.ts';
import type { Stage } from './_suite.ts';

export function events(stage: Stage): void {
  const { dialect } = stage;
  const event = (action: string, id: string, more: object = {}, name = id) => ({
    type: 'image',
    action,
    id,
    attributes: { ...more, name },
  });

  test('tell of names, and of the end without labels', async () => {
    const { base, mid, app } = await loadImages(stage.engine.docker, FAMILIES.app);
    const labels = { team: 'shop', tier: '' };
    const byId = dialect.untagName === 'the image’s ID, and its labels';
    const untag = (name: string) => (byId ? event('untag', app, labels) : event('untag', app, {}, name));
    const told = await during(stage, async () => {
      await stage.api.post('/images/app:1/tag?repo=new');
      await stage.api.delete('/images/new');
      await stage.api.delete(`/images/${app}?force=1`);
      await stage.api.delete(`/images/${base}`);
    });
    const tag = dialect.defaultTag === 'the repository' ? 'new' : 'new:latest';
    expect(told).toEqual([
      event('tag', app, labels, tag),
      ...['new:latest', 'app:1', 'app:2', 'other/app:1'].map(untag),
      event('delete', app),
      ...(dialect.loadedParents === 'kept' ? [event('delete', mid)] : []),
      byId ? event('untag', base, { team: 'web' }) : event('untag', base, {}, 'base:1'),
      event('delete', base),
    ]);
  });

  test('tell of loads', async () => {
    let id = '';
    const told = await during(stage, async () => {
      id = (await loadImages(stage.engine.docker, FAMILIES.twin)).twin;
    });
    const times = dialect.loadEvents === 'once for an image' ? 1 : 2;
    expect(told).toEqual(Array.from({ length: times }, () => event('load', id)));
  });

  test('tell of containers with name, image and labels', async () => {
    await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    let id = '';
    const told = await during(stage, async () => {
      const container = await runContainer(stage.engine.docker, {
        image: 'box:1',
        name: 'web',
        labels: { a: 'b' },
      });
      id = container.id;
      await container.pause();
      await container.unpause();
      await container.stop();
      await container.rename({ name: 'old' });
      await container.remove();
    });
    const about = (action: string, more: object = {}, name = 'web') => ({
      type: 'container',
      action,
      id,
      attributes: { a: 'b', image: 'box:1', name, ...more },
    });
    const timed = dialect.execDuration ? { execDuration: expect.stringMatching(/^\d+$/) } : {};
    const ends = [about('die', { exitCode: '137', ...timed }), about('stop')];
    // containerd's own word of a pause may come after the engine has ended it: then the engine tells both again.
    const pauses = new Set<string>();
    const once = told.filter(
      ({ action }) => !/^(un)?pause$/.test(action) || (!pauses.has(action) && pauses.add(action)),
    );
    expect(once).toEqual([
      about('create'),
      about('start'),
      about('pause'),
      about('unpause'),
      about('kill', { signal: '9' }),
      ...(dialect.stopOrder === '`die` comes first' ? ends : ends.toReversed()),
      about('rename', { oldName: '/web' }, 'old'),
      about('destroy', {}, 'old'),
    ]);
  });

  test('are remembered, filtered and limited in time', async () => {
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    await stage.api.delete('/images/lone:1');
    const now = Math.floor(Date.now() / 1000) + 1;
    const query = (filter: object) => `/events?since=${now - 60}&until=${now}&${filters(filter)}`;
    const actions = async (filter: object) => {
      const { body } = await stage.api.get(query({ image: [lone], ...filter }));
      const events = (Array.isArray(body) ? body : [body]) as { Action: string; Actor: { ID: string } }[];
      return events.filter(({ Actor }) => Actor?.ID === lone).map(({ Action }) => Action);
    };
    expect((await actions({ event: ['delete'] })).at(-1)).toBe('delete');
    expect((await actions({ type: ['image'] })).slice(-3)).toEqual(['load', 'untag', 'delete']);
    expect(await actions({ type: ['container'] })).toEqual([]);
    expect((await stage.api.get('/events?since=1&until=2')).text).toBe('');
  });

  test('are no more than 256', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    for (let i = 0; i < 260; i++) await stage.api.post('/images/lone:1/tag?repo=again');
    const { body } = await stage.api.get(`/events?since=1&until=${Math.floor(Date.now() / 1000) + 1}`);
    expect(body).toHaveLength(256);
  });

  test.each([
    ['since=x', 500, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['since=5&until=2', 400, '`since` time (5) cannot be after `until` time (2)'],
  ])('refuse %s', async (query, status, message) => {
    expect(await stage.api.get(`/events?${query}`)).toMatchObject({ status, body: { message } });
  });

  test('refuse filters that are no JSON', async () => {
    expect(await stage.api.get('/events?filters=garbage')).toMatchObject(saying(dialect.garbageFilter));
  });
}

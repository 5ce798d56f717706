import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { startWitness } from '../../playground/parts/witness.ts';
import { filters } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

export function events(stage: Stage): void {
  /** What the engine said while `work` was done. */
  const during = async (work: () => Promise<unknown>) => {
    const witness = await startWitness(stage.engine);
    try {
      await work();
      // The last word, so that all before it has arrived.
      const { last } = await loadImages(stage.engine.docker, { last: { tags: ['last:1'], layers: [] } });
      await witness.waitFor(({ action, id }) => action === 'load' && id === last);
      return witness.events
        .filter(({ id }) => id !== last)
        .map(({ type, action, id, attributes }) => ({ type, action, id, attributes }));
    } finally {
      witness.stop();
    }
  };

  test('tell of names by the image’s ID, and of the end without labels', async () => {
    const { base, mid, app } = await loadImages(stage.engine.docker, FAMILIES.app);
    const labels = { team: 'shop', tier: '' };
    const told = await during(async () => {
      await stage.api.post('/images/app:1/tag?repo=new&tag=1');
      await stage.api.delete('/images/new:1');
      await stage.api.delete(`/images/${app}?force=1`);
      await stage.api.delete(`/images/${base}`);
    });
    const event = (action: string, id: string, more: object = {}, name = id) => ({
      type: 'image',
      action,
      id,
      attributes: { ...more, name },
    });
    expect(told).toEqual([
      event('tag', app, labels, 'new:1'),
      ...Array.from({ length: 4 }, () => event('untag', app, labels)),
      event('delete', app),
      event('delete', mid),
      event('untag', base, { team: 'web' }),
      event('delete', base),
    ]);
  });

  test('tell of containers with name, image and labels', async () => {
    await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    let id = '';
    const told = await during(async () => {
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
    const event = (action: string, more: object = {}, name = 'web') => ({
      type: 'container',
      action,
      id,
      attributes: { a: 'b', image: 'box:1', name, ...more },
    });
    expect(told).toEqual([
      event('create'),
      event('start'),
      event('pause'),
      event('unpause'),
      event('kill', { signal: '9' }),
      event('die', { exitCode: '137' }),
      event('stop'),
      event('rename', { oldName: '/web' }, 'old'),
      event('destroy', {}, 'old'),
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
    ['filters=x', 500, "invalid character 'x' looking for beginning of value"],
  ])('refuse %s', async (query, status, message) => {
    expect(await stage.api.get(`/events?${query}`)).toMatchObject({ status, body: { message } });
  });
}

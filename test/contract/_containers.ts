import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, saying } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

export function containers(stage: Stage): void {
  const { dialect } = stage;
  const load = () => loadImages(stage.engine.docker, { ...FAMILIES.lone, box: runnable(['box:1']) });
  const post = (path: string) => stage.api.post(`/containers/${path}`);
  const list = async (query = 'all=1') =>
    (await stage.api.get(`/containers/json?${query}`)).body as { Names: string[] }[];
  const create = (name: string, request: object) =>
    stage.api.post(`/containers/create?name=${name}`, request);

  test('are listed with their image as it was asked for', async () => {
    const { lone } = await load();
    const { status, body } = await create('web', { Image: 'lone:1', Labels: { role: 'web' } });
    expect(status).toBe(201);
    expect(await list('')).toEqual([]);
    expect(await list()).toMatchObject([
      {
        Id: (body as { Id: string }).Id,
        Names: ['/web'],
        Image: 'lone:1',
        ImageID: lone,
        Command: '/nothing',
        Labels: { role: 'web' },
        State: 'created',
        Status: 'Created',
        Mounts: [],
      },
    ]);
  });

  test('inherit labels and command from the image', async () => {
    await loadImages(stage.engine.docker, FAMILIES.app);
    await create('web', { Image: 'app:1', Labels: { tier: 'front' } });
    expect(await list()).toMatchObject([{ Labels: { team: 'shop', tier: 'front' }, Command: '/nothing' }]);
  });

  test('run, pause, stop and go', async () => {
    await load();
    const { id } = await runContainer(stage.engine.docker, { image: 'box:1', name: 'web' });
    const words = { id, name: 'web', asked: 'web' };
    const remove = (name = 'web') => stage.api.delete(`/containers/${name}`);
    expect(await list('')).toMatchObject([{ State: 'running', Names: ['/web'] }]);
    expect((await post('web/start')).status).toBe(304);
    expect((await post('web/pause')).status).toBe(204);
    expect(await list()).toMatchObject([{ State: 'paused' }]);
    expect(await post('web/pause')).toMatchObject({
      status: 409,
      body: { message: `Container ${id} is already paused` },
    });
    expect(await post('web/start')).toMatchObject({
      status: 409,
      body: { message: 'cannot start a paused container, try unpause instead' },
    });
    expect(await remove()).toMatchObject(saying(dialect.removePaused, words));
    expect((await post('web/unpause')).status).toBe(204);
    expect(await post('web/unpause')).toMatchObject({
      status: 500,
      body: { message: `Container ${id} is not paused` },
    });
    expect(await remove()).toMatchObject(saying(dialect.removeRunning, words));
    expect(await remove(id)).toMatchObject(saying(dialect.removeRunning, { ...words, asked: id }));
    expect((await post('web/stop')).status).toBe(204);
    expect((await post('web/stop')).status).toBe(304);
    expect(await post('web/kill')).toMatchObject(saying(dialect.killNotRunning, words));
    expect(await post('web/pause')).toMatchObject(saying(dialect.notRunning, words));
    expect(await post('web/kill?signal=FOO')).toMatchObject(saying(dialect.badSignal));
    expect(await list()).toMatchObject([{ State: 'exited' }]);
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
  });

  test('go by force, whatever they do', async () => {
    await load();
    for (const action of ['start', 'start pause']) {
      await create('web', { Image: 'box:1', HostConfig: { NetworkMode: 'none' } });
      for (const word of action.split(' ')) await post(`web/${word}`);
      expect((await stage.api.delete('/containers/web?force=1')).status).toBe(204);
    }
    expect(await list()).toEqual([]);
  });

  test('are waited for, and say how they ended', async () => {
    await load();
    const container = await runContainer(stage.engine.docker, { image: 'box:1', name: 'web' });
    const waiting = container.wait();
    await container.kill();
    expect(await waiting).toMatchObject({ StatusCode: 137 });
    await runContainer(stage.engine.docker, {
      image: 'box:1',
      name: 'job',
      state: 'stopped',
      cmd: ['false'],
    });
    expect((await stage.api.get('/containers/job/json')).body).toMatchObject({
      State: { Status: 'exited', ExitCode: 1, Running: false },
    });
    expect((await post('job/wait')).body).toMatchObject({ StatusCode: 1 });
    const odd = await post('job/wait?condition=x');
    if (typeof dialect.badCondition !== 'string') expect(odd).toMatchObject(saying(dialect.badCondition));
    else expect(odd.body).toMatchObject({ StatusCode: 1 });
  });

  test('tell which manifest they are made of, where images have one', async () => {
    const { lone } = await load();
    await create('web', { Image: 'lone:1' });
    const [listed] = await list();
    for (const found of [listed, (await stage.api.get('/containers/web/json')).body]) {
      if (dialect.manifestDescriptor)
        expect(found).toMatchObject({ ImageManifestDescriptor: { digest: lone } });
      else expect(found).not.toHaveProperty('ImageManifestDescriptor');
    }
  });

  test('whose program is missing don’t start', async () => {
    await load();
    await create('web', { Image: 'lone:1', HostConfig: { NetworkMode: 'none' } });
    expect(await post('web/start')).toMatchObject(saying(dialect.missingProgram));
    expect(await list()).toMatchObject([{ State: 'created' }]);
  });

  test('have one name each', async () => {
    await load();
    const { body } = await create('web', { Image: 'lone:1' });
    const { Id } = body as { Id: string };
    const taken = `Conflict. The container name "/web" is already in use by container "${Id}". You have to remove (or rename) that container to be able to reuse that name.`;
    expect(await create('web', { Image: 'lone:1' })).toMatchObject({ status: 409, body: { message: taken } });
    await create('db', { Image: 'lone:1' });
    expect(await post('db/rename?name=web')).toMatchObject({
      status: 409,
      body: { message: `Error when allocating new name: ${taken}` },
    });
    expect((await post('db/rename?name=sql')).status).toBe(204);
    expect((await stage.api.get('/containers/sql/json')).status).toBe(200);
    expect((await stage.api.get(`/containers/${Id.slice(0, 12)}/json`)).body).toMatchObject({
      Id,
      Name: '/web',
    });
  });

  test('are filtered', async () => {
    await load();
    await create('web', { Image: 'lone:1' });
    await create('db', { Image: 'lone:1', Labels: { role: 'db' } });
    const cases: [object, string[]][] = [
      [{ ancestor: ['lone:1'] }, ['/db', '/web']],
      [{ ancestor: ['never'] }, []],
      [{ name: ['we'] }, ['/web']],
      [{ label: ['role=db'] }, ['/db']],
      [{ status: ['exited'] }, []],
      [{ status: ['created'] }, ['/db', '/web']],
    ];
    for (const [filter, expected] of cases) {
      const found = await list(`all=1&${filters(filter)}`);
      expect(found.map(({ Names }) => Names[0]).sort(), JSON.stringify(filter)).toEqual(expected);
    }
  });

  test('show another image’s name no longer', async () => {
    const { lone } = await load();
    await create('web', { Image: 'lone:1' });
    await stage.api.post('/images/box:1/tag?repo=lone&tag=1');
    expect(await list()).toMatchObject([{ Image: lone, ImageID: lone }]);
  });
}

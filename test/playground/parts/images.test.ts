import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { buildChild, busyboxImage, loadImages } from '../../../playground/parts/images.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { startWitness } from '../../../playground/parts/witness.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';

describe.skipIf(skipWithout('sample images', 'engines', 'busybox'))('sample images', () => {
  let scope: Scope;
  let engine: Engine;
  beforeAll(async () => {
    scope = createScope('test');
    engine = await startEngine(scope, { name: 'one' });
  });
  afterAll(() => scope.close());
  const inspect = (image: string) => engine.docker.getImage(image).inspect();

  test('get the IDs, tags, labels and dates that were asked for', async () => {
    const ids = await loadImages(engine.docker, {
      app: {
        layers: [{ name: 'app', bytes: 2000 }],
        tags: ['team/app:1', 'team/app:latest'],
        labels: { team: 'web' },
      },
      old: {
        layers: [{ name: 'old', bytes: 3000 }],
        tags: ['old:1'],
        created: new Date('2020-02-02T00:00:00Z'),
      },
      empty: { layers: [], tags: ['empty:1'] },
    });
    const app = await inspect('team/app:1');
    expect(app).toMatchObject({ Id: ids.app, Size: 2000, RepoTags: ['team/app:1', 'team/app:latest'] });
    expect(app.Config.Labels).toEqual({ team: 'web' });
    expect(await inspect('old:1')).toMatchObject({
      Id: ids.old,
      Created: '2020-02-02T00:00:00Z',
      Parent: '',
    });
    expect(await inspect('empty:1')).toMatchObject({ Id: ids.empty, Size: 0 });
  });

  test('share equal layers: on disk they are counted once', async () => {
    const before = (await engine.docker.df()).LayersSize;
    const base = { name: 'shared-base', bytes: 1_000_000 };
    await loadImages(engine.docker, {
      one: { layers: [base, { name: 'one', bytes: 1000 }], tags: ['shared:1'] },
      two: { layers: [base, { name: 'two', bytes: 1000 }], tags: ['shared:2'] },
      three: { layers: [base], comment: 'the same layers, another image', tags: ['shared:3'] },
    });
    expect((await engine.docker.df()).LayersSize - before).toBe(1_002_000);
    const [one, two] = await Promise.all([inspect('shared:1'), inspect('shared:2')]);
    expect(one.RootFS.Layers?.[0]).toBe(two.RootFS.Layers?.[0]);
    expect(one.RootFS.Layers?.[1]).not.toBe(two.RootFS.Layers?.[1]);
  });

  test('without tags are dangling', async () => {
    const { loose } = await loadImages(engine.docker, {
      loose: { layers: [{ name: 'loose', bytes: 10 }], tags: [] },
    });
    const dangling = await engine.docker.listImages({ filters: { dangling: ['true'] } });
    expect(dangling.map((image) => image.Id)).toEqual([loose]);
  });

  test('have a Parent when loaded or built on another, which then cannot be deleted by ID', async () => {
    const ids = await loadImages(engine.docker, {
      // Children may stand before their parents.
      child: { parent: 'base', layers: [{ name: 'child', bytes: 20 }], tags: ['child:1'] },
      relabelled: { parent: 'base', layers: [], labels: { a: 'b' }, tags: ['child:2'] },
      base: { layers: [{ name: 'base', bytes: 10 }], tags: ['base:1'] },
    });
    expect((await inspect('child:1')).Parent).toBe(ids.base);
    expect((await inspect('child:2')).Parent).toBe(ids.base);
    const built = await buildChild(engine.docker, 'base:1', { tag: 'child:3', label: 'a "quoted" word' });
    expect(await inspect('child:3')).toMatchObject({ Id: built, Parent: ids.base });
    expect((await inspect(built)).Config.Labels).toEqual({ 'dimg.child': 'a "quoted" word' });
    const untagged = await buildChild(engine.docker, ids.child, { label: 'untagged' });
    expect(await inspect(untagged)).toMatchObject({ RepoTags: [], Parent: ids.child });
    await expect(engine.docker.getImage(ids.base).remove({ force: true })).rejects.toThrow(
      /dependent child images/,
    );
  });

  test('run, stop, or are only created, and a witness sees what changed', async () => {
    const { busy, data } = await loadImages(engine.docker, {
      busy: busyboxImage(['busy:1'], { layers: [{ name: 'on-top', bytes: 100 }] }),
      data: { layers: [{ name: 'data', bytes: 100 }], tags: ['data:1'] },
    });
    const witness = await startWitness(engine);
    const before = await witness.snapshot();
    await Promise.all([
      runContainer(engine.docker, { image: busy, name: 'runs' }),
      runContainer(engine.docker, { image: 'busy:1', name: 'ran', state: 'stopped' }),
      runContainer(engine.docker, { image: 'data:1', name: 'made', state: 'created' }),
    ]);
    const between = await witness.snapshot();
    const states = between.containers.map(({ name, state, imageId }) => [name, state, imageId]).sort();
    expect(states).toEqual([
      ['made', 'created', data],
      ['ran', 'exited', busy],
      ['runs', 'running', busy],
    ]);

    await engine.docker.getContainer('runs').stop();
    await engine.docker.getContainer('made').remove();
    await engine.docker.getImage('data:1').remove();
    await engine.docker.getImage(busy).tag({ repo: 'busy', tag: '2' });
    const deleted = await witness.waitFor((event) => event.action === 'delete' && event.type === 'image');
    expect(deleted.id).toBe(data);
    const after = await witness.snapshot();
    expect(diff(between, after)).toMatchObject({
      imagesGone: [data],
      tagsGone: [`data:1=${data}`],
      tagsNew: [`busy:2=${busy}`],
      containersGone: ['made'],
      containersChanged: ['runs: running -> exited'],
    });
    expect(diff(before, between)).toMatchObject({
      imagesGone: [],
      containersNew: expect.arrayContaining(['runs']),
    });
    witness.stop();
  });

  test('a witness goes on over a restart of the engine, without hearing anything twice', async () => {
    await loadImages(engine.docker, { w: { layers: [], tags: ['witness:1'] } });
    const witness = await startWitness(engine);
    await engine.docker.getImage('witness:1').tag({ repo: 'witness', tag: '2' });
    await engine.restart();
    await engine.docker.getImage('witness:1').tag({ repo: 'witness', tag: '3' });
    await witness.waitFor((event) => event.attributes.name === 'witness:3');
    const tagged = witness.events
      .filter((event) => event.action === 'tag')
      .map((event) => event.attributes.name);
    expect(tagged).toEqual(['witness:2', 'witness:3']);
    witness.stop();
  });
});

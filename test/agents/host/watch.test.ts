import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../agents/host/engine.ts';
import { engineAddress } from '../../../agents/host/engine-address.ts';
import { openWatch, type Watch } from '../../../agents/host/watch.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { buildChild, busyboxImage } from '../../../playground/parts/images.ts';
import { pullImage, pushImage, startRegistry } from '../../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { memoryLastUsed } from './_around.ts';
import { load } from './_setup.ts';

describe.skipIf(skipWithout('events of a real engine', 'engines', 'busybox', 'registry'))('the watch', () => {
  const lastUsed = memoryLastUsed();
  const touched: ImageId[] = [];
  const stop = new AbortController();
  let scope: Scope;
  let engine: Engine;
  let watch: Watch;
  let ended: Promise<void>;

  beforeAll(async () => {
    scope = createScope('watch');
    engine = await startEngine(scope, { name: 'host-1' });
    const address = engineAddress({ host: engine.host, tlsVerify: undefined, certPath: undefined });
    watch = openWatch({
      engine: openEngine({ address }),
      lastUsed,
      touched: (id) => void touched.push(id),
      sleep: (ms) => sleep(Math.min(ms, 100)),
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    ended = watch.run(stop.signal);
    while ((await watch.settled()) === null) await sleep(10);
  }, 60_000);
  afterAll(async () => {
    stop.abort();
    await ended;
    await scope?.close();
  }, 60_000);

  /** What was heard of an image by doing something, after the moment before it. */
  const heard = async (image: () => ImageId | string, deed: () => Promise<unknown>) => {
    const before = Date.now();
    await sleep(5);
    await deed();
    await expect
      .poll(() => lastUsed.of(image() as ImageId).usedAt, { timeout: 5000 })
      .toBeGreaterThan(before);
    await watch.settled();
    return { ...lastUsed.of(image() as ImageId), before };
  };

  test('hears a container begin and end', async () => {
    const { web } = await load(engine, { web: busyboxImage(['web:1']) });
    await watch.settled();
    let container: Awaited<ReturnType<typeof runContainer>> | undefined;
    const { arrivedAt } = lastUsed.of(web);
    await heard(
      () => web,
      async () => {
        container = await runContainer(engine.docker, { image: 'web:1', name: 'web-1' });
      },
    );
    const end = await heard(
      () => web,
      async () => container?.remove({ force: true }),
    );
    // A use is no arrival.
    expect(end.arrivedAt).toBe(arrivedAt);
  });

  test('knows a container that has gone before it could be looked at by the name of its image', async () => {
    const { web } = await load(engine, { web: busyboxImage(['short:1']) });
    await heard(
      () => web,
      async () => {
        const container = await runContainer(engine.docker, { image: 'short:1', state: 'created' });
        await container.remove();
      },
    );
  });

  test('hears a name given once more, a build and a pull, which make an image young', async () => {
    const registry = await startRegistry(scope);
    const ref = `${registry.host}/team/app:1`;
    const { app } = await load(engine, { app: { tags: [ref], layers: [{ name: 'app', bytes: 10 }] } });
    await pushImage(engine.docker, ref);
    for (const deed of [
      () => engine.docker.getImage(app).tag({ repo: 'again', tag: '1' }),
      () => engine.docker.getImage(app).tag({ repo: 'again', tag: '1' }),
      () => pullImage(engine.docker, ref),
    ]) {
      touched.length = 0;
      const { arrivedAt, before } = await heard(() => app, deed);
      expect(arrivedAt).toBeGreaterThan(before);
      expect(touched).toContain(app);
    }
    let built = '';
    const { arrivedAt, before } = await heard(
      () => built,
      async () => {
        built = await buildChild(engine.docker, 'again:1', { label: 'x', tag: 'built:1' });
      },
    );
    expect(arrivedAt).toBeGreaterThan(before);
  });

  test('says when it may have missed something, and listens again once the engine is back', async () => {
    const { web } = await load(engine, { web: busyboxImage(['late:1']) });
    const connection = await watch.settled();
    await engine.stop();
    await expect.poll(() => watch.settled()).toBeNull();
    await engine.restart();
    await expect.poll(() => watch.settled(), { timeout: 10_000 }).not.toBeNull();
    expect(await watch.settled()).not.toBe(connection);
    await heard(
      () => web,
      () => runContainer(engine.docker, { image: 'late:1', state: 'created' }),
    );
  });
});

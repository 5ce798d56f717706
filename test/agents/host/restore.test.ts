import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../agents/host/engine.ts';
import { engineAddress } from '../../../agents/host/engine-address.ts';
import { registryAuth } from '../../../agents/host/registry-auth.ts';
import { restore as restoreOn } from '../../../agents/host/restore.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { MEMBER, pushImage, type Registry, startRegistry } from '../../../playground/parts/registry.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import type { Item } from '../../../src/domain/plan.ts';
import { empty, load } from './_setup.ts';

describe.skipIf(skipWithout('bringing images back on a real engine', 'engines', 'registry'))(
  'an undo',
  () => {
    let scope: Scope;
    let engine: Engine;
    let open: Registry;
    let closed: Registry;
    let config: string;
    beforeAll(async () => {
      scope = createScope('restore');
      [engine, open, closed] = await Promise.all([
        startEngine(scope, { name: 'host-1' }),
        startRegistry(scope),
        startRegistry(scope, { closed: true }),
      ]);
      config = join(scope.dir, 'docker-config');
      mkdirSync(config);
      const auth = Buffer.from(`${MEMBER.username}:${MEMBER.password}`).toString('base64');
      writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    }, 60_000);
    afterEach(() => empty(engine));
    afterAll(() => scope?.close(), 60_000);

    const restore = (at: ReturnType<typeof port>, wanted: Item) => restoreOn(at, wanted, async () => false);
    const port = (folder?: string) =>
      openEngine({
        address: engineAddress({ host: engine.host, tlsVerify: undefined, certPath: undefined }),
        registryAuth: registryAuth(folder ?? scope.dir),
      });
    const item = (image: ImageId, references: readonly string[], recoverable?: string): Item => ({
      ...{ image, size: 1, createdAt: 0, usedAt: 0, action: 'restore', remove: [], containers: [] },
      ...{ references: [...references], force: false, reclaim: 0, usedBy: [] },
      ...(recoverable !== undefined && { recoverable }),
    });
    const names = async () => {
      const images = await engine.docker.listImages();
      // The containerd store lists what was pulled by digest among the tags.
      const tags = (all: string[] | undefined) => (all ?? []).filter((tag) => !tag.includes('@')).sort();
      return Object.fromEntries(images.map(({ Id, RepoTags }) => [Id, tags(RepoTags)]));
    };
    const pushed = async (registry: Registry) => {
      const ref = `${registry.host}/team/app:1`;
      const layers = [{ name: 'app', bytes: 3000 }];
      const { app, other } = await load(engine, {
        app: { tags: [ref, 'app:1', 'app:2'], layers },
        other: { tags: ['other:1'], layers: [{ name: 'other', bytes: 10 }] },
      });
      const digest = `${registry.host}/team/app@${await pushImage(engine.docker, ref, MEMBER)}`;
      return { ref, app, other, digest };
    };

    test('gives an untagged image its name again', async () => {
      const { app } = await load(engine, {
        app: { tags: ['app:1', 'app:2'], layers: [{ name: 'a', bytes: 1 }] },
      });
      await engine.docker.getImage('app:2').remove();
      expect(await restore(port(), item(app, ['app:2']))).toMatchObject({
        outcome: 'restored',
        removed: ['app:2'],
      });
      expect(await names()).toEqual({ [app]: ['app:1', 'app:2'] });
    });

    test('pulls a deleted image by its digest, and gives it all its names', async () => {
      const { ref, app, other, digest } = await pushed(open);
      await engine.docker.getImage(app).remove({ force: true });
      const back = await restore(port(), item(app, [ref, 'app:1', 'app:2'], digest));
      expect(back).toMatchObject({ outcome: 'restored', removed: [ref, 'app:1', 'app:2'] });
      expect(await names()).toEqual({ [app]: [ref, 'app:1', 'app:2'].sort(), [other]: ['other:1'] });
    });

    test('brings an image back that was known by its digest alone', async () => {
      const { app, digest } = await pushed(open);
      await engine.docker.getImage(app).remove({ force: true });
      expect(await restore(port(), item(app, [digest], digest))).toMatchObject({ outcome: 'restored' });
      expect((await engine.docker.getImage(app).inspect()).RepoDigests).toContain(digest);
    });

    test('uses the credentials of Docker’s own configuration, and says so where there are none', async () => {
      const { ref, app, digest } = await pushed(closed);
      await engine.docker.getImage(app).remove({ force: true });
      expect(await restore(port(), item(app, [ref], digest))).toMatchObject({
        outcome: 'failed',
        why: { kind: 'not-pulled', message: expect.any(String) },
      });
      expect(Object.keys(await names())).not.toContain(app);
      expect(await port(config).distribution(digest, 5000)).toBe(true);
      expect(await restore(port(config), item(app, [ref], digest))).toMatchObject({ outcome: 'restored' });
    });

    test('does twice what it does once', async () => {
      const { ref, app, digest } = await pushed(open);
      await engine.docker.getImage(app).remove({ force: true });
      const wanted = item(app, [ref, 'app:1'], digest);
      const [one, two] = await Promise.all([restore(port(), wanted), restore(port(), wanted)]);
      expect([one.outcome, two.outcome]).toEqual(['restored', 'restored']);
      expect(await restore(port(), wanted)).toMatchObject({ outcome: 'restored' });
      expect((await names())[app]).toEqual([ref, 'app:1'].sort());
    });

    test('leaves a name alone that means another image by now', async () => {
      const { ref, app, other, digest } = await pushed(open);
      await engine.docker.getImage(app).remove({ force: true });
      await engine.docker.getImage(other).tag({ repo: 'app', tag: '1' });
      expect(await restore(port(), item(app, [ref, 'app:1'], digest))).toMatchObject({
        outcome: 'skipped',
        removed: [ref],
        why: { kind: 'taken', names: ['app:1'] },
      });
      expect((await names())[other]).toEqual(['app:1', 'other:1']);
    });

    test('says what is gone for good, and what the registry does not have any more', async () => {
      const { ref, app, digest } = await pushed(open);
      await engine.docker.getImage(app).remove({ force: true });
      expect(await restore(port(), item(app, ['app:1']))).toMatchObject({
        outcome: 'failed',
        why: { kind: 'gone' },
      });
      const url = `${open.url}/v2/team/app/manifests/${digest.split('@')[1]}`;
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(202);
      expect(await restore(port(), item(app, [ref], digest))).toMatchObject({
        outcome: 'failed',
        why: { kind: 'not-pulled' },
      });
    });
  },
);

import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { isAlive, mountsBelow, processesOf } from '../../../playground/parts/cleanup.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { busyboxImage, loadImages } from '../../../playground/parts/images.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';

describe.skipIf(skipWithout('engines', 'engines', 'busybox'))('an engine', () => {
  let scope: Scope;
  let one: Engine;
  let two: Engine;

  beforeAll(async () => {
    scope = createScope('test');
    [one, two] = await Promise.all([
      startEngine(scope, { name: 'one' }),
      startEngine(scope, { name: 'two', storageDriver: 'vfs' }),
    ]);
  });
  afterAll(() => scope.close());

  const names = async (engine: Engine) =>
    (await engine.docker.listImages()).flatMap((image) => image.RepoTags ?? []);

  test('stands beside another without seeing its images and containers', async () => {
    await Promise.all([
      loadImages(one.docker, { busy: busyboxImage(['busy:one']) }),
      loadImages(two.docker, { busy: busyboxImage(['busy:two']) }),
    ]);
    await Promise.all([
      runContainer(one.docker, { image: 'busy:one', name: 'same-name' }),
      runContainer(two.docker, { image: 'busy:two', name: 'same-name' }),
    ]);
    expect(await names(one)).toEqual(['busy:one']);
    expect(await names(two)).toEqual(['busy:two']);
    await one.docker.getContainer('same-name').remove({ force: true });
    expect((await two.docker.getContainer('same-name').inspect()).State.Running).toBe(true);
  });

  test('uses the storage driver it was asked for, and says its versions', () => {
    expect(two.info.storageDriver).toBe('vfs');
    expect(['overlay2', 'vfs']).toContain(one.info.storageDriver);
    expect(one.info.apiVersion).toMatch(/^1\.\d+$/);
  });

  test('keeps its images over a restart and over SIGKILL', async () => {
    await one.restart();
    expect(await names(one)).toEqual(['busy:one']);
    const running = await runContainer(one.docker, { image: 'busy:one', name: 'survivor' });
    const { Pid: pid } = (await running.inspect()).State;
    await one.kill();
    expect(one.running()).toBe(false);
    expect(isAlive(pid)).toBe(true);
    await one.restart();
    expect(await names(one)).toEqual(['busy:one']);
  });

  test('does not answer while paused', async () => {
    one.pause();
    const answer = one.docker.ping();
    expect(await Promise.race([answer, new Promise((r) => setTimeout(r, 100, 'nothing'))])).toBe('nothing');
    one.resume();
    expect(String(await answer)).toBe('OK');
  });

  test('says why when it does not start', async () => {
    await expect(startEngine(scope, { name: 'bad', args: ['--no-such-option'] })).rejects.toThrow(
      /no-such-option/,
    );
  });

  test('is gone with its containers, mounts and folder when the scope closes, killed or not', async () => {
    const own = createScope('test');
    const [clean, killed] = await Promise.all([
      startEngine(own, { name: 'clean' }),
      startEngine(own, { name: 'killed' }),
    ]);
    const pids = await Promise.all(
      [clean, killed].map(async ({ docker }) => {
        await loadImages(docker, { busy: busyboxImage(['busy:1']) });
        return (await (await runContainer(docker, { image: 'busy:1' })).inspect()).State.Pid;
      }),
    );
    await killed.kill();
    expect(mountsBelow(own.dir).length).toBeGreaterThan(0);
    expect(processesOf(own.dir)).toEqual(expect.arrayContaining(pids));
    await own.close();
    expect(mountsBelow(own.dir)).toEqual([]);
    expect(processesOf(own.dir)).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(own.dir);
    expect(existsSync(own.dir)).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { direct } from './_direct.ts';
import { useHost } from './_host.ts';
import { load, loadMany, prune, rmi } from './_setup.ts';

describe.skipIf(skipWithout('execution on a real engine', 'engines', 'redis'))('execution', () => {
  const host = useHost('execute');
  /** Images in the agent's hands at once. */
  const lanes = () => (host.engine.store === 'containerd' ? 16 : 4);
  const many = (n: number) => loadMany(host.engine, n);
  const app = (...tags: string[]) =>
    load(host.engine, { app: { tags, layers: [{ name: 'app', bytes: 4000 }] } });

  test('stops at the next image when the run is cancelled', async () => {
    await many(40);
    const at = direct(host.engine);
    const plan = await at.plan(prune({ all: true }));
    let removals = 0;
    const { outcomes } = await at.execute(plan, {
      tamper: {
        remove: (name, options) => {
          removals++;
          return at.engine.remove(name, options);
        },
      },
      cancelled: () => removals >= 6,
    });
    const left = (await host.witness.snapshot()).images.map(({ id }) => id);
    expect(outcomes).toHaveLength(40);
    expect(outcomes.filter(({ outcome }) => outcome === 'deleted').length).toBe(40 - left.length);
    expect(left.length).toBeGreaterThanOrEqual(40 - 6 - (lanes() - 1));
    const skipped = outcomes.filter(({ outcome }) => outcome === 'skipped');
    expect(skipped.map(({ image }) => image).toSorted()).toEqual(left.toSorted());
    expect(skipped.every(({ why }) => why?.kind === 'cancelled')).toBe(true);
  });

  test('stops at the next image when the agent is told to end', async () => {
    await many(40);
    const at = direct(host.engine);
    const stop = new AbortController();
    const { outcomes } = await at.execute(await at.plan(prune({ all: true })), {
      tamper: {
        remove: (name, options) => {
          stop.abort();
          return at.engine.remove(name, options);
        },
      },
      stop: stop.signal,
    });
    const left = (await host.witness.snapshot()).images;
    expect(outcomes.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(left.length);
    expect(left.length).toBeGreaterThanOrEqual(40 - lanes());
  });

  test('gives tags back when a container takes the image in mid-way', async () => {
    const { app: id } = await app('app:1', 'app:2', 'app:3');
    const at = direct(host.engine);
    const before = await host.witness.snapshot();
    const { outcomes } = await at.execute(await at.plan(rmi([id])), {
      tamper: {
        remove: async (name, options) => {
          // The last request goes by ID, after the last look.
          if (name === id)
            await runContainer(host.engine.docker, { image: id, name: 'new', state: 'created' });
          return at.engine.remove(name, options);
        },
      },
    });
    expect(outcomes).toMatchObject([
      {
        outcome: 'skipped',
        removed: [],
        why: { kind: 'in-use', by: [{ container: 'new', running: false }] },
      },
    ]);
    expect(diff(before, await host.witness.snapshot())).toMatchObject({ imagesGone: [], tagsGone: [] });
  });

  test('stops when a tag is moved away in mid-way, and gives back what it had taken', async () => {
    const { app: id } = await app('app:1', 'app:2', 'app:3');
    const { other } = await load(host.engine, {
      other: { tags: ['other:1'], layers: [{ name: 'other', bytes: 1 }] },
    });
    const at = direct(host.engine);
    const { outcomes } = await at.execute(await at.plan(rmi([id])), {
      tamper: {
        remove: async (name, options) => {
          const removal = await at.engine.remove(name, options);
          if (name === 'app:1') await host.engine.docker.getImage(other).tag({ repo: 'app', tag: '2' });
          return removal;
        },
      },
    });
    expect(outcomes).toMatchObject([
      { outcome: 'skipped', removed: [], why: { kind: 'references', now: ['app:3'] } },
    ]);
    const { images } = await host.witness.snapshot();
    expect(images.find((image) => image.id === other)?.tags).toEqual(['app:2', 'other:1']);
    expect(images.find((image) => image.id === id)?.tags).toEqual(['app:1', 'app:3']);
  });

  test('keeps to rules that are stricter by now', async () => {
    const { app: id } = await app('app:1');
    await runContainer(host.engine.docker, { image: id, name: 'old', state: 'created' });
    const at = direct(host.engine);
    const plan = await at.plan(rmi([id], true));
    const rules = { ...DEFAULT_RULES, minAge: 0 };
    const run = async (more: Partial<typeof rules>) =>
      (await at.execute(plan, { rules: { ...rules, ...more } as never })).outcomes[0];
    expect(await run({ allow: { ...DEFAULT_RULES.allow, force: false } })).toMatchObject({
      outcome: 'skipped',
      why: { kind: 'force-off' },
    });
    expect(await run({ protect: ['app'] as never })).toMatchObject({
      outcome: 'skipped',
      why: { kind: 'protected', by: 'app' },
    });
    expect((await host.witness.snapshot()).images).toHaveLength(1);
  });

  test('leaves an image of a prune that was tagged anew, by the same name', async () => {
    const { app: id } = await app('app:1');
    const at = direct(host.engine);
    const plan = await at.plan(prune({ all: true }));
    await host.engine.docker.getImage(id).tag({ repo: 'app', tag: '1' });
    const rules = DEFAULT_RULES;
    const { outcomes } = await at.execute(plan, { rules, prune: true });
    expect(outcomes).toMatchObject([{ outcome: 'skipped', why: { kind: 'min-age', least: 3_600_000 } }]);
  });

  test('names containers that were made in the instant of a deletion', async () => {
    const { app: id } = await app('app:1');
    const at = direct(host.engine);
    const raced = { id: 'x', name: 'late', imageId: id, state: 'created', labels: {}, mounts: [] } as const;
    let deleted = false;
    const result = await at.execute(await at.plan(rmi(['app:1'])), {
      tamper: {
        remove: async (name, options) => {
          const removal = await at.engine.remove(name, options);
          deleted = true;
          return removal;
        },
        containers: async () => (deleted ? [raced as never] : []),
      },
    });
    expect(result.raced).toEqual(['late']);
  });

  test('looks up what became of a deletion that got no answer', async () => {
    const { app: id } = await app('app:1');
    const at = direct(host.engine, { callLimitMs: 400, removeLimitMs: 400 });
    const plan = await at.plan(rmi(['app:1']));
    let asked = 0;
    const { outcomes } = await at.execute(plan, {
      tamper: {
        remove: async (name, options) => {
          asked++;
          host.engine.pause();
          setTimeout(() => host.engine.resume(), 1500);
          return at.engine.remove(name, options);
        },
      },
    });
    expect(asked).toBe(1);
    const gone = !(await host.witness.snapshot()).images.some((image) => image.id === id);
    expect(outcomes).toMatchObject([{ image: id, outcome: gone ? 'deleted' : 'failed' }]);
  }, 20_000);
});

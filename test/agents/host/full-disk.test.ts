import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { HostName } from '../../../src/domain/ids.ts';
import { planDigest } from '../../../src/domain/plan.ts';
import { useHost } from './_host.ts';
import { itemOf } from './_journal.ts';
import { type Agent, type Bot, load, prune, startAgent, startBot } from './_setup.ts';

describe.skipIf(skipWithout('a full disk', 'engines', 'redis'))(
  'with a full disk under its state folder',
  () => {
    const host = useHost('full-disk');
    const mounts: string[] = [];
    afterAll(() => {
      for (const mount of mounts) spawnSync('umount', ['-l', mount]);
    });

    /** A disk of 3 MB with an agent's state, on which nothing can be written any more. */
    async function onFullDisk(
      name: string,
      yaml: string,
    ): Promise<{ agent: Agent; bot: Bot; state: string }> {
      const state = join(host.scope.dir, `state-${name}`);
      mkdirSync(state);
      const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', state]);
      if (status !== 0) throw new Error('this root may not mount');
      mounts.push(state);
      const config = join(host.scope.dir, `${name}.yaml`);
      writeFileSync(config, yaml);
      const env = { DIMG_HOST: name, DIMG_STATE_DIR: state, DIMG_AGENT_CONFIG: config };
      const agent = await startAgent(host.scope, host.redis, host.engine, env);
      const file = openSync(join(state, 'filler'), 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      } finally {
        closeSync(file);
      }
      expect(statfsSync(state).bavail).toBe(0);
      return { agent, bot: await startBot(host.redis, HostName.parse(name)), state };
    }
    const three = () =>
      load(host.engine, {
        a: { tags: [], layers: [{ name: 'a', bytes: 1000 }] },
        b: { tags: [], layers: [{ name: 'b', bytes: 2000 }] },
        c: { tags: [], layers: [{ name: 'c', bytes: 3000 }] },
      });

    describe('an agent', () => {
      let at: { agent: Agent; bot: Bot };
      beforeAll(async () => {
        at = await onFullDisk('full-1', 'min-age: 0s\n');
      });
      afterAll(async () => {
        await at?.agent.stop();
        await at?.bot.close();
      });

      test('makes room', async () => {
        await three();
        const { outcomes } = await at.bot.execute(await at.bot.plan(prune()));
        expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted', 'deleted']);
        expect((await host.witness.snapshot()).images).toEqual([]);
      });

      test('refuses what its journal has no room for, in a sentence, before anything is done', async () => {
        await three();
        const plan = await at.bot.plan(prune());
        const items = [...plan.items, ...Array.from({ length: 6000 }, (_, i) => itemOf(i))];
        const job = await at.bot.executeJob({
          ...plan,
          items,
          digest: planDigest(HostName.parse('full-1'), items, []),
        });
        await at.bot.send(job);
        expect((await at.bot.report(job.id, 'refused')).why).toEqual({
          kind: 'refused',
          message: expect.stringMatching(
            /^the agent’s journal has no room for 6003 images at once, and the disk .* is full/,
          ),
        });
        expect((await host.witness.snapshot()).images).toHaveLength(3);
      });
    });

    test('an agent with hourly limits makes room as well, counts it, and knows it at its next start', async () => {
      const yaml = 'min-age: 0s\nlimits: { per-hour: { images: 2 } }\n';
      const { agent, bot, state } = await onFullDisk('full-2', yaml);
      await three();
      const whole = await bot.plan(prune());
      expect(whole.items).toHaveLength(2);
      const { outcomes } = await bot.execute(whole);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted']);
      expect((await host.witness.snapshot()).images).toHaveLength(1);
      await agent.stop();
      const env = {
        DIMG_HOST: 'full-2',
        DIMG_STATE_DIR: state,
        DIMG_AGENT_CONFIG: join(host.scope.dir, 'full-2.yaml'),
      };
      const next = await startAgent(host.scope, host.redis, host.engine, env);
      const { items, kept } = await bot.plan(prune());
      expect(items).toEqual([]);
      expect(kept).toMatchObject([{ reason: { kind: 'limit' } }]);
      await next.stop();
      await bot.close();
    });
  },
);

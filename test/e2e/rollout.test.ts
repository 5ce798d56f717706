import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { openStage, type Stage, wait } from './_world.ts';

const HOSTS = ['host-1', 'host-2', 'host-3'];

describe.skipIf(skipWithout('many hosts in turn', 'redis', 'engines'))('a rollout', () => {
  let stage: Stage;
  let made = 0;
  beforeAll(async () => {
    stage = await openStage('rollout', {
      hosts: HOSTS,
      botConfig: 'approval: { approvers: [U0BO], expires: 20s }\n',
    });
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    made++;
    for (const host of HOSTS)
      await loadImages(stage.docker(host), {
        one: { tags: [`app-${made}:1`], layers: [{ name: `${host} ${made}`, bytes: 10_000 }] },
      });
  });

  /** On which hosts the image is still there, by the engines' own lists. */
  const left = async () => {
    const there = await Promise.all(
      HOSTS.map(async (host) => {
        const { images } = await stage.witness(host).snapshot();
        return images.some(({ tags }) => tags.includes(`app-${made}:1`)) ? [host] : [];
      }),
    );
    return there.flat();
  };
  const asked = async (options: string) => {
    const card = await stage.ana.asks(`/dimg prune all -a --repo app-${made} ${options}`);
    await stage.ana.presses(card, 'Delete');
    return card;
  };

  test('begins with a canary, waits, and goes on when somebody says so', async () => {
    const card = await asked('--canary 1');
    const paused = await card.waitFor(({ text }) => text.includes('waits to be continued'));
    expect(paused.state).toBe('executing');
    expect(paused.buttons).toEqual(['Continue', 'Cancel']);
    expect(paused.lines[1]).toContain('the first hosts are done; deleted 1 of 3');
    expect(paused.lines.filter((line) => line.includes('waits for its turn'))).toHaveLength(2);
    expect(await left()).toEqual(['host-2', 'host-3']);
    const guest = await stage.gus.presses(card, 'Continue');
    expect(await guest.told()).toContain('Guests');
    await wait(500);
    expect(await left()).toEqual(['host-2', 'host-3']);
    await stage.bo.presses(card, 'Continue');
    const end = await card.ends();
    expect(end.text).toContain('done · prune 3 hosts · deleted 3 of 3');
    expect(end.lines.join('\n')).toContain('continued by @bo');
    expect(await left()).toEqual([]);
    const late = await stage.ana.told(`/dimg continue ${card.number}`);
    expect(late).toBe(`You confirmed #${card.number}; it is over: done.`);
  });

  test('goes on from batch to batch by itself while all is well', async () => {
    const card = await asked('--batch 1');
    const end = await card.ends();
    expect(end.text).toContain('deleted 3 of 3');
    expect(await left()).toEqual([]);
    // One host after the other: no deletion of a later one before the last of an earlier one.
    const times = HOSTS.map((host) => {
      const deleted = stage.witness(host).events.filter(({ action }) => action === 'delete');
      return deleted.at(-1)?.timeNano ?? 0;
    });
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('stops where something goes wrong, and ends when it is cancelled there', async () => {
    const card = await stage.ana.asks(`/dimg prune all -a --repo app-${made} --batch 1`);
    stage.agent('host-1').kill('SIGKILL');
    await stage.ana.presses(card, 'Delete');
    await stage.restartAgent('host-1');
    const paused = await card.waitFor(({ text }) => text.includes('waits to be continued'), 40_000);
    expect(paused.lines[1]).toContain('something went wrong');
    expect(await left()).toEqual(HOSTS);
    await stage.ana.presses(card, 'Cancel');
    const end = await card.ends();
    expect(end.state).toMatch(/cancelled|unknown/);
    expect(await left()).toEqual(HOSTS);
  });

  test('hands nothing to an agent that was started anew while it waited, and says so', async () => {
    const card = await asked('--canary 1');
    await card.waitFor(({ text }) => text.includes('waits to be continued'));
    await stage.agent('host-2').stop();
    await stage.restartAgent('host-2');
    await stage.ana.presses(card, 'Continue');
    const end = await card.ends(40_000);
    expect(end.text).toContain('partial · prune 3 hosts · deleted 2 of 3');
    expect(end.lines.join('\n')).toMatch(/host-2 .*the agent was started again meanwhile/);
    expect(await left()).toEqual(['host-2']);
  });

  test('ends when nobody lets it go on in time, and says what it did not do', async () => {
    const card = await asked('--canary 2');
    await card.waitFor(({ text }) => text.includes('waits to be continued'));
    const end = await card.ends(40_000);
    expect(end.text).toContain('partial · prune 3 hosts · deleted 2 of 3');
    expect(end.lines.join('\n')).toContain('its time was up before it could start');
    expect(await left()).toEqual(['host-3']);
  });
});

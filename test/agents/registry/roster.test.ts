import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openRoster } from '../../../agents/registry/roster.ts';
import type { HostName } from '../../../src/domain/ids.ts';
import { DAY, host, NOW } from '../../domain/_build.ts';
import { temporaryFolder } from '../host/_folder.ts';

/** What Redis says, and an agent over it. */
function aFleet() {
  const file = `${temporaryFolder()}/hosts.json`;
  const errors: string[] = [];
  const state = { now: NOW, hosts: {} as Record<string, number>, unheard: [] as string[], down: false };
  const log = { debug() {}, info() {}, warn() {}, error: (msg: string) => void errors.push(msg) };
  const queue = {
    hosts: async () => {
      if (state.down) throw new Error('Redis is away');
      return new Map(Object.entries(state.hosts) as [HostName, number][]);
    },
    holders: async () => ({ holders: new Map(), unheard: state.unheard.map(host) }),
    usedIn: async () => new Map(),
  };
  let ticks = 0;
  // Each is asked for long after the one before.
  const later = () => {
    ticks += 2_000;
    return ticks;
  };
  const start = (monotonic = later) => openRoster(queue, file, () => state.now, monotonic, log);
  return { file, errors, state, start };
}

describe('hosts that an agent of a registry knows', () => {
  test('are unheard where Redis has forgotten them, also after a start, until they are there again', async () => {
    const { state, start } = aFleet();
    const roster = await start();
    state.hosts = { 'host-1': NOW, 'host-2': NOW - 80 * DAY };
    expect((await roster.holders([])).unheard).toEqual([]);
    state.hosts = { 'host-1': NOW };
    expect((await roster.holders([])).unheard).toEqual(['host-2']);
    await roster.save();
    state.hosts = {};
    state.unheard = ['host-3'];
    const next = await start();
    expect((await next.holders([])).unheard).toEqual(['host-1', 'host-2', 'host-3']);
    state.hosts = { 'host-1': NOW, 'host-2': NOW };
    // Back, and yet to tell: by the fleet's word, and once.
    state.unheard = ['host-1'];
    expect((await next.holders([])).unheard).toEqual(['host-1']);
  });

  test('are asked for once a second, and at once where there was no answer', async () => {
    const { state, start } = aFleet();
    const clock = { now: 0 };
    const roster = await start(() => clock.now);
    state.hosts = { 'host-1': NOW };
    await roster.look();
    state.hosts = {};
    clock.now = 999;
    expect((await roster.holders([])).unheard).toEqual([]);
    clock.now = 1_000;
    state.down = true;
    await expect(roster.holders([])).rejects.toThrow();
    state.down = false;
    expect((await roster.holders([])).unheard).toEqual(['host-1']);
  });

  test('are known by a look, before anybody asks', async () => {
    const { state, start } = aFleet();
    const roster = await start();
    state.hosts = { 'host-1': NOW };
    await roster.look();
    state.hosts = {};
    expect((await roster.holders([])).unheard).toEqual(['host-1']);
  });

  test('are given up ninety days after they were last heard of', async () => {
    const { file, state, start } = aFleet();
    const roster = await start();
    state.hosts = { 'host-1': NOW };
    await roster.look();
    state.now += 60 * DAY;
    state.hosts = { 'host-1': NOW + 60 * DAY };
    await roster.look();
    state.hosts = {};
    state.now = NOW + 150 * DAY;
    expect((await roster.holders([])).unheard).toEqual(['host-1']);
    state.now += 1;
    expect((await roster.holders([])).unheard).toEqual([]);
    await roster.save();
    expect(readFileSync(file, 'utf8')).not.toContain('host-1');
  });

  test('are written where one is new, and of the others once a day', async () => {
    const { file, state, start } = aFleet();
    const roster = await start();
    const written = async (hosts: Record<string, number>) => {
      writeFileSync(file, 'mark');
      state.hosts = hosts;
      await roster.look();
      await roster.save();
      return readFileSync(file, 'utf8') !== 'mark';
    };
    expect(await written({ 'host-1': NOW })).toBe(true);
    expect(await written({ 'host-1': NOW + DAY - 1 })).toBe(false);
    expect(await written({ 'host-1': NOW + DAY })).toBe(true);
    expect(await written({ 'host-1': NOW + DAY, 'host-2': NOW })).toBe(true);
    expect(await written({})).toBe(false);
  });

  test.each(['', '{"v":1', '{"v":2,"hosts":{}}', '{"v":1,"hosts":{"no name!":1}}'])(
    'are begun anew where the file is %s, which is told',
    async (text) => {
      const { file, errors, state, start } = aFleet();
      writeFileSync(file, text);
      const roster = await start();
      expect(errors).toHaveLength(1);
      state.hosts = { 'host-1': NOW };
      await roster.look();
      state.hosts = {};
      expect((await roster.holders([])).unheard).toEqual(['host-1']);
    },
  );
});

import { describe, expect, test } from 'vitest';
import type { Desk } from '../../src/commands/_define.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { parse } from '../../src/commands/_parse.ts';
import { chain, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Plan } from '../../src/domain/plan.ts';
import {
  ANA,
  aHostStatus,
  aKept,
  anItem,
  aPlan,
  BEN,
  DAY,
  HOST,
  id,
  MINUTE,
  NOW,
  runId,
} from '../domain/_build.ts';

const commands = await loadCommands();

async function answer(text: string, given: Partial<Desk> = {}): Promise<string[]> {
  const { command, input } = parse(text, commands);
  if (command.kind !== 'answer') throw new Error(`${command.name} does not answer`);
  const desk: Desk = { now: NOW, commands, hosts: async () => [], history: async () => [], ...given };
  return (await command.answer(input, desk)).lines.map(plain);
}

describe('help', () => {
  test('shows every command with its usage and summary', async () => {
    const text = (await answer('help')).join('\n');
    for (const { name, summary } of commands.values()) {
      expect(text).toMatch(new RegExp(`/dimg ${name}\\b`));
      expect(text).toContain(summary);
    }
    expect(text).toContain('/dimg rmi <where> <image…> [options]');
    expect(text).toContain('/dimg deny <run> [reason]');
    expect(text).toContain('/dimg hosts [where]');
  });

  test.each([...commands.values()])('of $name shows its options and examples', async (command) => {
    const text = (await answer(`help ${command.name}`)).join('\n');
    expect(text).toContain(`/dimg ${command.name}`);
    for (const option of Object.keys(command.options.shape)) expect(text).toContain(`--${option}`);
    for (const example of command.examples) expect(text).toContain(`/dimg ${example}`);
  });

  test('of what is no command names the nearest', async () => {
    await expect(answer('help purne')).rejects.toThrow(/Did you mean prune/);
    await expect(answer('help xyzzy')).rejects.toThrow(/Known: .*prune/);
  });
});

describe('hosts', () => {
  test('shows state, engine, disk, images and what can be got back', async () => {
    const [line] = await answer('hosts', { hosts: async () => [aHostStatus('host-3')] });
    expect(line).toBe(
      'host-3 online · Docker 28.5.2, graph driver overlay2 · disk 75 % of 100 GB, 25 GB free · ' +
        '12 images, 4 dangling, 3 containers · 1.5 GB reclaimable',
    );
  });

  test('shows since when a host is silent, and what is wrong with an engine', async () => {
    const silent = aHostStatus('a', { seenAt: NOW - MINUTE, engine: null, disk: null, counts: null });
    const broken = aHostStatus('b', { problem: { kind: 'unreachable', at: '/var/run/docker.sock' } });
    const lines = await answer('hosts', { hosts: async () => [silent, broken] });
    expect(lines[0]).toBe('a offline, last seen 2026-01-31T11:59:00.000Z');
    expect(lines[1]).toContain("the engine can't be reached at /var/run/docker.sock");
  });

  test('asks for those that were named, and says what to do where there is none', async () => {
    const asked: (string | undefined)[] = [];
    const [line] = await answer('hosts ci-*', {
      hosts: async (where) => {
        asked.push(where);
        return [];
      },
    });
    expect(asked).toEqual(['ci-*']);
    expect(line).toMatch(/Start dimg agent/);
  });
});

describe('images', () => {
  function show(plan: Plan, text = 'images host-3'): string[] {
    const { command, input } = parse(text, commands);
    if (command.kind !== 'survey') throw new Error('no survey');
    return command.show(plan, input, NOW).lines.map(plain);
  }

  test('shows what a prune would do with each image, and why', () => {
    const plan = aPlan([anItem('a', { references: ['app:1'], size: 2000, reclaim: 1000 })], {
      kept: [
        aKept('b', { references: ['b:1'] }),
        aKept('c', { reason: { kind: 'in-use', by: [{ container: 'web-1', running: false }] } }),
      ],
    });
    const [total, ...rows] = show(plan);
    expect(total).toBe('host-3: 3 images, a prune would delete 1 and free 1 kB');
    expect(rows[0]).toMatch(/^• app:1 [0-9a-f]{12} · 2 kB · 7 days old · would go, frees 1 kB$/);
    expect(rows[1]).toMatch(/^• b:1 .* · stays: has a tag$/);
    expect(rows[2]).toMatch(/^• <none> .* · stays: in use by web-1 \(stopped\)$/);
  });

  test('counts all, and shows as many as anybody reads', () => {
    const many = Array.from({ length: 450 }, (_, i) => anItem(`i${i}`));
    const lines = show(aPlan(many));
    expect(lines[0]).toContain('450 images');
    expect(lines.at(-1)).toMatch(/^and 150 more/);
    expect(lines).toHaveLength(302);
  });

  test('reads the same options as prune', () => {
    const { command, input } = parse('images host-3 -a --until 7d --label!=keep', commands);
    if (command.kind !== 'survey') throw new Error('no survey');
    expect(command.survey(input)).toEqual({
      where: 'host-3',
      selection: {
        kind: 'prune',
        all: true,
        until: { ago: 7 * DAY },
        labels: [{ key: 'keep', not: true }],
      },
    });
  });
});

describe('history', () => {
  const facts: Fact[] = [
    { at: NOW, run: runId(7), kind: 'requested', by: ANA, channel: 'C1', command: 'prune host-3' },
    { at: NOW, run: runId(7), kind: 'planned', host: HOST, items: 2, bytes: 1000, plan: id('plan') },
    { at: NOW, run: runId(7), kind: 'denied', by: BEN, reason: 'not today' },
    {
      at: NOW,
      run: runId(7),
      kind: 'outcome',
      host: HOST,
      image: id('a'),
      references: ['app:1'],
      outcome: 'deleted',
      bytes: 1000,
    },
    {
      at: NOW,
      run: runId(7),
      kind: 'outcome',
      host: HOST,
      image: id('b'),
      outcome: 'failed',
      reason: 'no space',
    },
    { at: NOW, run: runId(7), kind: 'ended', state: 'partial', items: 1, bytes: 1000 },
  ];

  test('shows who, what, where and how it ended', async () => {
    const lines = await answer('history', { history: async () => chain(GENESIS, facts) });
    const head = (n: number) => `${n} 2026-01-31T12:00:00.000Z #7 `;
    expect(lines).toEqual([
      `${head(1)}@U0ANA asked for prune host-3`,
      `${head(2)}host-3 planned: 2 to go, 1 kB, plan ${id('plan').slice(7, 19)}`,
      `${head(3)}@U0BEN denied: not today`,
      `${head(4)}host-3 deleted app:1, freed 1 kB`,
      `${head(5)}host-3 failed ${id('b').slice(7, 19)}: no space`,
      `${head(6)}ended partial: 1 deleted, 1 kB freed`,
    ]);
  });

  test('asks the audit for what was asked, and says where there is nothing', async () => {
    const asked: object[] = [];
    const lines = await answer('history ci-* --since 7d --by <@U0ANA>', {
      history: async (filter) => {
        asked.push(filter);
        return [];
      },
    });
    expect(asked).toMatchObject([{ where: 'ci-*', by: 'U0ANA', since: NOW - 7 * DAY }]);
    expect(lines).toEqual(['The audit has no such entry.']);
  });
});

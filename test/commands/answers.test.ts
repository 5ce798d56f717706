import { describe, expect, test } from 'vitest';
import type { Desk } from '../../src/commands/_define.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { parse } from '../../src/commands/_parse.ts';
import { chain, Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import { planOf } from '../../src/domain/plan-of.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { HostStatus, ReportBody } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import {
  ANA,
  aDrift,
  aHostStatus,
  aKept,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aRun,
  BEN,
  DAY,
  HOST,
  HOUR,
  host,
  id,
  MINUTE,
  NOW,
  runId,
} from '../domain/_build.ts';
import { aDesk } from './_desk.ts';

const commands = await loadCommands();

async function answer(text: string, given: Partial<Desk> = {}): Promise<string[]> {
  const { command, input } = parse(text, commands);
  if (command.kind !== 'answer') throw new Error(`${command.name} does not answer`);
  return (await command.answer(input, aDesk(commands, given))).lines.map(plain);
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
    for (const example of command.examples)
      expect(text).toContain(`e.g. /dimg ${example.replace('<@U0ANA>', '@ana')}`);
    expect(text).not.toContain('<@');
  });

  test.each([
    ['prune', '--stopped-containers[=24h]  first remove containers'],
    ['images', '--stopped-containers[=24h]  first remove containers'],
    ['prune', '-a, --all  all unused images'],
    ['prune', '--keep N  keep the N newest images of each repository'],
    ['prune', '--free-to 70%  the same, until no more than this'],
    ['prune', '--build-cache  build cache as well'],
    ['undo', 'What was never in a registry'],
    ['approve', 'whoever asked for it may not'],
    ['deny', 'whoever asked for it cancels it instead'],
    ['cancel', "may stop somebody else's by this command"],
  ])('of %s says: %s', async (name, words) => {
    expect((await answer(`help ${name}`)).join('\n')).toContain(words);
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

  test('shows where a registry is, which agent serves it, and what is wrong with it', async () => {
    const there = (name: string, given: Partial<HostStatus> = {}) =>
      aHostStatus(name, {
        ...{ engine: null, disk: null, counts: null },
        registry: { url: 'https://r', by: host('host-1') },
        ...given,
      });
    const hosts = [
      there('main'),
      there('down', { problem: { kind: 'registry', what: 'no-answer' } }),
      there('old', { registry: { url: 'https://o' } }),
    ];
    expect(await answer('hosts', { hosts: async () => hosts })).toEqual([
      'main online · registry https://r · served by the agent on host-1',
      'down the registry does not answer · registry https://r · served by the agent on host-1',
      'old online · registry https://o',
    ]);
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

/** What a survey's answer from host-3 looks like. */
function shown(text: string, body: ReportBody): string[] {
  const { command, input } = parse(text, commands);
  if (command.kind !== 'survey') throw new Error(`${command.name} is no survey`);
  return command.show([[HOST, body]], input, NOW).lines.map(plain);
}

describe('images', () => {
  const show = (plan: Plan) => shown('images host-3', { kind: 'plan', plan });

  test('shows what a prune would do with each image, and why', () => {
    const plan = aPlan([anItem('a', { references: ['app:1'], size: 2000, reclaim: 1000 })], {
      kept: [
        aKept('b', { references: ['b:1'], reclaim: 60 }),
        aKept('c', { reason: { kind: 'in-use', by: [{ container: 'web-1', running: false }] } }),
      ],
    });
    const [total, ...rows] = show(plan);
    expect(total).toBe('host-3: 3 images, a prune would delete 1 and free 1 kB');
    expect(rows[0]).toMatch(
      /^• app:1 [0-9a-f]{12} · 2 kB · 7 days old · unused 7 days · would go, frees 1 kB$/,
    );
    expect(rows[1]).toMatch(/^• b:1 .* · stays: has a tag, alone frees 60 B$/);
    expect(rows[2]).toMatch(/^• <none> .* · stays: in use by web-1 \(stopped\)$/);
  });

  test('says what is wrong with the plan and how much build cache goes, before the images', () => {
    const cache = [{ id: 'r', about: 'RUN', usedAt: 1, reclaim: 60 }];
    const plan = aPlan([anItem('a')], { cache, problems: [{ kind: 'no-disk' }], reclaim: 160 });
    expect(show(plan).slice(0, 3)).toEqual([
      'host-3: 1 image, a prune would delete 1 and free 160 B',
      "⚠ The agent can't see the engine's disk, so --free-to can't be computed: use --free 20GB.",
      '• 1 build cache record frees 60 B',
    ]);
  });

  test('says since when an image is not used, from an hour on, and by what it is used', () => {
    const used = (ago: number, usedBy: Item['usedBy'] = []) =>
      show(aPlan([anItem('a', { usedAt: NOW - ago, usedBy })]))[1];
    expect(used(HOUR)).toContain(' · unused 60 minutes · would go');
    expect(used(HOUR - 1)).toContain(' · 7 days old · would go');
    expect(used(0, [{ container: 'web-1', running: false }])).toContain(
      ' · used by web-1 (stopped) · would go',
    );
  });

  test('says once by what an image is used that stays for that', () => {
    const by = [{ container: 'web-1', running: true }];
    const [, inUse, young] = show(
      aPlan([], {
        kept: [
          aKept('a', { usedBy: by, reason: { kind: 'in-use', by } }),
          aKept('b', { usedBy: by, reason: { kind: 'tagged' } }),
        ],
      }),
    );
    expect(inUse?.match(/web-1/g)).toHaveLength(1);
    expect(young).toContain('used by web-1 · stays: has a tag');
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
    expect(command.survey(input)).toMatchObject({
      where: 'host-3',
      one: true,
      job: {
        kind: 'survey',
        selection: {
          kind: 'prune',
          all: true,
          until: { ago: 7 * DAY },
          labels: [{ key: 'keep', not: true }],
        },
      },
    });
  });

  test.each(['images host-3', 'df host-3'])('%s says why a host has no answer', (text) => {
    const why = { kind: 'permission' as const, at: '/var/run/docker.sock' };
    expect(shown(text, { kind: 'refused', why })).toEqual([
      'host-3 the agent may not open /var/run/docker.sock: add its user to the group docker',
    ]);
  });
});

test('df shows what fills the disk, and what a prune would free', () => {
  const share = (count: number, bytes: number) => ({ count, bytes });
  const lines = shown('df host-3', {
    kind: 'disk',
    use: {
      disk: { total: 100e9, free: 30e9 },
      images: share(12, 8e9),
      dangling: share(2, 1e9),
      unused: share(5, 3e9),
      containers: share(3, 5e6),
      volumes: share(4, 2e9),
      unusedVolumes: share(1, 1e6),
      buildCache: share(7, 4e8),
    },
  });
  expect(lines).toEqual([
    'host-3 disk 70 % of 100 GB, 30 GB free',
    '• 8 GB in 12 images: prune frees 1 GB (2), prune -a 3 GB (5)',
    '• 5 MB written by 3 containers',
    '• 2 GB in 4 volumes, of which 1 MB in 1 that no container uses',
    '• 400 MB in 7 pieces of build cache',
  ]);
});

describe('pending', () => {
  const plan = aPlan([anItem('a')]);
  const hosts = { [HOST]: aPart({ stage: 'planned' as const, plan: summarise(plan) }) };

  test('names what waits, and for whom', async () => {
    const proposed = { state: 'proposed' as const, hosts, expiresAt: NOW + MINUTE };
    const lines = await answer('pending', {
      openRuns: async () => [
        aRun(),
        aRun(proposed),
        aRun({ ...proposed, approvalFor: ['force'] }),
        aRun({ state: 'executing', hosts }),
      ],
    });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/#1042 prune host-3 asked by @U0ANA · is being planned/);
    expect(lines[1]).toMatch(/waits for @U0ANA to confirm · expires 2026-01-31T12:01/);
    expect(lines[2]).toMatch(/waits for an approver \(force\): @S0SRE, @U0BEN · expires/);
    expect(lines[3]).toMatch(/0 of 1/);
  });

  test('says so where nobody may approve', async () => {
    const waiting = aRun({ state: 'proposed', hosts, approvalFor: ['force'] });
    const rights = { approvers: ['U0ANA'], access: [] };
    const [line] = await answer('pending', { rights, openRuns: async () => [waiting] });
    expect(line).toMatch(/waits for an approver \(force\): nobody else can$/);
  });

  test('says so where nothing waits', async () => {
    expect(await answer('pending')).toEqual(['Nothing waits.']);
  });
});

describe('show', () => {
  const plan = aPlan([anItem('a', { references: ['app:1'] })], {
    kept: [aKept('b', { references: ['b:1'] })],
  });
  const run = aRun({
    state: 'done',
    confirmed: { by: ANA, at: NOW },
    executingSince: NOW,
    endedAt: NOW,
    audit: { n: 9, hash: id('audit') },
    hosts: { [HOST]: aPart({ stage: 'ended', plan: summarise(plan), outcomes: [anOutcome('a')] }) },
  });

  test('tells one run in full', async () => {
    const asked: number[] = [];
    const lines = await answer('show #1042', {
      run: async (n) => {
        asked.push(n);
        return { run, plans: new Map([[HOST, plan]]) };
      },
    });
    expect(asked).toEqual([1042]);
    const text = lines.join('\n');
    expect(text).toMatch(/^#1042 done prune host-3 asked by @U0ANA/);
    expect(text).toMatch(/confirmed by @U0ANA/);
    expect(text).toMatch(/✓ app:1 [0-9a-f]{12} deleted, 100 B/);
    expect(text).toMatch(/b:1/);
    expect(text).toContain(plan.digest);
    expect(text).toContain(`newest audit entry 9 ${id('audit')}`);
    expect(text).not.toContain('hosts');
  });

  test('names the one digest that stands for the plans of several hosts', async () => {
    const two: Run = { ...run, hosts: { ...run.hosts, [host('host-4')]: run.hosts[HOST] } as Run['hosts'] };
    const lines = await answer('show 1042', { run: async () => ({ run: two, plans: new Map() }) });
    expect(lines).toContain(`plan ${planOf(two)?.digest} of 2 hosts`);
  });

  const linesOf = (given: Partial<Run>, made: Plan = plan) =>
    answer('show 1042', { run: async () => ({ run: { ...run, ...given }, plans: new Map([[HOST, made]]) }) });

  test('names who continued, undid and cancelled it', async () => {
    const by = { by: BEN, at: NOW };
    const text = (await linesOf({ continued: [by], undone: [{ ...by, run: runId(1050) }], cancel: by })).join(
      '\n',
    );
    expect(text).toMatch(/^continued by @U0BEN 2026-/m);
    expect(text).toMatch(/^undone by @U0BEN .* as #1050$/m);
    expect(text).toMatch(/^cancelled by @U0BEN/m);
  });

  test('of a host that had changed too much tells the difference, and who asked again', async () => {
    const hosts = { [HOST]: aPart({ stage: 'ended', plan: summarise(plan), drift: aDrift() }) };
    const again = { by: BEN, at: NOW, run: runId(1050) };
    const text = (await linesOf({ state: 'stale', hosts, again })).join('\n');
    expect(text).toMatch(/^– app:1 [0-9a-f]{12} no longer goes: in use by web-1$/m);
    expect(text).toMatch(/^a new plan would delete 2 images, 340 MB$/m);
    expect(text).toMatch(/^asked again by @U0BEN 2026-.* as #1050$/m);
  });

  const force = {
    approvalFor: ['force' as const],
    policy: { ...run.policy, count: 2 },
    approvals: [{ by: BEN, at: NOW }],
  };
  test('of a proposal says what it waits for, who may approve, and until when', async () => {
    const { executingSince: _, endedAt: __, confirmed: ___, ...proposed } = run;
    const waiting: Run = { ...proposed, ...force, state: 'proposed', expiresAt: NOW + MINUTE };
    const lines = await answer('show 1042', { run: async () => ({ run: waiting, plans: new Map() }) });
    expect(lines[1]).toBe(
      '1 image, 100 B, waits for an approver (force): @S0SRE · expires 2026-01-31T12:01:00.000Z',
    );
  });

  test('says which rule asked for approvals, and how many, once that is over', async () => {
    const { confirmed: _, ...approved } = run;
    const found = { run: { ...approved, ...force }, plans: new Map() };
    expect((await answer('show 1042', { run: async () => found }))[1]).toBe('needed 2 approvals (force)');
    expect((await linesOf({})).join('\n')).not.toContain('needed');
    expect((await linesOf({ state: 'executing' }))[1]).toBe('is being carried out, 1 of 1');
  });

  test('of a denied one says why', async () => {
    const denied = { by: BEN, at: NOW, reason: 'ask <@U0CLEO>, "now"' };
    expect(await linesOf({ state: 'denied', denied })).toContain('because: ask @U0CLEO, "now"');
  });

  test('tells of the build cache, before and after', async () => {
    const made = { ...plan, cache: [{ id: 'r', about: 'RUN', usedAt: 1, reclaim: 60 }], reclaim: 160 };
    const part = aPart({ stage: 'planned', plan: summarise(made) });
    const { executingSince: _, endedAt: __, ...proposed } = run;
    const before = await answer('show 1042', {
      run: async () => ({
        run: { ...proposed, state: 'proposed', hosts: { [HOST]: part } },
        plans: new Map([[HOST, made]]),
      }),
    });
    expect(before.join('\n')).toMatch(
      /^host-3 planned 2, 160 B · plan .*\n• app:1 .*\n• 1 build cache record frees 60 B$/m,
    );
    const cache = { deleted: 1, skipped: 0, failed: 0, freed: 50 };
    const after = await linesOf({ hosts: { [HOST]: { ...part, outcomes: [anOutcome('a')], cache } } }, made);
    expect(after.join('\n')).toMatch(/^host-3 planned 2, 160 B · freed 150 B · plan/m);
    expect(after).toContain('✓ 1 of 1 build cache record deleted, 50 B');
  });

  test('says what a host has no plan for', async () => {
    const lines = await answer('show 1042', {
      run: async () => ({
        run: aRun({
          hosts: {
            [HOST]: aPart(),
            [host('host-4')]: aPart({ stage: 'ended', trouble: { kind: 'no-answer' } }),
          },
        }),
        plans: new Map(),
      }),
    });
    expect(lines.slice(1)).toEqual(['host-3 no plan yet', 'host-4 not answering']);
  });

  test('says so where there is no such run', async () => {
    await expect(answer('show 7')).rejects.toThrow(/no run #7/);
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
    {
      at: NOW,
      run: runId(7),
      kind: 'outcome',
      host: HOST,
      container: 'web-1',
      image: id('a'),
      outcome: 'removed',
    },
    { at: NOW, run: runId(7), kind: 'outcome', host: HOST, outcome: 'deleted', cache: 12, bytes: 1000 },
    { at: NOW, run: runId(7), kind: 'continued', by: BEN },
    { at: NOW, run: runId(7), kind: 'undone', by: BEN, undo: runId(8) },
    { at: NOW, run: runId(7), kind: 'again', by: BEN, again: runId(9) },
    { at: NOW, run: runId(7), kind: 'ended', state: 'partial', items: 1, bytes: 1000 },
    { at: NOW, run: runId(7), kind: 'confirmed', by: ANA, plan: id('plan') },
    { at: NOW, run: runId(7), kind: 'approved', by: BEN, plan: id('plan'), rules: ['force'] },
  ];

  test('shows who, what, where and how it ended', async () => {
    const lines = await answer('history', {
      history: async () => ({ entries: chain(GENESIS, facts), older: undefined }),
    });
    const head = (n: number) => `${n} 2026-01-31T12:00:00.000Z #7 `;
    expect(lines).toEqual([
      `${head(1)}@U0ANA asked for prune host-3`,
      `${head(2)}host-3 planned: 2 to go, 1 kB, plan ${id('plan').slice(7, 19)}`,
      `${head(3)}@U0BEN denied: not today`,
      `${head(4)}host-3 deleted app:1 (${id('a').slice(7, 19)}), freed 1 kB`,
      `${head(5)}host-3 failed ${id('b').slice(7, 19)}: no space`,
      `${head(6)}host-3 removed container web-1`,
      `${head(7)}host-3 deleted 12 build cache records, freed 1 kB`,
      `${head(8)}@U0BEN continued`,
      `${head(9)}@U0BEN undid it with #8`,
      `${head(10)}@U0BEN asked for it again with #9`,
      `${head(11)}ended partial: 1 image, 1 kB freed`,
      `${head(12)}@U0ANA confirmed plan ${id('plan').slice(7, 19)}`,
      `${head(13)}@U0BEN approved plan ${id('plan').slice(7, 19)} (force)`,
    ]);
  });

  test('cuts digests in names short; the file has them whole', async () => {
    const fact: Fact = {
      ...{ at: NOW, run: runId(7), kind: 'outcome', host: HOST, outcome: 'deleted', image: id('a') },
      references: [`team/app@${id('a')}`],
    };
    const [line] = await answer('history', {
      history: async () => ({ entries: chain(GENESIS, [fact]), older: undefined }),
    });
    const short = id('a').slice(7, 19);
    expect(line).toContain(`host-3 deleted team/app@sha256:${short}… (${short})`);
  });

  test.each<[Partial<Fact>, string]>([
    [{ state: 'done', items: 3, bytes: 1000 }, 'ended done: 3 images, 1 kB freed'],
    [{ state: 'cancelled', items: 0, bytes: 0 }, 'ended cancelled: 0 images, 0 B freed'],
    [{ state: 'done', items: 0, bytes: 0, dryRun: true }, 'ended done: dry run'],
    [
      { state: 'refused', items: 0, bytes: 0, dryRun: true, reason: 'No image app.' },
      'ended refused: dry run, No image app.',
    ],
    [{ state: 'refused', items: 0, bytes: 0, reason: 'not answering' }, 'ended refused: not answering'],
    [
      { state: 'done', items: 1, deleted: 0, untagged: 1, bytes: 0 },
      'ended done: 1 reference untagged, 0 B freed',
    ],
    [
      { state: 'done', items: 4, deleted: 2, untagged: 3, cache: 1, bytes: 1000 },
      'ended done: 2 images, 3 references untagged, 1 build cache record, 1 kB freed',
    ],
    [{ state: 'done', items: 1, deleted: 0, restored: 1, bytes: 0 }, 'ended done: 1 restored'],
  ])('says what became of it: %j', async (given, words) => {
    const entries = chain(GENESIS, [{ at: NOW, run: runId(7), kind: 'ended', ...given }]);
    const [line] = await answer('history', { history: async () => ({ entries, older: undefined }) });
    expect(line).toBe(`1 2026-01-31T12:00:00.000Z #7 ${words}`);
  });

  test('asks the audit for what was asked, and says where there is nothing', async () => {
    const asked: object[] = [];
    const lines = await answer('history ci-* --since 7d --by <@U0ANA>', {
      history: async (filter) => {
        asked.push(filter);
        return { entries: [], older: undefined };
      },
    });
    expect(asked).toMatchObject([{ where: 'ci-*', by: 'U0ANA', since: NOW - 7 * DAY }]);
    expect(lines).toEqual(['No entry matches.']);
    expect(await answer('history')).toEqual(['Nothing is in the audit yet.']);
  });

  test('says what to type for older ones, with the same filters', async () => {
    const entries = chain(GENESIS, facts).toReversed();
    const older = async () => ({ entries, older: 783 });
    expect((await answer('history', { history: older })).at(-1)).toBe('older: /dimg history --before 783');
    const filtered = await answer('history ci-* --since 7d --by <@U0ANA> --before 900', { history: older });
    const line = 'older: /dimg history ci-* --by U0ANA --since 2026-01-24T12:00:00.000Z --before 783';
    expect(filtered.at(-1)).toBe(line);
    expect(parse('history --before 3', commands).input.options).toMatchObject({ before: 3 });
    expect(() => parse('history --before #3', commands)).toThrow('an entry is a number such as 783');
    const { input } = parse(line.replace('older: /dimg ', ''), commands);
    expect(input.options).toMatchObject({ by: ANA, since: { at: NOW - 7 * DAY }, before: 783 });
    const nothing = await answer('history', { history: async () => ({ entries: [], older: 783 }) });
    expect(nothing).toEqual(['No entry matches from 783 on.', 'older: /dimg history --before 783']);
  });

  test('gives all as a file, and says where it ends', async () => {
    const asked: object[] = [];
    const { command, input } = parse('history host-3 --csv', commands);
    if (command.kind !== 'answer') throw new Error('no answer');
    const given = (entries: Entry[], older?: number) =>
      aDesk(commands, {
        history: async (filter) => {
          asked.push(filter);
          return { entries, older };
        },
      });
    const whole = await command.answer(input, given(chain(GENESIS, facts)));
    expect(asked).toEqual([{ where: 'host-3', count: Infinity }]);
    expect(whole.lines.map(plain)).toEqual(['13 audit entries in audit.csv']);
    expect(whole.file?.name).toBe('audit.csv');
    const rows = whole.file?.content.split('\r\n') ?? [];
    expect(rows).toHaveLength(15);
    expect(rows[0]?.split(',').sort()).toEqual(Object.keys(Entry.shape).sort());
    expect(rows[0]).toMatch(/^n,at,run,kind,by,channel,command,/);
    expect(rows[1]).toMatch(/^1,2026-01-31T12:00:00\.000Z,7,requested,U0ANA,C1,prune host-3,,/);
    const cut = await command.answer(input, given(chain(GENESIS, facts.slice(0, 1)), 21));
    expect(cut.lines.map(plain)).toEqual([
      '1 audit entry in audit.csv: not all, since a look back ends before entry 21',
      'older: /dimg history host-3 --before 21 --csv',
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/commands/_load.ts';
import { parse } from '../../src/commands/_parse.ts';
import { UserError } from '../../src/domain/error.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Kept, Plan } from '../../src/domain/plan.ts';
import { aKept, anItem, aPlan, DAY, host, id, NOW } from '../domain/_build.ts';
import { aDesk } from './_desk.ts';

const commands = await loadCommands();
const HEX = 'ab'.repeat(32);

function select(text: string) {
  const { command, input } = parse(text, commands);
  if (command.kind !== 'delete') throw new Error(`${command.name} deletes nothing`);
  return command.select(input);
}
function mistake(text: string): string {
  try {
    return `It gave ${JSON.stringify(select(text))}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}
const plainPrune = {
  kind: 'registry prune',
  repositories: 'team/app',
  tags: [],
  notTags: [],
  untagged: false,
};

describe('registry prune', () => {
  test('reads all that chooses', () => {
    const all =
      'registry prune main/team/app --keep 10 --until 90d --tag pr-* --tag ci-? --not-tag v* --untagged';
    expect(select(all)).toEqual({
      where: 'main',
      dryRun: false,
      selection: {
        ...{ ...plainPrune, keep: 10, until: { ago: 90 * DAY } },
        ...{ tags: ['pr-*', 'ci-?'], notTags: ['v*'], untagged: true },
      },
    });
    expect(select('registry prune main/team/app --keep=1 --dry-run')).toEqual({
      ...{ where: 'main', dryRun: true, selection: { ...plainPrune, keep: 1 } },
    });
  });

  test.each([
    'Registry Prune main/team/app —keep 3 —not-tag ‘v*’',
    'registry  prune   main/team/app –keep 3 --not-tag “v*”',
    "registry prune --keep 3 main/team/app --not-tag 'v*'",
    'registry prune main/team/app --keep\u00a03 --not-tag=v*\u200b',
  ])('is read as phones type it: %s', (text) => {
    expect(select(text).selection).toEqual({ ...plainPrune, keep: 3, notTags: ['v*'] });
  });

  test('is read where Slack made a link of a registry that is named by its address', () => {
    const given = select(
      'registry prune <http://hub.example.com/team/app|hub.example.com/team/app> --keep 3',
    );
    expect(given).toMatchObject({ where: 'hub.example.com', selection: { repositories: 'team/app' } });
  });

  test.each([
    ['registry prune main/team/app', 'Say what goes'],
    ['registry prune main/team/app --not-tag v*', 'Say what goes'],
    ['registry prune main/team/app --dry-run', 'Say what goes'],
    ['registry prune', '<repositories> is missing'],
    ['registry prune main --keep 3', 'names no registry'],
    ['registry prune main/app:1 --keep 3', 'without a tag'],
    ['registry prune main/app other/app --keep 3', 'other/app is one word too many'],
    ['registry prune main/app --keep 0', '--keep:'],
    ['registry prune main/app --keep -1', '--keep:'],
    ['registry prune main/app --keep', '--keep needs a value'],
    ['registry prune main/app --keep 3 --keep 4', '--keep is given twice'],
    ['registry prune main/app --until soon', '--until:'],
    ['registry prune main/app --tag a/b', 'a glob of tags has letters'],
    ['registry prune main/app --not-tag "v 1"', 'a glob of tags has letters'],
    ['registry prune main/app --untagged=yes', '--untagged takes no value'],
    ['registry prune main/app --keep 3 -f', 'no option -f'],
    ['registry prune main/app --keep 3 --force', 'no option --force'],
    ['registry prune main/app --all', 'no option --all'],
    ['registry prune main/app --keeep 3', 'Did you mean --keep?'],
    ['registry prune main/app --not-tags v*', 'Did you mean --not-tag?'],
  ])('refuses %s', (text, words) => {
    expect(mistake(text)).toContain(words);
  });
});

describe('registry rmi', () => {
  test('takes tags and digests of one registry', () => {
    expect(select(`registry rmi main/team/app:1.2 main/app@sha256:${HEX} --dry-run`)).toEqual({
      where: 'main',
      dryRun: true,
      selection: {
        kind: 'registry rmi',
        names: [
          { repository: 'team/app', tag: '1.2' },
          { repository: 'app', digest: `sha256:${HEX}` },
        ],
      },
    });
  });

  test.each([
    ['registry rmi', '<image> is missing'],
    ['registry rmi main/app', 'names no tag'],
    ['registry rmi main/app:*', 'names no tag'],
    ['registry rmi main/app:1 other/app:1', 'Name one registry at a time: other is another than main'],
    ['registry rmi main/app:1 -f', 'no option -f'],
    ['registry rmi app:1', 'names no registry'],
    [`registry rmi ${Array.from({ length: 101 }, (_, i) => `main/app:${i}`).join(' ')}`, '<image>:'],
  ])('refuses %s', (text, words) => {
    expect(mistake(text)).toContain(words);
  });
});

describe('registry', () => {
  test.each([
    ['registry foo', 'There is no command registry foo'],
    ['registry prun main/app', 'Did you mean /dimg registry prune?'],
    ['registry tag main/app', 'Did you mean /dimg registry tags?'],
    ['registry', 'There is no command registry'],
    ['registry --keep 3', 'There is no command registry --keep'],
    ['registry-prune main/app', 'Did you mean /dimg registry prune?'],
  ])('is two words: %s', (text, words) => {
    expect(mistake(text)).toContain(words);
  });

  const help = async (text: string) => {
    const { command, input } = parse(text, commands);
    if (command.kind !== 'answer') throw new Error(`${command.name} does not answer`);
    return (await command.answer(input, aDesk(commands))).lines.map(plain).join('\n');
  };
  test('has help of each of its commands', async () => {
    const words = await help('help registry prune');
    expect(words).toMatch(/^\/dimg registry prune <repositories> \[options\]/);
    for (const option of ['--keep N', '--until 90d', '--tag pr-*', '--not-tag v*', '--untagged', '--dry-run'])
      expect(words).toContain(option);
    expect(await help('help registry rmi')).toContain('registry rmi <image…>');
    expect(await help('help')).toContain('/dimg registry tags <repository>');
    await expect(help('help registry prun')).rejects.toThrow('Did you mean registry prune?');
  });
});

describe('registry tags', () => {
  const { command, input } = parse('registry tags main/team/app --keep 2', commands);
  if (command.kind !== 'survey') throw new Error('it surveys nothing');
  const manifest = {
    kind: 'index' as const,
    platforms: ['linux/amd64'],
    on: { names: [], count: 0 },
    usedOn: { names: [], count: 0 },
  };
  const kept = (name: string): Kept => ({
    ...aKept(name, { references: [`team/app:${name}`], createdAt: 0 }),
    manifest,
  });
  const show = (plan: Partial<Plan>, items: Plan['items'] = []) => {
    const body = { kind: 'plan' as const, plan: aPlan(items, { host: host('main'), ...plan }) };
    return command.show([[host('main'), body]] as never, input as never, NOW).lines.map(plain);
  };

  test('asks for what a prune with the same words would do', () => {
    expect(command.survey(input)).toEqual({
      ...{ where: 'main', there: true, one: true },
      job: { kind: 'survey', selection: { ...plainPrune, keep: 2 } },
    });
  });

  test('shows of each what it is, how old, and its fate', () => {
    const going = anItem('old', {
      references: ['team/app:old'],
      createdAt: NOW - 3 * DAY,
      reclaim: 2_000,
      size: 5_000,
    });
    const used = {
      ...manifest,
      on: { names: ['host-1'], count: 1 },
      usedOn: { names: ['host-1'], count: 1 },
    };
    const lines = show({ kept: [kept('new')] }, [{ ...going, manifest: used }]);
    expect(lines).toEqual([
      'main: 2 manifests, a prune would delete 1',
      `• team/app:old ${id('old').slice(7, 19)} · index of linux/amd64 · 5 kB · 3 days old · used on host-1 · would go, 2 kB`,
      `• team/app:new ${id('new').slice(7, 19)} · index of linux/amd64 · 100 B · no date · stays: has a tag`,
    ]);
  });

  test('names what goes with another by the tag of that, and says once which host keeps one', () => {
    const index = anItem('index', { references: ['team/app:1'], reclaim: 500 });
    const part = anItem('part', { references: [`team/app@${id('part')}`], after: [index.image] });
    const why = { kind: 'on-hosts' as const, names: ['host-1'], count: 1 };
    const on = { names: ['host-1'], count: 1 };
    const stays = { ...kept('new'), manifest: { ...manifest, on, usedOn: on }, reason: why };
    const [, first, second, third] = show({ kept: [stays] }, [
      { ...index, manifest },
      { ...part, manifest },
    ]);
    expect(first).toMatch(/ · would go, 500 B$/);
    expect(second).toMatch(/ · would go with team\/app:1, 100 B$/);
    expect(third).toMatch(/ · no date · stays: used on host-1$/);
    const more = { ...stays, manifest: { ...stays.manifest, on: { names: ['host-1', 'host-2'], count: 2 } } };
    expect(show({ kept: [more] })[1]).toMatch(
      / · no date · used on host-1, on 1 more host · stays: used on host-1$/,
    );
  });

  test('counts all and shows three hundred', () => {
    const lines = show({ kept: Array.from({ length: 1_000 }, (_, i) => kept(`t${i}`)) });
    expect(lines).toHaveLength(302);
    expect(lines[0]).toContain('1,000 manifests');
    expect(lines.at(-1)).toBe('and 700 more: narrow it, as with --tag v1*');
  });

  test('tells what is wrong there first', () => {
    const why = { kind: 'registry' as const, what: 'forbidden' as const };
    const lines = show({ problems: [{ kind: 'registry', name: 'team/secret', why }], kept: [kept('new')] });
    expect(lines[1]).toMatch(/^⚠ team\/secret is left alone: /);
  });
});

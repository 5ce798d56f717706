import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/commands/_load.ts';
import { parse } from '../../src/commands/_parse.ts';
import { UserError } from '../../src/domain/error.ts';
import { Job } from '../../src/domain/protocol.ts';
import { AnySelection, type PruneSelection } from '../../src/domain/selection.ts';
import { describeRun } from '../../src/domain/words.ts';
import { aRun, DAY, HOUR, MINUTE, NOW, runId, SECOND } from '../domain/_build.ts';

const commands = await loadCommands();
const read = (text: string) => parse(text, commands);
/** What a command of kind `delete` would select. */
function select(text: string) {
  const { command, input } = read(text);
  if (command.kind !== 'delete') throw new Error(`${command.name} deletes nothing`);
  return command.select(input);
}
function decide(text: string) {
  const { command, input } = read(text);
  if (command.kind !== 'decide') throw new Error(`${command.name} decides nothing`);
  return command.decide(input);
}
const prune = (text: string) => select(text).selection as PruneSelection;

/** The sentence that a mistake is answered with. */
function mistake(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const all = [...commands.values()];

/** Without what is undefined, as data that went through the store. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}

describe('every command', () => {
  test.each(all.flatMap((command) => command.examples.map((example) => [example, command] as const)))(
    'reads its own example: %s',
    (example, command) => {
      const parsed = read(example);
      expect(parsed.command.name).toBe(command.name);
      if (command.kind === 'delete')
        expect(AnySelection.safeParse(command.select(parsed.input).selection).success).toBe(true);
      if (command.kind === 'survey') {
        const header = { v: 1, id: 'survey-1', host: 'host-3', epoch: 'e', notAfter: NOW };
        expect(Job.safeParse({ ...header, ...command.survey(parsed.input).job }).success).toBe(true);
      }
      if (command.kind === 'decide') expect(command.decide(parsed.input).run).toBe(1042);
      if (command.kind === 'restore') expect(command.restore(parsed.input).run).toBe(1042);
    },
  );

  test.each(all)('$name refuses an option that it does not have, and shows its usage', (command) => {
    const words = mistake(() => read(`${command.name} --no-such-option`));
    expect(words).toMatch(new RegExp(`^${command.name} has no option --no-such-option`));
    expect(words).toContain(`Usage: /dimg ${command.name}`);
  });

  test.each(all)('$name refuses what every object has but no command', (command) => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
      expect(mistake(() => read(`${command.name} --${name}`))).toContain(`no option --${name}`);
  });

  test.each(all)('$name has an example, a summary, and words for every option', (command) => {
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.summary).toMatch(/^[a-z].*[^.]$/);
    for (const example of command.examples)
      expect(example.split(' ').slice(0, command.name.split(' ').length).join(' ')).toBe(command.name);
  });

  test('is read in any case, as phones write it', () => {
    expect(read('Prune host-3').command.name).toBe('prune');
    expect(read('HELP').command.name).toBe('help');
  });

  test('that is none is help, where nothing was typed', () => {
    expect(read('').command.name).toBe('help');
    expect(read('  \u200b ').command.name).toBe('help');
  });

  test.each([
    ['purne host-3', /no command purne\. Did you mean \/dimg prune\?/],
    ['delete host-3', /no command delete\. Known: .*prune.*rmi/],
    ['constructor', /no command constructor/],
    ['"" x', /no command/],
    ['--all', /no command/],
  ])('that is unknown is refused: %s', (text, words) => {
    expect(mistake(() => read(text))).toMatch(words);
  });

  test('never fails in any way but words, whatever is typed', () => {
    const names = [...commands.keys(), '', 'x'];
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        '--all',
        '--until',
        '24h',
        '--label!=',
        '--label=',
        '-af',
        '--',
        '-',
        '—',
        '"',
        "'",
        '\\',
        '=',
        '--=',
        '--!=',
      ),
      fc.constantFrom(
        '--free',
        '20GB',
        '--free-to',
        '70%',
        '--keep',
        '--repo=app:1',
        '--stopped-containers',
        '--stopped-containers=',
        '--filter',
        'label!=',
        'until=',
        '#',
        '1042',
        '@',
        ',',
        '*',
        '<@',
        '&lt;',
        '--__proto__',
        'valueOf',
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(piece, { maxLength: 6 }), (name, pieces) => {
        try {
          const { command, input } = read([name, ...pieces].join(' '));
          if (command.kind === 'delete') command.select(input);
          if (command.kind === 'survey') command.survey(input);
          if (command.kind === 'decide') command.decide(input);
          if (command.kind === 'restore') command.restore(input);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('prune', () => {
  test('takes every option', () => {
    expect(select('prune ci-* --all --until 7d --label team=web --label!=keep --dry-run --force')).toEqual({
      where: 'ci-*',
      selection: {
        kind: 'prune',
        all: true,
        until: { ago: 7 * DAY },
        labels: [
          { key: 'team', value: 'web', not: false },
          { key: 'keep', not: true },
        ],
      },
      dryRun: true,
      skipConfirmation: true,
    });
  });

  test('without options is for dangling images, asked and not dry', () => {
    expect(select('prune host-3')).toEqual({
      where: 'host-3',
      selection: { kind: 'prune', all: false, labels: [] },
      dryRun: false,
      skipConfirmation: false,
    });
  });

  test.each(['prune host-3 -a -f', 'prune host-3 -af', 'prune -fa host-3', 'prune host-3 --all —force'])(
    'reads short options together and anywhere: %s',
    (text) => {
      expect(select(text)).toMatchObject({
        where: 'host-3',
        selection: { all: true },
        skipConfirmation: true,
      });
    },
  );

  test.each<[string, Partial<PruneSelection>]>([
    ['--until=24h', { until: { ago: DAY } }],
    ['--until 1h30m', { until: { ago: HOUR + 30 * MINUTE } }],
    ['--until 90s', { until: { ago: 90 * SECOND } }],
    ['--until 2026-01-31T12:00:00Z', { until: { at: NOW } }],
    ['--filter until=24h', { until: { ago: DAY } }],
    ['--label a', { labels: [{ key: 'a', not: false }] }],
    ['--label=a=b=c', { labels: [{ key: 'a', value: 'b=c', not: false }] }],
    ['--label a=', { labels: [{ key: 'a', value: '', not: false }] }],
    ['--label "a=b c"', { labels: [{ key: 'a', value: 'b c', not: false }] }],
    ['--label!=a=b', { labels: [{ key: 'a', value: 'b', not: true }] }],
    ['--label! a', { labels: [{ key: 'a', not: true }] }],
    ['—label!=a', { labels: [{ key: 'a', not: true }] }],
    ['--filter label=a=b', { labels: [{ key: 'a', value: 'b', not: false }] }],
    ['--filter label!=a=b', { labels: [{ key: 'a', value: 'b', not: true }] }],
    [
      '--filter=label=a --filter=label!=b --label c',
      {
        labels: [
          { key: 'c', not: false },
          { key: 'a', not: false },
          { key: 'b', not: true },
        ],
      },
    ],
  ])('reads %s', (options, selection) => {
    expect(prune(`prune host-3 ${options}`)).toMatchObject(selection);
  });

  test.each([
    ['prune', /<where> is missing\. Usage: \/dimg prune <where> \[options\]/],
    ['prune a b', /b is one word too many\. Usage/],
    ['prune a --al', /no option --al\. Did you mean --all\?/],
    ['prune a --untill 24h', /Did you mean --until\?/],
    ['prune a --volumes', /no option --volumes\. It has --all, --until/],
    ['prune a --all!', /no option --all!/],
    ['prune a --until!=24h', /no option --until!/],
    ['prune a -x', /no option -x/],
    ['prune a -ax', /no option -x/],
    ['prune a --all=true', /--all takes no value/],
    ['prune a --force=', /--force takes no value/],
    ['prune a --until', /--until needs a value: 24h/],
    ['prune a --until=', /--until needs a value/],
    ['prune a --label', /--label needs a value/],
    ['prune a --until 24h --until 7d', /--until is given twice/],
    ['prune a --until soon', /--until: "soon" is no duration or time/],
    ['prune a --until 24', /is no duration or time/],
    ['prune a --until -24h', /is no duration or time/],
    ['prune a --until 2026-02-31', /is no duration or time/],
    ['prune a --filter until=soon', /soon is no duration or time/],
    ['prune a --filter until=24h --until 7d', /one until only/],
    ['prune a --filter until=24h --filter until=7d', /one until only/],
    ['prune a --filter dangling=false', /--filter dangling=false is not known/],
    ['prune a --filter until', /not known/],
    ['prune a --filter label=', /not known/],
    ['prune a --label =x', /not a label/],
    ['prune a --label!==x', /not a label/],
    ['prune a "b', /opened and not closed/],
    [`prune ${'a'.repeat(501)}`, /<where>: .*500.*Usage/],
  ])('refuses %s', (text, words) => {
    expect(mistake(() => select(text))).toMatch(words);
  });

  test('takes what follows -- as words', () => {
    expect(mistake(() => select('prune host-3 -- --all'))).toMatch(/--all is one word too many/);
    expect(select('prune -- host-3').where).toBe('host-3');
  });

  test('is told apart from the same options of Docker that mean something else', () => {
    expect(mistake(() => select('prune host-3 --filter label=a --filter'))).toMatch(/--filter needs a value/);
  });
});

describe('rmi', () => {
  test('takes several images and -f', () => {
    expect(select('rmi host-3 app:1 3f2a9c01b7de -f')).toMatchObject({
      where: 'host-3',
      selection: {
        kind: 'rmi',
        force: true,
        images: [
          { text: 'app:1', reference: 'app:1' },
          { text: '3f2a9c01b7de', idPrefix: '3f2a9c01b7de' },
        ],
      },
      dryRun: false,
    });
  });

  test('is never without a question: -f does not skip the confirmation', () => {
    expect(select('rmi host-3 app:1 -f').skipConfirmation).toBeFalsy();
  });

  test('takes a registry that Slack made a link of', () => {
    const typed = 'rmi host-3 <http://registry.example.com/app:1|registry.example.com/app:1>';
    expect(select(typed).selection).toMatchObject({ images: [{ reference: 'registry.example.com/app:1' }] });
  });

  test('takes a hundred images and no more', () => {
    const images = (n: number) => Array.from({ length: n }, (_, i) => `app:${i}`).join(' ');
    expect(select(`rmi host-3 ${images(100)}`).selection).toHaveProperty('images.length', 100);
    expect(mistake(() => select(`rmi host-3 ${images(101)}`))).toMatch(/<image>: .*100/);
  });

  test.each([
    ['rmi', /<where> is missing/],
    ['rmi host-3', /<image> is missing\. Usage: \/dimg rmi <where> <image…> \[options\]/],
    ['rmi host-3 UPPER', /UPPER is not an image/],
    ['rmi host-3 ""', /is not an image/],
    ['rmi host-3 ../containers/x?force=1', /is not an image/],
    ['rmi host-3 sha256:abc', /not an image ID/],
    ['rmi host-3 app:1 --no-prune', /no option --no-prune/],
  ])('refuses %s', (text, words) => {
    expect(mistake(() => select(text))).toMatch(words);
  });
});

describe('cancel, approve and deny', () => {
  test.each([
    ['cancel 1042', { run: 1042, verb: 'cancel' }],
    ['approve #1042', { run: 1042, verb: 'approve' }],
    ['deny 1042', { run: 1042, verb: 'deny' }],
    ['deny 1042 not before the release', { run: 1042, verb: 'deny', reason: 'not before the release' }],
    ['deny 1042   ', { run: 1042, verb: 'deny' }],
    ['DENY "#1042"', { run: 1042, verb: 'deny' }],
  ])('%s', (text, decision) => {
    expect(decide(text)).toEqual(decision);
  });

  test.each([
    ['because "I" said', 'because "I" said'],
    ["it's used", "it's used"],
    ['“it’s used” — still', '“it’s used” — still'],
    ['a\\b  c', 'a\\b  c'],
    ['--all of it -- -x', '--all of it -- -x'],
    ['&amp; &lt;so&gt; *bold*', '& <so> *bold*'],
    ['ask <@U0ANA|ana> or <@U0BO>', 'ask <@U0ANA> or <@U0BO>'],
    ['see <https://example.com/a|example.com/a> and <https://b.com>', 'see example.com/a and https://b.com'],
    ['two\nlines', 'two\nlines'],
    ['👩\u200d🚒', '👩\u200d🚒'],
  ])('a reason stays as it was typed: %s', (typed, reason) => {
    for (const before of ['deny 1042 ', '  deny   #1042\t', 'Deny\u00a01042 '])
      expect(decide(before + typed)).toEqual({ run: 1042, verb: 'deny', reason });
  });

  test('a reason that is too long is refused, not cut', () => {
    expect(decide(`deny 1042 ${'😀'.repeat(500)}`).reason).toBe('😀'.repeat(500));
    expect(mistake(() => decide(`deny 1042 ${'x'.repeat(501)}`))).toMatch(
      /<reason>: at most 500 characters, and these are 501\. Usage: \/dimg deny <run> \[reason\]/,
    );
  });

  test.each([
    'cancel 0',
    'cancel -1',
    'cancel 1.5',
    'cancel x',
    'cancel 01',
    'cancel ##1',
    `cancel ${'9'.repeat(13)}`,
    'approve "#"',
    'cancel "10 42"',
  ])('refuses %s', (text) => {
    expect(mistake(() => decide(text))).toMatch(/<run>: a run is a number such as 1042|no option/);
  });

  test.each(['cancel', 'approve', 'deny'])('%s needs a run', (text) => {
    expect(mistake(() => decide(text))).toMatch(/<run> is missing/);
  });
});

describe('history', () => {
  test.each([
    ['history --by <@U0ANA>', { by: 'U0ANA' }],
    ['history --by <@U0ANA|ana>', { by: 'U0ANA' }],
    ['history --by U0ANA', { by: 'U0ANA' }],
    ['history --since 7d', { since: { ago: 7 * DAY } }],
  ])('%s', (text, options) => {
    expect(read(text).input.options).toMatchObject(options);
  });

  test.each(['ana', '@ana', '<!channel>', '<#C1>'])('refuses --by %s', (name) => {
    expect(mistake(() => read(`history --by ${name}`))).toMatch(/--by: name a person as @name/);
  });
});

describe('the command that a card shows', () => {
  const slack = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

  test('means exactly the same when it is typed again', () => {
    const value = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });
    const key = value.filter((text) => !text.startsWith('!') && !text.includes('='));
    const path = fc.string({
      unit: fc.constantFrom(...'ab1*?/.-_<>&"\'\\'.split('')),
      minLength: 1,
      maxLength: 8,
    });
    const glob = fc
      .tuple(fc.constantFrom('', 'registry.example.com:5000/'), path)
      .map((parts) => parts.join(''));
    const count = fc.integer({ min: 1, max: 999_999 });
    const selections = fc.record({
      all: fc.boolean(),
      until: fc.option(fc.nat({ max: 400 * DAY }), { nil: undefined }),
      labels: fc.array(
        fc
          .record({ key, value, not: fc.boolean() })
          .map(({ key: k, value: v, not }) => ({ key: k, value: v, not })),
        { maxLength: 3 },
      ),
      unusedSince: fc.option(
        fc.oneof(
          fc.nat({ max: 400 * DAY }).map((ago) => ({ ago })),
          fc.nat({ max: NOW }).map((at) => ({ at })),
        ),
        { nil: undefined },
      ),
      repos: fc.option(fc.array(glob, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      notRepos: fc.option(fc.array(glob, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      keep: fc.option(count, { nil: undefined }),
      goal: fc.option(
        fc.oneof(
          fc.oneof(fc.maxSafeNat(), fc.nat()).map((bytes) => ({ bytes: Math.max(1, bytes) })),
          fc.nat({ max: 10_000 }).map((n) => ({ percent: n / 100 })),
        ),
        { nil: undefined },
      ),
      buildCache: fc.constantFrom(true as const, undefined),
      stoppedContainers: fc.option(fc.nat({ max: 400 * DAY }), { nil: undefined }),
      canary: fc.option(count, { nil: undefined }),
      batch: fc.option(count, { nil: undefined }),
      force: fc.boolean(),
      dryRun: fc.boolean(),
    });
    fc.assert(
      fc.property(selections, ({ until, canary, batch, force, dryRun, ...given }) => {
        const selection = present({
          kind: 'prune' as const,
          ...given,
          until: until === undefined ? until : { ago: until },
        });
        const rollout = present({ canary, batch });
        const run = aRun({ selection, skipConfirmation: force, dryRun, rollout });
        expect(select(slack(describeRun(run)))).toEqual({
          where: 'host-3',
          selection,
          dryRun,
          skipConfirmation: force,
          ...(Object.keys(rollout).length > 0 && { rollout }),
        });
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['undo 7', 'undo 1042'])('%s', (text) => {
    const { command, input } = read(text);
    if (command.kind !== 'restore') throw new Error('nothing is restored');
    const selection = { kind: 'undo' as const, run: runId(command.restore(input).run) };
    expect(describeRun(aRun({ selection, skipConfirmation: true }))).toBe(text);
  });

  test.each(['rmi host-3 app:1 team/web:2.0 -f', 'rmi all 3f2a9c01b7de', 'prune a,b --all'])('%s', (text) => {
    const { where, selection } = select(text);
    expect(describeRun(aRun({ where, selection }))).toBe(text);
  });
});

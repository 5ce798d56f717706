import { describe, expect, test } from 'vitest';
import { plain } from '../../src/domain/markup.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item, Kept } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { RegistryProblem } from '../../src/domain/registry.ts';
import type { RegistrySelection } from '../../src/domain/registry-selection.ts';
import {
  collectWords,
  hostsWords,
  manifestName,
  manifestRow,
  manifestWords,
  tagsGoing,
} from '../../src/domain/registry-words.ts';
import { itemRow, keptRows, outcomeRow } from '../../src/domain/rows.ts';
import type { Run } from '../../src/domain/run.ts';
import { problemWords, troubleWords } from '../../src/domain/trouble.ts';
import { amount, describeRun, headline } from '../../src/domain/words.ts';
import { aKept, anItem, anOutcome, aPart, aPlan, aRun, host, id, MINUTE, NOW } from './_build.ts';

const DIGEST = id('a');
const short = DIGEST.slice(7, 19);
const none = { names: [], count: 0 };
const some = (...names: string[]) => ({ names, count: names.length });
const manifest = { kind: 'image' as const, platforms: [], on: none, usedOn: none };
const item = (given: Partial<Item> = {}): Item =>
  anItem('a', {
    references: ['team/app:1'],
    remove: ['team/app:1'],
    reclaim: 2_000_000,
    after: [],
    manifest,
    ...given,
  });
const row = (given: Partial<Item> = {}) => plain(manifestRow(item(given)));

describe('a row of a manifest', () => {
  test('has its tags, its digest, what it is and what can be freed', () => {
    expect(row()).toBe(`• team/app:1 ${short} 2 MB`);
    const index = { ...manifest, kind: 'index' as const, platforms: ['linux/amd64', 'linux/arm64/v8'] };
    expect(row({ manifest: index })).toBe(`• team/app:1 ${short} index of linux/amd64, linux/arm64/v8, 2 MB`);
    expect(row({ manifest: { ...manifest, kind: 'artifact' } })).toContain('no image, 2 MB');
  });

  test('names the hosts that can not pull it from here again, the first five of them', () => {
    expect(row({ manifest: { ...manifest, on: some('host-1') } })).toMatch(
      /host-1 has it and can't pull it from here again$/,
    );
    const many = { names: Array.from({ length: 20 }, (_, i) => `host-${i + 10}`), count: 31 };
    expect(row({ manifest: { ...manifest, on: many } })).toMatch(
      /host-10, host-11, host-12, host-13, host-14 and 26 more have it and can't pull it from here again$/,
    );
  });

  test('says first which hosts have containers that use it', () => {
    const used = { ...manifest, on: some('host-1', 'host-2'), usedOn: some('host-1') };
    expect(row({ manifest: { ...used, kind: 'artifact' } })).toBe(
      `• team/app:1 ${short} used on host-1, no image, 2 MB, host-1, host-2 have it and can't pull it from here again`,
    );
    expect(row({ manifest: used, action: 'untag' })).toContain('used on host-1');
    expect(row({ manifest: { ...used, usedOn: none } })).not.toContain('used');
  });

  test('says of a tag alone what stays, and warns of nothing', () => {
    const words = row({
      ...{ action: 'untag', references: ['team/app:1', 'team/app:2'], reclaim: 0 },
      manifest: { ...manifest, on: some('host-1') },
    });
    expect(words).toContain('only this tag: team/app:2 stays');
    expect(words).not.toContain('again');
  });

  test('says what goes along', () => {
    const part = item({ after: [id('b'), id('c')] });
    expect(plain(manifestRow(part))).toContain('goes with what it belongs to, 2 MB');
    const index = item({ image: id('b'), references: [`app@${id('b')}`, 'app:1', 'app:2'] });
    const untagged = item({ image: id('c'), references: [`app@${id('c')}`] });
    const words = plain(itemRow(part, NOW, tagsGoing([part, index, untagged])));
    expect(words).toContain('goes with app:1, 2 MB');
    expect(plain(manifestRow(part, tagsGoing([untagged])))).toContain('goes with what it belongs to, 2 MB');
  });

  test('cuts digests in names short, since nobody reads them', () => {
    const name = (reference: string) => plain(manifestName({ references: [reference], image: DIGEST }));
    expect(name(`app@${DIGEST}`)).toBe(`app@${DIGEST.slice(0, 19)}…`);
    expect(name(`app:${DIGEST.replace(':', '-')}.sig`)).toBe(`app:sha256-${short}….sig ${short}`);
  });

  test('is the one that cards have, also of how it ended', () => {
    expect(plain(itemRow(item(), NOW))).toBe(row());
    const ended = (outcome: Parameters<typeof anOutcome>[1]) =>
      plain(outcomeRow(item(), anOutcome('a', outcome)));
    expect(ended('deleted')).toBe(`✓ team/app:1 ${short} deleted`);
    expect(ended('absent')).toContain('was gone already');
    // Only an engine tells what it freed, and only a host has images that can't be pulled again.
    expect(ended('deleted')).not.toMatch(/\d B|again/);
  });

  test('that did not go whole says what of it went', () => {
    const two = item({ references: ['a:1', 'b:1'], remove: ['a:1', 'b:1'] });
    const why = { kind: 'registry' as const, what: 'forbidden' as const };
    for (const kind of ['failed', 'unknown', 'skipped'] as const) {
      const words = (removed: string[]) => plain(outcomeRow(two, anOutcome('a', kind, { removed, why })));
      expect(words(['a:1'])).toMatch(new RegExp(`^. a:1, b:1 ${short} ${kind}: .*user; a:1 had gone$`));
      expect(words([`a@${DIGEST}`])).toMatch(new RegExp(`; a@sha256:${short}… had gone$`));
      expect(words([])).not.toContain('gone');
    }
    const undone = { ...two, action: 'restore' as const };
    expect(plain(outcomeRow(undone, anOutcome('a', 'failed', { removed: ['a:1'], why })))).toMatch(
      /; a:1 had come back$/,
    );
  });

  test('that stays names no option that there is not', () => {
    const kept: Kept = { ...aKept('a', { references: ['app:1'] }), manifest };
    const [words = ''] = keptRows([kept], false).map(plain);
    expect(words).toContain('app:1 stays: tagged');
    expect(words).not.toContain('-a takes');
    expect(keptRows([aKept('a')], false).map(plain)[0]).toContain('-a takes');
  });

  test('says which hosts use it and which only have it', () => {
    const words = (on: string[], usedOn: string[]) =>
      hostsWords({ manifest: { ...manifest, on: some(...on), usedOn: some(...usedOn) } }).map(plain);
    expect(words([], [])).toEqual([]);
    expect(words(['host-1'], [])).toEqual(['on host-1']);
    expect(words(['host-1', 'host-2'], ['host-1'])).toEqual(['used on host-1, on 1 more host']);
    expect(words(['host-1'], ['host-1'])).toEqual(['used on host-1']);
    expect(hostsWords({})).toEqual([]);
    expect(manifestWords({})).toEqual([]);
  });

  test('gives no text of people an effect', () => {
    const words = String(manifestRow(item({ references: ['<!channel>:1'], remove: [] })));
    expect(words).not.toContain('<!channel>');
  });
});

describe('what frees what was deleted', () => {
  test.each([
    ['distribution', 'registry garbage-collect'],
    ['harbor', 'Garbage Collection'],
    ['zot', 'storage.gcInterval'],
    ['other', 'see how yours does it'],
  ] as const)('is told of %s', (collects, words) => {
    const text = plain(collectWords(collects, 5_000));
    expect(text).toMatch(/^Nothing is freed before the registry collects its garbage, then up to 5 kB:/);
    expect(text).toContain(words);
  });
});

describe('hosts that have not told what they have', () => {
  const words = (hosts: string[], named?: true) =>
    plain(problemWords({ kind: 'unheard', hosts, ...(named && { named }) }));

  test('are why nothing is pruned, and are told where something is named', () => {
    expect(words(['a'])).toMatch(/^a has not told which images are there, so nothing is pruned: /);
    expect(words(['a'], true)).toBe('What a has and uses is not known: its agent has not told.');
    expect(words(['a', 'b'], true)).toBe('What a, b have and use is not known: their agents have not told.');
  });
});

describe('why something stays in a registry', () => {
  test.each<[string, Trouble]>([
    ["protected by base/* in the agent's configuration", { kind: 'protected', by: 'base/*' }],
    [
      'only 60 seconds here; the agent keeps images for 2m',
      { kind: 'min-age', age: MINUTE, least: 2 * MINUTE },
    ],
    ["over the agent's hourly limit; more can go ", { kind: 'limit', again: NOW }],
    ['left with the others, since the registry has changed too much', { kind: 'stale' }],
    ['Redis lost what became of it, and the agent did not tell; look with ', { kind: 'forgotten' }],
    ['the agent said: no', { kind: 'engine', message: 'no' }],
  ])('speaks of no host and no engine: %s', (words, why) => {
    for (const there of ['image', 'registry'] as const) {
      expect(plain(troubleWords(why, there))).toContain(words);
      expect(plain(troubleWords(why, there))).not.toMatch(/host|engine/);
    }
  });

  test('is for a signature what it belongs to, for a part what needs it', () => {
    const reason = { kind: 'part-of' as const, of: ['app:1'] };
    expect(plain(troubleWords(reason, 'artifact'))).toBe('belongs to app:1');
    expect(plain(troubleWords(reason, 'image'))).toBe('app:1 needs it');
    const kept: Kept = { ...aKept('a', { references: ['app:1'] }), manifest, reason };
    const signature = { ...manifest, kind: 'artifact' as const };
    expect(plain(keptRows([{ ...kept, manifest: signature }], false)[0] ?? [])).toContain('belongs to app:1');
    const row = outcomeRow(item({ manifest: signature }), anOutcome('a', 'skipped', { why: reason }));
    expect(plain(row)).toContain('skipped: belongs to app:1');
  });
});

describe('what a registry does not do', () => {
  const whats = RegistryProblem.shape.what.options;
  test.each(whats)('is a sentence: %s', (what) => {
    const problem = { kind: 'registry' as const, what };
    const words = plain(troubleWords(problem));
    expect(words).toMatch(/^[a-z].*[^.]$/);
    expect(plain(problemWords({ kind: 'registry', name: 'team/app', why: problem }))).toBe(
      `team/app is left alone: ${words}.`,
    );
    const alone = plain(problemWords({ kind: 'registry', why: problem }));
    expect(alone).toBe(`${words.charAt(0).toUpperCase()}${words.slice(1)}.`);
    if (what === 'not-listed') return;
    // A registry's own full stop is not said beside ours.
    for (const message of ['DENIED: no', 'DENIED: no.'])
      expect(plain(troubleWords({ ...problem, message }))).toContain('(DENIED: no)');
  });

  test('is told apart from each other', () => {
    const all = whats.map((what) => plain(troubleWords({ kind: 'registry', what })));
    expect(new Set(all).size).toBe(whats.length);
  });
});

const prune = (given: object = {}): RegistrySelection => ({
  ...{ kind: 'registry prune', repositories: 'team/*', tags: [], notTags: [], untagged: false },
  ...given,
});
const run = (selection: RegistrySelection, given: Partial<Run> = {}): Run =>
  aRun({ where: 'main', selection, hosts: { [host('main')]: aPart() }, ...given });

describe('a run over a registry', () => {
  test('is told as one would type it', () => {
    expect(describeRun(run(prune({ keep: 10 })))).toBe('registry prune main/team/* --keep 10');
    expect(
      describeRun(
        run(
          prune({
            until: { ago: 14 * 24 * 60 * MINUTE },
            tags: ['pr-*'],
            notTags: ['v*', 'latest'],
            untagged: true,
          }),
          { dryRun: true },
        ),
      ),
    ).toBe(
      'registry prune main/team/* --until 2w --tag pr-* --not-tag v* --not-tag latest --untagged --dry-run',
    );
    const names = [
      { repository: 'team/app', tag: '1' },
      { repository: 'app', digest: DIGEST },
    ];
    expect(describeRun(run({ kind: 'registry rmi', names }))).toBe(
      `registry rmi main/team/app:1 main/app@${DIGEST}`,
    );
  });

  test('counts manifests and tags on its card', () => {
    expect(amount({ noun: 'manifest', items: 1, untag: 0, untagReferences: 0, cache: 0 })).toBe('1 manifest');
    expect(amount({ noun: 'manifest', items: 3, untag: 1, untagReferences: 2, cache: 0 })).toBe(
      '2 manifests and 2 tags',
    );
    expect(amount({ noun: 'manifest', items: 1, untag: 1, untagReferences: 1, cache: 0 })).toBe('1 tag');
    const plan = summarise(
      aPlan([item(), item({ image: id('b'), action: 'untag', references: ['a:1', 'a:2'], remove: ['a:1'] })]),
    );
    const part = aPart({ stage: 'planned', plan });
    const proposed = run(prune({ keep: 1 }), {
      ...{ state: 'proposed', approvalFor: ['registry'] },
      hosts: { [host('main')]: part },
    });
    expect(headline(proposed)).toBe(
      '#1042 proposed · registry prune main · 1 manifest and 1 tag, up to 4 MB after garbage collection, waits for approval',
    );
    const ended = { ...proposed, state: 'done' as const };
    const outcomes = [anOutcome('a', 'deleted', { freed: 0 }), anOutcome('b', 'untagged')];
    expect(headline({ ...ended, hosts: { [host('main')]: { ...part, outcomes } } })).toBe(
      '#1042 done · registry prune main · deleted 2 of 2, 0 B',
    );
    expect(headline({ ...ended, dryRun: true })).toBe(
      '#1042 done · registry prune main · dry run, up to 4 MB after garbage collection, deleted 0 of 2, 0 B',
    );
  });
});

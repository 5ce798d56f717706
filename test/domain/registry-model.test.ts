import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../src/domain/glob.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import {
  type Manifest,
  type RegistryInventory,
  type Repository,
  subjectOfTag,
} from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import {
  meansTags,
  type RegistryPruneSelection,
  type RegistrySelection,
} from '../../src/domain/registry-selection.ts';
import { Rules } from '../../src/domain/rules.ts';
import { HOST } from './_build.ts';
import { aManifest, anInventoryThere, digestOf, Model } from './_registry.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const NAMES = ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'];
const TAGS = [
  ...['latest', 'v1', 'v2', 'b1', 'b2'],
  ...NAMES.slice(0, 4).flatMap((name) => {
    const hex = digestOf(name).slice(7);
    return [`sha256-${hex}`, `sha256-${hex}.sig`];
  }),
];

/** Manifests that are made of those before them, as digests are. */
const manifests = fc
  .array(
    fc.record({
      kind: fc.constantFrom('image', 'image', 'index', 'artifact'),
      blobs: fc.subarray(['x', 'y', 'z', 'own']),
      of: fc.array(fc.nat(7), { maxLength: 3 }),
      about: fc.option(fc.nat(7), { nil: undefined }),
      age: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null }),
      label: fc.constantFrom(undefined, undefined, undefined, 'yes', 'no'),
    }),
    { minLength: NAMES.length, maxLength: NAMES.length },
  )
  .map((drawn) =>
    drawn.map(({ kind, blobs, of, about, age, label }, i): Manifest => {
      const before = of.filter((one) => one < i);
      const name = NAMES[i] ?? '';
      return aManifest(name, {
        kind: kind as Manifest['kind'],
        blobs: kind === 'index' ? [] : blobs.map((blob) => (blob === 'own' ? `${name} own` : blob)),
        children: kind === 'index' ? before.map((one) => [NAMES[one] ?? '', 'linux/amd64'] as const) : [],
        // An index has neither a date nor labels of its own.
        createdAt: age === null || kind === 'index' ? null : NOW - age * HOUR,
        labels: label === undefined || kind !== 'image' ? {} : { keep: label },
        ...(about !== undefined && about < i && kind !== 'index' && { subject: NAMES[about] }),
      });
    }),
  );

const repositories = fc.tuple(manifests, fc.integer({ min: 1, max: 3 })).chain(([made, count]) =>
  fc.array(
    fc
      .record({
        there: fc.subarray(made, { minLength: 3 }),
        tags: fc.uniqueArray(fc.tuple(fc.constantFrom(...TAGS), fc.nat(7)), {
          selector: ([tag]) => tag,
          maxLength: 7,
        }),
        seen: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
      })
      .map(
        ({ there, tags, seen }): Omit<Repository, 'name'> => ({
          manifests: new Map(there.map((manifest) => [manifest.digest, manifest])),
          tags: new Map(tags.map(([tag, i]) => [tag, there[i % there.length]?.digest ?? digestOf('')])),
          seenAt: new Map(made.map(({ digest }, i) => [digest, NOW - (seen[i] ?? 0) * HOUR])),
        }),
      ),
    { minLength: count, maxLength: count },
  ),
);

const inventories = fc
  .record({
    repositories,
    deletesTags: fc.boolean(),
    holders: fc.dictionary(
      fc.constantFrom(...NAMES, 'x'),
      fc.array(fc.tuple(fc.constantFrom('host-1', 'host-2'), fc.boolean()), { maxLength: 2 }),
      { maxKeys: 2 },
    ),
  })
  .map(({ repositories: list, ...given }) =>
    anInventoryThere(
      list.map((repository, i) => ({ ...repository, name: `team/app-${i}` })),
      { now: NOW, ...given },
    ),
  );

const names = fc.oneof(
  fc.record({
    repository: fc.constantFrom('team/app-0', 'team/app-1', 'team/app-2'),
    tag: fc.constantFrom(...TAGS),
  }),
  fc.record({
    repository: fc.constantFrom('team/app-0', 'team/app-1', 'team/app-2'),
    digest: fc.constantFrom(...NAMES.map(digestOf)),
  }),
);
const selections: fc.Arbitrary<RegistrySelection> = fc.oneof(
  fc.record({
    kind: fc.constant('registry rmi' as const),
    names: fc.array(names, { minLength: 1, maxLength: 5 }),
  }),
  fc.record(
    {
      kind: fc.constant('registry prune' as const),
      repositories: fc.constant('team/*'),
      until: fc.integer({ min: 0, max: 50 }).map((hours) => ({ ago: hours * HOUR })),
      keep: fc.integer({ min: 1, max: 3 }),
      tags: fc.subarray(['b*', 'v*', 'latest']),
      notTags: fc.subarray(['b1', 'v*', '*.sig', 'sha256-*']),
      untagged: fc.boolean(),
    },
    { requiredKeys: ['kind', 'repositories', 'tags', 'notTags', 'untagged'] },
  ),
);
const rules = fc
  .record({
    protect: fc.subarray(['app-0:v1', 'app-1', 'main/team/app-2', 'label=keep=yes', 'label=keep'], {
      maxLength: 2,
    }),
    minAge: fc.constantFrom(0, HOUR),
  })
  .map((given) => ({ ...Rules.parse(given), prefixes: ['main'] }));

/** Each tag and all that is pulled with it. */
function pullable(model: Model): Map<string, ReadonlySet<string> | null> {
  return new Map(
    [...model.repositories].flatMap(([repository, { tags }]) =>
      [...tags.keys()].map((tag) => [`${repository}:${tag}`, model.pulls(repository, tag)] as const),
    ),
  );
}

/** Carries the plan out; what fails, and what is never begun, is drawn. Calls `check` after each request. */
function carryOut(
  inventory: RegistryInventory,
  plan: ReturnType<typeof chooseThere>,
  fails: (n: number) => boolean,
  check: (model: Model) => void,
  model = new Model(inventory),
): Model {
  const gone = new Set<string>();
  let n = 0;
  for (const item of plan.items) {
    if (!item.after?.every((digest) => gone.has(digest))) continue;
    const whole = [...new Set(item.remove.map(repositoryOf))].map((repository) => {
      if (fails(n++)) return false;
      model.remove(item, repository);
      check(model);
      return true;
    });
    if (whole.every(Boolean) && item.action === 'delete') gone.add(item.image);
  }
  return model;
}

/** A manifest in a repository as one would look at it by hand. */
class Seen {
  readonly repository: Repository;
  /** It and what it is made of. */
  readonly parts: readonly Manifest[];
  readonly used: boolean;
  readonly digest: ImageId;
  constructor(inventory: RegistryInventory, name: string, digest: ImageId) {
    this.digest = digest;
    const found = inventory.repositories.find((one) => one.name === name);
    if (!found) throw new Error(`There is no ${name}.`);
    this.repository = found;
    this.parts = this.partsOf(digest);
    this.used = this.parts
      .flatMap((part) => [part, ...part.blobs])
      .some((one) => inventory.holders.get(one.digest)?.some(({ used }) => used));
  }
  private partsOf(digest: ImageId): Manifest[] {
    const manifest = this.repository.manifests.get(digest);
    return manifest ? [manifest, ...manifest.children.flatMap((child) => this.partsOf(child.digest))] : [];
  }
  tagsOn(digest: ImageId): string[] {
    return [...this.repository.tags].flatMap(([tag, on]) => (on === digest ? [tag] : []));
  }
  /** Tags that say what to pull. One like a signature's does so on an image, and on an index that lists one. */
  namesOn(digest: ImageId): string[] {
    const { manifests } = this.repository;
    const manifest = manifests.get(digest);
    const isWord = (one: Manifest | undefined) => one && (one.kind === 'artifact' || one.subject);
    const mayBeAbout =
      manifest?.kind === 'artifact' ||
      (manifest?.kind === 'index' && manifest.children.every((child) => isWord(manifests.get(child.digest))));
    return this.tagsOn(digest).filter((tag) => !mayBeAbout || !tag.startsWith('sha256-'));
  }
  /** Of nothing else that is there. */
  get isAlone(): boolean {
    const { manifests } = this.repository;
    const subjects = [
      ...this.tagsOn(this.digest).map(subjectOfTag),
      manifests.get(this.digest)?.subject ?? null,
    ].filter((one) => one !== null && one !== this.digest && manifests.has(one));
    const indexes = [...manifests.values()].filter(({ children }) =>
      children.some((child) => child.digest === this.digest),
    );
    return subjects.length + indexes.length === 0;
  }
  /** When the newest of its images was made; `null` where one does not say it. */
  madeAt(digest: ImageId): number | null {
    const parts = this.partsOf(digest);
    const dates = parts.map(({ createdAt }) => createdAt);
    if (parts.some(({ kind, createdAt }) => kind === 'image' && createdAt === null)) return null;
    return dates.every((at) => at === null) ? null : Math.max(...dates.map((at) => at ?? 0));
  }
}

function expectUnprotected({ repository, parts }: Seen, tags: readonly string[], protect: readonly string[]) {
  const { name } = repository;
  for (const rule of protect) {
    if (rule === 'app-0:v1') expect([name, tags]).not.toEqual(['team/app-0', expect.arrayContaining(['v1'])]);
    if (rule === 'app-1') expect(name).not.toBe('team/app-1');
    if (rule === 'main/team/app-2') expect(name).not.toBe('team/app-2');
    for (const { labels } of parts) {
      if (rule === 'label=keep') expect(labels).not.toHaveProperty('keep');
      if (rule === 'label=keep=yes') expect(labels).not.toHaveProperty('keep', 'yes');
    }
  }
}

/** These tags of it go by just these words. */
function expectMeant(
  seen: Seen,
  tags: readonly string[],
  selection: RegistryPruneSelection,
  minAge: number,
): void {
  const { digest, repository } = seen;
  const { until, keep } = selection;
  const names = seen.namesOn(digest);
  expect(tags).not.toContain('latest');
  for (const tag of tags) for (const glob of selection.notTags) expect(matchesGlob(glob, tag)).toBe(false);
  // What belongs to something that goes is not asked for its age.
  if (names.length === 0 && !seen.isAlone) return;
  if (names.length > 0) expect(meansTags(selection)).toBe(true);
  else expect(selection.untagged).toBe(true);
  const dates = seen.parts.map(({ createdAt }) => createdAt ?? 0);
  expect(NOW - Math.max(...dates, repository.seenAt.get(digest) ?? NOW)).toBeGreaterThanOrEqual(minAge);
  const made = seen.madeAt(digest);
  if (until) {
    expect(made).not.toBeNull();
    expect(made).toBeLessThanOrEqual(NOW - ('ago' in until ? until.ago : 0));
  }
  if (names.length === 0) return;
  if (selection.tags.length > 0)
    for (const tag of tags.filter((one) => names.includes(one)))
      expect(selection.tags.some((glob) => matchesGlob(glob, tag))).toBe(true);
  if (keep === undefined) return;
  expect(made).not.toBeNull();
  const asNew = [...repository.manifests.keys()].filter((one) => {
    const at = one === digest || seen.namesOn(one).length === 0 ? null : seen.madeAt(one);
    return at !== null && at >= (made ?? 0);
  });
  expect(asNew.length).toBeGreaterThanOrEqual(keep);
}

describe('a plan for a registry', () => {
  test('leaves every other tag as it was, after each request and whatever fails', () => {
    fc.assert(
      fc.property(
        inventories,
        selections,
        rules,
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (inventory, selection, given, failing) => {
          const plan = chooseThere(HOST, inventory, selection, given, NOW);
          const before = pullable(new Model(inventory));
          const named = new Set(plan.items.flatMap(({ remove }) => remove));
          const check = (model: Model) => {
            model.collectGarbage();
            const after = pullable(model);
            for (const [reference, pulled] of before)
              if (!named.has(reference) || after.has(reference))
                expect([reference, after.get(reference)]).toEqual([reference, pulled]);
          };
          const model = carryOut(inventory, plan, (n) => failing[n % failing.length] ?? false, check);
          const all = carryOut(inventory, plan, () => false, check);
          // Undisturbed, all that was shown to go is gone.
          for (const reference of named) expect(pullable(all).has(reference)).toBe(false);
          return model !== all;
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('and others after it leave what was meant by none of them, collected or not', () => {
    fc.assert(
      fc.property(
        inventories,
        fc.array(fc.tuple(selections, fc.boolean(), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })), {
          minLength: 2,
          maxLength: 4,
        }),
        rules,
        (inventory, asked, given) => {
          const model = new Model(inventory);
          const before = pullable(model);
          const named = new Set<string>();
          let now = NOW;
          for (const [selection, collects, failing] of asked) {
            const known = model.read({ ...inventory, takenAt: now });
            const plan = chooseThere(HOST, known, selection, given, now);
            for (const { remove } of plan.items) for (const reference of remove) named.add(reference);
            carryOut(
              known,
              plan,
              (n) => failing[n % failing.length] ?? false,
              () => {},
              model,
            );
            if (collects) model.collectGarbage();
            now += HOUR;
          }
          model.collectGarbage();
          const after = pullable(model);
          for (const [reference, pulled] of before)
            if (!named.has(reference) || after.has(reference))
              expect([reference, after.get(reference)]).toEqual([reference, pulled]);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test('of which each item comes once, after all that it waits for, whatever is closed or unheard of', () => {
    fc.assert(
      fc.property(
        inventories,
        selections,
        rules,
        fc.subarray(['team/app-0', 'team/app-1', 'team/app-2']),
        fc.boolean(),
        (inventory, selection, given, closed, unheard) => {
          const known = { ...inventory, closed: new Set(closed), unheard: unheard ? [HOST] : [] };
          const plan = chooseThere(HOST, known, selection, given, NOW);
          const come = new Set<string>();
          for (const { image, after = [], remove } of plan.items) {
            expect(come.has(image)).toBe(false);
            for (const digest of after) expect(come.has(digest)).toBe(true);
            come.add(image);
            expect(remove.length).toBeGreaterThan(0);
            for (const reference of remove) expect(closed).not.toContain(repositoryOf(reference));
          }
          if (unheard && selection.kind === 'registry prune') expect(plan.items).toEqual([]);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test('takes nothing that a rule keeps, and says of each why it stays', () => {
    fc.assert(
      fc.property(inventories, selections, rules, (inventory, selection, given) => {
        const plan = chooseThere(HOST, inventory, selection, given, NOW);
        for (const item of plan.items)
          for (const name of new Set(item.remove.map(repositoryOf))) {
            const seen = new Seen(inventory, name, item.image);
            const tags = item.remove
              .filter((reference) => reference.startsWith(`${name}:`))
              .map((reference) => reference.slice(name.length + 1));
            expectUnprotected(seen, tags, given.protect);
            if (selection.kind === 'registry rmi') continue;
            expect(seen.used).toBe(false);
            expectMeant(seen, tags, selection, given.minAge);
          }
        const staying = new Set(plan.kept.flatMap(({ references }) => references));
        // A name that stays where another on the same manifest goes is said in its row.
        const going = new Set(plan.items.flatMap(({ references }) => references));
        if (selection.kind === 'registry prune')
          for (const { name, tags } of inventory.repositories)
            for (const tag of tags.keys())
              if (subjectOfTag(tag) === null)
                expect(staying.has(`${name}:${tag}`) || going.has(`${name}:${tag}`)).toBe(true);
      }),
      { numRuns: 4_000 },
    );
  });
});

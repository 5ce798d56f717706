import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { repositoryOf } from '../../src/domain/reference.ts';
import {
  type Manifest,
  type RegistryInventory,
  type Repository,
  subjectOfTag,
} from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import { meansTags, type RegistrySelection } from '../../src/domain/registry-selection.ts';
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
    }),
    { minLength: NAMES.length, maxLength: NAMES.length },
  )
  .map((drawn) =>
    drawn.map(({ kind, blobs, of, about, age }, i): Manifest => {
      const before = of.filter((one) => one < i);
      const name = NAMES[i] ?? '';
      return aManifest(name, {
        kind: kind as Manifest['kind'],
        blobs: kind === 'index' ? [] : blobs.map((blob) => (blob === 'own' ? `${name} own` : blob)),
        children: kind === 'index' ? before.map((one) => [NAMES[one] ?? '', 'linux/amd64'] as const) : [],
        createdAt: age === null ? null : NOW - age * HOUR,
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
      notTags: fc.subarray(['b1', 'v*']),
      untagged: fc.boolean(),
    },
    { requiredKeys: ['kind', 'repositories', 'tags', 'notTags', 'untagged'] },
  ),
);
const rules = fc
  .record({ protect: fc.subarray(['app-0:v1', 'app-1']), minAge: fc.constantFrom(0, HOUR) })
  .map((given) => Rules.parse(given));

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
        for (const item of plan.items) {
          for (const reference of item.remove) {
            if (given.protect.includes('app-0:v1')) expect(reference).not.toBe('team/app-0:v1');
            if (given.protect.includes('app-1')) expect(repositoryOf(reference)).not.toBe('team/app-1');
          }
          if (selection.kind === 'registry rmi') continue;
          const tags = item.remove
            .filter((reference) => !reference.includes('@'))
            .map((reference) => reference.slice(repositoryOf(reference).length + 1))
            .filter((tag) => subjectOfTag(tag) === null);
          expect(tags).not.toContain('latest');
          if (tags.length > 0) expect(meansTags(selection)).toBe(true);
          for (const tag of tags) {
            if (selection.notTags.includes('v*')) expect(tag).not.toMatch(/^v/);
            if (selection.notTags.includes('b1')) expect(tag).not.toBe('b1');
          }
          if (tags.length === 0 && !selection.untagged) expect(item.after).not.toEqual([]);
          expect(inventory.holders.get(item.image)?.some(({ used }) => used) ?? false).toBe(false);
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
      { numRuns: 2_000 },
    );
  });
});

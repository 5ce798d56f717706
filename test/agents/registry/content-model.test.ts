import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openContent } from '../../../agents/registry/content.ts';
import { openMemory } from '../../../agents/registry/memory.ts';
import { makePlanThere, readAll } from '../../../agents/registry/planner.ts';
import { type Registry, RegistryTrouble } from '../../../agents/registry/ports.ts';
import { HostName, type ImageId } from '../../../src/domain/ids.ts';
import { repositoryOf } from '../../../src/domain/reference.ts';
import type { Manifest } from '../../../src/domain/registry.ts';
import { Rules } from '../../../src/domain/rules.ts';
import { aManifest, digestOf } from '../../domain/_registry.ts';
import { temporaryFolder } from '../host/_folder.ts';
import { MAIN, prune, silent } from './_there.ts';

type There = {
  tags: Map<string, ImageId>;
  manifests: Map<ImageId, Manifest>;
  /** Was there at any time. */
  ever: Set<ImageId>;
  /** Whoever looked from time to time can have come by it. */
  known: Set<ImageId>;
  used: Set<ImageId>;
};
type World = { all: Map<string, There>; odd: ReadonlySet<ImageId>; listsReferrers: boolean };

const HOST = HostName.parse('host-1');
const NAMES = ['team/app', 'team/sigs', 'team/other'];
const sigOf = (digest: ImageId) => `sha256-${digest.slice(7)}.sig`;

const place = fc.constantFrom('team/app', 'team/app', 'team/app', ...NAMES);
const tag = fc.constantFrom('v1', 'v1', 'pr1', 'pr2');
const some = fc.nat(3);
const step = fc.oneof(
  fc.record({ what: fc.constant('image' as const), place, some, tag: fc.option(tag) }),
  fc.record({
    what: fc.constant('index' as const),
    place,
    of: fc.array(some, { minLength: 1, maxLength: 2 }),
    tag: fc.option(tag),
  }),
  fc.record({ what: fc.constant('retag' as const), place, some, tag }),
  fc.record({
    what: fc.constant('sign' as const),
    place,
    of: place,
    some,
    by: fc.constantFrom('tag', 'subject'),
  }),
  fc.record({ what: fc.constant('gone' as const), place, some }),
  fc.record({ what: fc.constant('use' as const), place, some, ends: fc.boolean() }),
  fc.record({ what: fc.constant('look' as const), place, odd: fc.array(some, { maxLength: 2 }) }),
  fc.record({
    what: fc.constant('prune' as const),
    repositories: fc.constantFrom('team/*', 'team/app', ...NAMES),
    ...{ tags: fc.subarray(['pr*']), untagged: fc.boolean(), odd: fc.array(some, { maxLength: 1 }) },
  }),
);
const LAST = { what: 'prune', repositories: 'team/*', tags: ['pr*'], untagged: true, odd: [] } as const;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A registry that is made of maps, and answers some questions oddly. */
function aRegistry({ all, ...world }: World, state: Pick<World, 'odd'>, deletesTags: boolean): Registry {
  const trouble = () => new RegistryTrouble({ kind: 'registry', what: 'wrong' });
  return {
    ping: async () => {},
    repositories: async () => [...all.keys()],
    tags: async (name) => [...(all.get(name)?.tags.keys() ?? [])],
    resolve: async (name, one) => all.get(name)?.tags.get(one) ?? null,
    async manifest(name, digest) {
      if (state.odd.has(digest)) throw trouble();
      return all.get(name)?.manifests.get(digest) ?? null;
    },
    referrers: async (name, digest) =>
      world.listsReferrers
        ? [...(all.get(name)?.manifests.values() ?? [])].filter(({ subject }) => subject === digest)
        : null,
    removeManifest: async () => ({ kind: 'absent' }),
    removeTag: async () =>
      deletesTags
        ? { kind: 'absent' }
        : { kind: 'trouble', problem: { kind: 'registry', what: 'tags-stay' }, begun: false },
    close() {},
  };
}

/** All that is reached from these by way of indexes, as far as it is there. */
function partsOf({ manifests }: There, from: Iterable<ImageId>): Set<ImageId> {
  const all = new Set<ImageId>();
  const take = (digest: ImageId) => {
    const manifest = manifests.get(digest);
    if (!manifest || all.has(digest)) return;
    all.add(digest);
    for (const child of manifest.children) take(child.digest);
  };
  for (const one of from) take(one);
  return all;
}

function remove(there: There, digest: ImageId): void {
  there.manifests.delete(digest);
  for (const [name, on] of there.tags) if (on === digest) there.tags.delete(name);
}

async function live(steps: readonly Step[], listsReferrers: boolean, deletesTags: boolean): Promise<void> {
  const fresh = (): There => ({
    ...{ tags: new Map(), manifests: new Map(), ever: new Set(), known: new Set(), used: new Set() },
  });
  const world: World = { all: new Map(NAMES.map((name) => [name, fresh()])), odd: new Set(), listsReferrers };
  const at = (name: string) => world.all.get(name) as There;
  const nth = ({ manifests }: There, n: number) => [...manifests.keys()][n % Math.max(1, manifests.size)];
  const registry = aRegistry(world, world, deletesTags);
  const memory = await openMemory(`${temporaryFolder()}/seen.json`, silent);
  const content = openContent(registry, memory, () => 1);
  const planner = {
    ...{ host: MAIN, registry, content, memory, allowed: ['team/*'], collects: 'other' as const },
    queue: {
      async holders(digests: readonly ImageId[]) {
        const used = digests.filter((one) => NAMES.some((name) => at(name).used.has(one)));
        return { holders: new Map(used.map((one) => [one, [{ host: HOST, used: true }]])), unheard: [] };
      },
      usedIn: async (names: readonly string[]) => new Map(names.map((name) => [name, at(name).used])),
    },
    ...{ rules: { ...Rules.parse({ minAge: 0 }), prefixes: [] }, now: () => 1_000 },
  };
  const push = (name: string, manifest: Manifest, on?: string | null) => {
    const there = at(name);
    there.manifests.set(manifest.digest, manifest);
    there.ever.add(manifest.digest);
    if (on) there.tags.set(on, manifest.digest);
  };
  const oddOf = (numbers: readonly number[]) =>
    new Set(NAMES.flatMap((name) => numbers.flatMap((n) => nth(at(name), n) ?? [])));
  const seeing = (there: There) => {
    for (const one of there.tags.values()) there.known.add(one);
    // What was odd tells no parts.
    const readable = {
      ...there,
      manifests: new Map([...there.manifests].filter(([one]) => !world.odd.has(one))),
    };
    for (const one of partsOf(readable, there.known)) there.known.add(one);
  };

  for (const one of [...steps, LAST])
    switch (one.what) {
      case 'image':
        push(one.place, aManifest(`image ${one.some}`), one.tag);
        break;
      case 'index': {
        const parts = one.of.flatMap((n) => nth(at(one.place), n) ?? []);
        const children = parts.map((digest) => ({
          digest,
          mediaType: 'm',
          size: 10,
          platform: 'linux/amd64',
        }));
        const digest = digestOf(`index ${parts.join()}`);
        if (parts.length > 0)
          push(one.place, { ...aManifest(''), digest, kind: 'index', blobs: [], children }, one.tag);
        break;
      }
      case 'retag': {
        const digest = nth(at(one.place), one.some);
        if (digest) at(one.place).tags.set(one.tag, digest);
        break;
      }
      case 'sign': {
        const subject = nth(at(one.of), one.some);
        if (!subject) break;
        const signature = aManifest(`${one.by} of ${subject}`, { kind: 'artifact' });
        if (one.by === 'tag') push(one.place, signature, sigOf(subject));
        else push(one.place, { ...signature, subject });
        break;
      }
      case 'gone': {
        const digest = nth(at(one.place), one.some);
        if (digest) remove(at(one.place), digest);
        break;
      }
      case 'use': {
        const digest = nth(at(one.place), one.some);
        if (one.ends) at(one.place).used.clear();
        else if (digest) at(one.place).used.add(digest);
        break;
      }
      case 'look':
        world.odd = oddOf(one.odd);
        await readAll(planner, [one.place]);
        seeing(at(one.place));
        world.odd = new Set();
        break;
      case 'prune': {
        world.odd = oddOf(one.odd);
        const before = new Map(
          NAMES.map((name) => {
            const { tags, manifests, used } = at(name);
            if (['team/*', name].includes(one.repositories)) seeing(at(name));
            const there = { ...at(name), tags: new Map(tags), manifests: new Map(manifests) };
            return [name, { ...there, needed: partsOf(there, used) }] as const;
          }),
        );
        const { repositories, tags, untagged } = one;
        const plan = await makePlanThere(planner, prune(repositories, { tags: [...tags], untagged }));
        world.odd = new Set();
        for (const item of plan.items)
          for (const reference of item.remove) {
            const there = at(repositoryOf(reference));
            if (item.action === 'delete') remove(there, item.image);
            else there.tags.delete(reference.slice(repositoryOf(reference).length + 1));
          }
        for (const [name, was] of before) {
          const now = at(name);
          const missing = (digests: Iterable<ImageId>) =>
            [...digests].filter((digest) => was.manifests.has(digest) && !now.manifests.has(digest));
          expect(['used', name, ...missing(was.needed)]).toEqual(['used', name]);
          for (const { digest, children } of now.manifests.values())
            if (was.known.has(digest))
              expect(['parts', name, ...missing(children.map((child) => child.digest))]).toEqual([
                'parts',
                name,
              ]);
          for (const [signature, { subject, by }] of signaturesIn(was)) {
            const stays = was.manifests.has(subject)
              ? now.manifests.has(subject)
              : !was.ever.has(subject) && NAMES.some((other) => at(other).manifests.has(subject));
            if (stays) expect(['signs', name, by, ...missing([signature])]).toEqual(['signs', name, by]);
          }
        }
      }
    }
}

/** What says something about another manifest, and has no name of its own. */
function signaturesIn({ tags, manifests }: There): [ImageId, { subject: ImageId; by: string }][] {
  const named = new Set([...tags].flatMap(([name, digest]) => (name.startsWith('sha256-') ? [] : [digest])));
  const byTag = [...tags].flatMap(([name, digest]): [ImageId, { subject: ImageId; by: string }][] =>
    name.startsWith('sha256-')
      ? [[digest, { subject: `sha256:${name.slice(7, -4)}` as ImageId, by: name }]]
      : [],
  );
  const bySubject = [...manifests.values()].flatMap(
    ({ digest, subject }): [ImageId, { subject: ImageId; by: string }][] =>
      subject && !named.has(digest) ? [[digest, { subject, by: 'subject' }]] : [],
  );
  return [...byTag, ...bySubject];
}

describe('prunes of a registry in which others push, sign, use and delete', () => {
  test('leave what hosts use, parts of what is known, and signatures of what stays', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 16 }),
        ...([fc.boolean(), fc.boolean()] as const),
        live,
      ),
      { numRuns: 2_000 },
    );
  }, 120_000);
});

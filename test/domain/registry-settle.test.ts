import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/domain/plan.ts';
import type { Repository } from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import type { RegistryName, RegistryPruneSelection } from '../../src/domain/registry-selection.ts';
import { HOST, NOW, rules } from './_build.ts';
import { aManifest, anInventoryThere, aRepository, digestOf } from './_registry.ts';

const rmi = (...names: string[]) => ({
  kind: 'registry rmi' as const,
  names: names.map((name): RegistryName => {
    const [repository = '', rest = ''] = name.split(/[:@]/);
    return name.includes('@') ? { repository, digest: digestOf(rest) } : { repository, tag: rest };
  }),
});
type More = {
  deletesTags?: boolean;
  closed?: readonly string[];
  holders?: Record<string, [string, boolean][]>;
};
function settle(
  repositories: Repository | Repository[],
  selection: Parameters<typeof chooseThere>[2],
  more: More = {},
) {
  const { closed = [], ...given } = more;
  const inventory = anInventoryThere([repositories].flat(), { now: NOW, ...given });
  return chooseThere(HOST, { ...inventory, closed: new Set(closed) }, selection, rules(), NOW);
}
const steps = (plan: Plan) => plan.items.map(({ action, remove }) => [action, ...remove]);
const reasons = (plan: Plan) =>
  Object.fromEntries(plan.kept.map(({ references, reason }) => [references.join(), reason]));
const untagged: RegistryPruneSelection = {
  ...{ kind: 'registry prune', repositories: '*', tags: [], notTags: [], untagged: true },
};
const sig = (name: string) => `sha256-${digestOf(name).slice(7)}.sig`;

describe('several tags on one manifest', () => {
  const repository = aRepository('app', [aManifest('a')], { v1: 'a', v2: 'a', latest: 'a' });

  test('go by digest where all of them are meant, whatever the registry can', () => {
    for (const deletesTags of [false, true])
      expect(steps(settle(repository, rmi('app:v1', 'app:latest', 'app:v2'), { deletesTags }))).toEqual([
        ['delete', 'app:latest', 'app:v1', 'app:v2'],
      ]);
  });

  test('are refused where one stays, which is named', () => {
    const plan = settle(repository, rmi('app:v1'));
    expect(plan.items).toEqual([]);
    expect(Object.values(reasons(plan))).toEqual([{ kind: 'shared', tags: ['latest', 'v2'] }]);
  });

  test('go alone where the registry can delete one', () => {
    const plan = settle(repository, rmi('app:v1'), { deletesTags: true });
    expect(steps(plan)).toEqual([['untag', 'app:v1']]);
    expect(plan.items[0]).toMatchObject({
      references: ['app:latest', 'app:v1', 'app:v2'],
      reclaim: 0,
      after: [],
    });
    expect(plan.reclaim).toBe(0);
  });

  test('by one of which a signature is found of what is here stay where that was not meant', () => {
    const signed = aRepository('app', [aManifest('a', { kind: 'artifact' }), aManifest('b')], {
      v1: 'a',
      [sig('b')]: 'a',
      v2: 'b',
    });
    const byTag = { ...untagged, untagged: false, tags: ['v1'] };
    for (const selection of [rmi('app:v1'), byTag]) {
      const plan = settle(signed, selection);
      expect(plan.items).toEqual([]);
      expect(reasons(plan)[`app:${sig('b')},app:v1`]).toEqual({ kind: 'shared', tags: [sig('b')] });
      expect(steps(settle(signed, selection, { deletesTags: true }))).toEqual([['untag', 'app:v1']]);
    }
    for (const named of [rmi('app:v1', `app:${sig('b')}`), rmi('app@a')])
      expect(steps(settle(signed, named))).toEqual([['delete', `app:${sig('b')}`, 'app:v1']]);
  });

  test('by which it says what it signs keep nothing where that is not here, or is itself', () => {
    const bare = sig('c').replace('.sig', '');
    const tags = { v1: 'a', [sig('b')]: 'a', [sig('a')]: 'a', [bare]: 'a' };
    const repository = aRepository('app', [aManifest('a', { kind: 'artifact' })], tags);
    for (const selection of [rmi('app:v1'), { ...untagged, untagged: false, tags: ['v1'] }]) {
      expect(steps(settle({ ...repository, lost: new Set([digestOf('b')]) }, selection))).toEqual([
        ['delete', ...[`app:${sig('b')}`, `app:${sig('a')}`, `app:${bare}`, 'app:v1'].sort()],
      ]);
      // It may be about what is in another repository.
      expect(settle(repository, selection).kept).toMatchObject([
        { reason: { kind: 'shared', tags: [sig('b')] } },
      ]);
    }
  });
});

describe('parts of an index', () => {
  const index = aManifest('index', {
    children: [
      ['amd', 'linux/amd64'],
      ['arm', 'linux/arm64'],
    ],
  });
  const parts = [aManifest('amd'), aManifest('arm')];
  const other = aManifest('other', { children: [['amd', 'linux/amd64']] });

  test('go after it, and say so', () => {
    const plan = settle(aRepository('app', [...parts, index], { v1: 'index' }), rmi('app:v1'));
    expect(plan.items.map(({ image }) => image)).toEqual([
      index.digest,
      ...parts.map((one) => one.digest).sort(),
    ]);
    expect(plan.items.map(({ after }) => after)).toEqual([[], [index.digest], [index.digest]]);
  });

  test('stay with another index that stays, or under a name of their own', () => {
    const repository = aRepository('app', [...parts, index, other], { v1: 'index', v2: 'other', arm: 'arm' });
    expect(steps(settle(repository, rmi('app:v1')))).toEqual([['delete', 'app:v1']]);
  });

  test('that were named stay as long as it needs them, and say what does; their name goes where it can', () => {
    const repository = aRepository('app', [...parts, index], { v1: 'index', arm: 'arm' });
    const plan = settle(repository, rmi('app:arm'));
    expect(plan.items).toEqual([]);
    expect(reasons(plan)).toEqual({ 'app:arm': { kind: 'part-of', of: ['app:v1'] } });
    expect(steps(settle(repository, rmi('app:arm'), { deletesTags: true }))).toEqual([['untag', 'app:arm']]);
    expect(steps(settle(repository, rmi('app:arm', 'app:v1')))).toEqual([
      ['delete', 'app:v1'],
      ['delete', `app@${digestOf('amd')}`],
      ['delete', 'app:arm'],
    ]);
  });

  test('go through an index of indexes from the top down', () => {
    const top = aManifest('top', { children: [['index', 'linux/amd64']] });
    const plan = settle(aRepository('app', [...parts, index, top], { v1: 'top' }), rmi('app:v1'));
    expect(plan.items.map(({ image }) => image).slice(0, 2)).toEqual([top.digest, index.digest]);
    expect(plan.items).toHaveLength(4);
  });

  test('that are not there harm nothing', () => {
    const plan = settle(aRepository('app', [index, aManifest('amd')], { v1: 'index' }), rmi('app:v1'));
    expect(plan.items).toHaveLength(2);
  });
});

describe('what says something about an image', () => {
  const image = aManifest('image');
  const byTag = aManifest('signature', { kind: 'artifact' });
  const bySubject = aManifest('sbom', { kind: 'artifact', subject: 'image' });
  const aboutThat = aManifest('word', { kind: 'artifact', subject: 'sbom' });
  const all = [aboutThat, bySubject, byTag, image];
  const tags = { v1: 'image', [sig('image')]: 'signature' };

  test('goes with it and after it, and what is about that after that', () => {
    const plan = settle(aRepository('app', all, tags), rmi('app:v1'));
    const order = plan.items.map(({ image: one }) => one);
    expect(order[0]).toBe(image.digest);
    expect(new Set(order)).toEqual(new Set(all.map(({ digest }) => digest)));
    expect(order.indexOf(aboutThat.digest)).toBeGreaterThan(order.indexOf(bySubject.digest));
  });

  test('stays with it, also where what has no tag goes', () => {
    expect(settle(aRepository('app', all, tags), untagged).items).toEqual([]);
  });

  test('is without a tag once its subject is gone from here', () => {
    const left = aRepository('app', [byTag, bySubject], { [sig('image')]: 'signature' });
    const plan = settle({ ...left, lost: new Set([image.digest]) }, untagged);
    expect(steps(plan).sort()).toEqual([
      ['delete', `app:${sig('image')}`],
      ['delete', `app@${bySubject.digest}`],
    ]);
  });

  test('stays where nobody knows what it is about, and says so, unless it is named', () => {
    const sigs = aRepository('sigs', [byTag, bySubject], { [sig('image')]: 'signature' });
    const plan = settle(sigs, untagged);
    expect(plan.items).toEqual([]);
    expect(plan.kept.map(({ reason }) => reason)).toEqual([{ kind: 'astray' }, { kind: 'astray' }]);
    expect(steps(settle(sigs, rmi(`sigs:${sig('image')}`)))).toEqual([['delete', `sigs:${sig('image')}`]]);
    // It is gone from one repository, and may be in another.
    const other = { ...aRepository('app', [], {}), lost: new Set([image.digest]) };
    expect(settle([sigs, other], untagged).items).toEqual([]);
  });

  test('stays where it is a part of what goes, and about what may be in another repository', () => {
    const index = aManifest('index', { children: [['signature', 'linux/amd64']] });
    const app = aRepository('app', [index, byTag], { v1: 'index', [sig('image')]: 'signature' });
    expect(steps(settle(app, rmi('app:v1')))).toEqual([['delete', 'app:v1']]);
    expect(settle({ ...app, lost: new Set([image.digest]) }, rmi('app:v1')).items).toHaveLength(2);
  });

  test('stays with what it is about in another repository', () => {
    const sigs = aRepository('sigs', [byTag, bySubject], { [sig('image')]: 'signature' });
    const plan = settle([aRepository('app', [image], { v1: 'image' }), sigs], untagged);
    expect(plan.items).toEqual([]);
    expect(plan.kept.map(({ reason }) => reason)).toContainEqual({ kind: 'part-of', of: ['app:v1'] });
  });

  test('and has a name of its own stays under it', () => {
    const repository = aRepository('app', all, { ...tags, keep: 'sbom' });
    const gone = settle(repository, rmi('app:v1')).items.map(({ image: one }) => one);
    expect(gone.sort()).toEqual([image.digest, byTag.digest].sort());
  });

  test('goes alone where it is named', () => {
    expect(steps(settle(aRepository('app', all, tags), rmi(`app:${sig('image')}`)))).toEqual([
      ['delete', `app:${sig('image')}`],
    ]);
  });

  test('stays under a tag that is to stay, though what it is about goes', () => {
    const pruned = { ...untagged, untagged: false, tags: ['v*'], notTags: ['*.sig'] };
    const plan = settle(aRepository('app', all, tags), pruned);
    const gone = plan.items.map(({ image: one }) => one);
    expect(gone.sort()).toEqual([image.digest, bySubject.digest, aboutThat.digest].sort());
    expect(reasons(plan)).toEqual({ [`app:${sig('image')}`]: { kind: 'not-tag', by: '*.sig' } });
  });

  test('stays under a tag that is to stay once its subject is gone, and under a name beside that', () => {
    const pruned = { ...untagged, tags: ['v*'], notTags: ['sha256-*'] };
    for (const given of [{ [sig('image')]: 'signature' }, { [sig('image')]: 'signature', v1: 'signature' }]) {
      const repository = { ...aRepository('app', [byTag], given), lost: new Set([image.digest]) };
      for (const deletesTags of [false, true])
        expect(settle(repository, pruned, { deletesTags }).items).toEqual([]);
      expect(
        settle(repository, { ...pruned, notTags: ['v*'], untagged: true, tags: ['*'] }).items,
      ).toHaveLength('v1' in given ? 0 : 1);
    }
  });

  test('goes with no image that a container uses', () => {
    const plan = settle(
      aRepository('app', all, tags),
      { ...untagged, untagged: false, tags: ['v*'] },
      { holders: { sbom: [['host-1', true]] } },
    );
    expect(plan.items.map(({ image: one }) => one)).not.toContain(bySubject.digest);
  });
});

describe('a tag that is like the one of a signature', () => {
  const like = (name: string) => `sha256-${digestOf(name).slice(7)}`;
  const other = aManifest('other');
  const listOf = (...children: string[]) =>
    aManifest('list', { blobs: [], children: children.map((child) => [child, 'linux/amd64']) });

  test('is a name on an image, and on an index of images', () => {
    const amd = aManifest('amd');
    for (const [on, more] of [
      ['amd', []],
      ['list', [listOf('amd')]],
    ] as const) {
      const repository = aRepository('app', [other, amd, ...more], { v1: 'other', [like('other')]: on });
      expect(settle(repository, untagged).items).toEqual([]);
      // It is about nothing that it could go with.
      expect(steps(settle(repository, rmi('app:v1')))).toEqual([['delete', 'app:v1']]);
      expect(steps(settle(repository, { ...untagged, tags: ['sha256-*'] }))[0]).toEqual([
        ...['delete', `app:${like('other')}`],
      ]);
    }
  });

  test('says what a list of artifacts is about, as clients make one without the Referrers API', () => {
    const signature = aManifest('signature', { kind: 'artifact', subject: 'other' });
    const sbom = aManifest('sbom', { subject: 'other' });
    const repository = aRepository('app', [other, signature, sbom, listOf('signature', 'sbom')], {
      ...{ v1: 'other', [like('other')]: 'list' },
    });
    expect(settle(repository, untagged).items).toEqual([]);
    const [first, second, ...rest] = steps(settle(repository, rmi('app:v1')));
    expect([first, second]).toEqual([
      ['delete', 'app:v1'],
      ['delete', `app:${like('other')}`],
    ]);
    expect(rest).toHaveLength(2);
  });

  test('says it of a list that has become empty, and of none whose images are not there', () => {
    const emptied = { ...listOf(), kind: 'index' as const };
    const tags = { v1: 'other', [like('other')]: 'list' };
    expect(settle(aRepository('app', [other, emptied], tags), rmi('app:v1')).items).toHaveLength(2);
    expect(settle(aRepository('app', [other, listOf('gone')], tags), rmi('app:v1')).items).toHaveLength(1);
  });
});

describe('the same manifest in two repositories', () => {
  const one = () => aRepository('one', [aManifest('a')], { v1: 'a' });
  const two = (tags: Record<string, string> = { v1: 'a' }) => aRepository('two', [aManifest('a')], tags);

  test('is one item that names both', () => {
    const plan = settle([one(), two()], rmi('one:v1', 'two:v1'));
    expect(steps(plan)).toEqual([['delete', 'one:v1', 'two:v1']]);
    expect(plan.items[0]?.references).toEqual(['one:v1', 'two:v1']);
  });

  test('goes from one of them alone, and frees nothing', () => {
    const plan = settle([one(), two()], rmi('one:v1'));
    expect(steps(plan)).toEqual([['delete', 'one:v1']]);
    expect(plan.reclaim).toBe(0);
  });

  test('keeps its tag where it goes whole in the other, and says so', () => {
    const plan = settle([one(), two({ v1: 'a', v2: 'a' })], rmi('one:v1', 'two:v1'), { deletesTags: true });
    expect(steps(plan)).toEqual([['delete', 'one:v1']]);
    expect(reasons(plan)).toEqual({ 'two:v1,two:v2': { kind: 'elsewhere' } });
  });

  test('goes from one where the other is closed', () => {
    const plan = settle([one(), two()], rmi('one:v1', 'two:v1'), { closed: ['two'] });
    expect(steps(plan)).toEqual([['delete', 'one:v1']]);
    expect(reasons(plan)).toEqual({ 'two:v1': { kind: 'withheld' } });
  });

  test('stays in the one where an index is tagged as the signature of its own part, and goes from the other', () => {
    const a = aManifest('a', { kind: 'artifact' });
    const b = aManifest('b', { children: [['a', 'linux/amd64']] });
    const knotted = aRepository('two', [a, b], { v1: 'a', [sig('a')]: 'b' });
    const plan = settle([aRepository('one', [a, b], { v1: 'b' }), knotted], rmi('one:v1', 'two:v1'));
    expect(steps(plan)).toEqual([
      ['delete', 'one:v1'],
      ['delete', `one@${a.digest}`],
    ]);
    expect(reasons(plan)).toEqual({ 'two:v1': { kind: 'part-of', of: [`two:${sig('a')}`] } });
  });
});

describe('what can be freed', () => {
  const layered = (name: string, ...blobs: string[]) => aManifest(name, { blobs });

  test('is each blob once, at the last manifest that has it', () => {
    const repository = aRepository('app', [layered('a', 'x', 'y'), layered('b', 'x', 'z')], {
      a: 'a',
      b: 'b',
    });
    const plan = settle(repository, rmi('app:a', 'app:b'));
    expect(plan.items.map(({ reclaim }) => reclaim)).toEqual([1_010, 2_010]);
    expect(plan.reclaim).toBe(3_020);
  });

  test('is not what another repository has', () => {
    const plan = settle(
      [
        aRepository('one', [layered('a', 'x', 'y')], { v: 'a' }),
        aRepository('two', [layered('b', 'x')], { v: 'b' }),
      ],
      rmi('one:v'),
    );
    expect(plan.reclaim).toBe(1_010);
  });

  test('counts a blob once that a manifest names twice', () => {
    const plan = settle(aRepository('app', [layered('a', 'x', 'x')], { v: 'a' }), rmi('app:v'));
    expect(plan.reclaim).toBe(1_010);
  });

  test('is the whole of an index with its parts, whose size is told of it', () => {
    const index = aManifest('index', { blobs: [], children: [['amd', 'linux/amd64']] });
    const plan = settle(aRepository('app', [index, layered('amd', 'x')], { v: 'index' }), rmi('app:v'));
    expect(plan.items.map(({ size, reclaim }) => [size, reclaim])).toEqual([
      [1_020, 10],
      [1_010, 1_010],
    ]);
  });
});

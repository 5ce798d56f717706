import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { PushedManifest } from '../../playground/parts/registry-push.ts';
import { ago, layers, openRegistryStage, type RegistryStage, short } from './_registry.ts';

const lacking = skipWithout('images of many parts in a registry', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('in a registry', () => {
  let stage: RegistryStage;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-parts');
  });
  afterAll(() => stage?.close());

  const fresh = () => `team/app-${++made}`;
  /** An image of its own with these tags. */
  const image = (app: string, name: string, tags: string[], platform?: string): Promise<PushedManifest> =>
    stage.pusher.image(app, {
      ...{ layers: layers(`${app} ${name}`), created: ago(50), tags },
      ...(platform !== undefined && { platform }),
    });
  const parts = async (app: string, name = 'part') => [
    await image(app, `${name} amd`, [], 'linux/amd64'),
    await image(app, `${name} arm`, [], 'linux/arm64'),
  ];
  const refused = async (line: string) => {
    const end = await (await stage.ana.asks(line)).ends();
    expect(end.state).toBe('empty');
    expect(end.buttons.join()).not.toMatch(/Delete|Approve/);
    expect(end.lines.join('\n')).not.toContain('collects its garbage');
    return end.lines.join('\n');
  };
  const there = (app: string, manifests: readonly PushedManifest[]) =>
    Promise.all(manifests.map((one) => stage.has(app, one)));

  describe('an index', () => {
    test('goes with its parts, but for those that another index has', async () => {
      const app = fresh();
      const [amd, arm] = await parts(app, 'old');
      const [other] = await parts(app, 'new');
      if (!amd || !arm || !other) throw new Error('They were not pushed.');
      const old = await stage.pusher.index(app, [amd, arm], { tags: ['old'] });
      const kept = await stage.pusher.index(app, [other, arm], { tags: ['new'] });
      const { end, plan } = await stage.does(`/dimg registry rmi main/${app}:old`);
      expect(plan).toContain(`\`${short(old)}\` index of linux/amd64, linux/arm64, `);
      expect(plan).toMatch(new RegExp(`• \`${app}@${amd.digest.slice(0, 19)}…\` goes with \`${app}:old\``));
      expect(end.text).toContain('deleted 2 of 2');
      expect(await there(app, [old, amd, kept, arm, other])).toEqual([false, false, true, true, true]);
      expect(await stage.collected(app)).toEqual({ new: kept.digest });
    });

    test('that stays keeps its parts, also those that somebody named', async () => {
      const app = fresh();
      const [amd, arm] = await parts(app);
      if (!amd || !arm) throw new Error('They were not pushed.');
      const index = await stage.pusher.index(app, [amd, arm], { tags: ['multi'] });
      await stage.pusher.manifest(app, amd.mediaType, amd.text, ['only-amd']);
      const needs = `stays: \`${app}:multi\` needs it`;
      expect(await refused(`/dimg registry rmi main/${app}:only-amd`)).toContain(needs);
      expect(await refused(`/dimg registry rmi main/${app}@${arm.digest}`)).toContain(needs);
      expect(await refused(`/dimg registry prune main/${app} --tag only-* --untagged`)).toContain(needs);
      expect(await stage.collected(app)).toEqual({ multi: index.digest, 'only-amd': amd.digest });
    });

    test('that goes leaves a part that has a tag of its own', async () => {
      const app = fresh();
      const [amd, arm] = await parts(app);
      if (!amd || !arm) throw new Error('They were not pushed.');
      const index = await stage.pusher.index(app, [amd, arm], { tags: ['multi'] });
      await stage.pusher.manifest(app, amd.mediaType, amd.text, ['only-amd']);
      await stage.does(`/dimg registry prune main/${app} --tag multi`);
      expect(await there(app, [index, amd, arm])).toEqual([false, true, false]);
      expect(await stage.collected(app)).toEqual({ 'only-amd': amd.digest });
    });

    test('of indexes goes down to the last part', async () => {
      const app = fresh();
      const [amd, arm] = await parts(app);
      if (!amd || !arm) throw new Error('They were not pushed.');
      const inner = await stage.pusher.index(app, [amd], { tags: [] });
      const outer = await stage.pusher.index(app, [inner, arm], { tags: ['outer'] });
      const stays = await image(app, 'stays', ['stays']);
      const { end } = await stage.does(`/dimg registry rmi main/${app}:outer`);
      expect(end.text).toContain('deleted 4 of 4');
      expect(await there(app, [outer, inner, amd, arm])).toEqual([false, false, false, false]);
      expect(await stage.collected(app)).toEqual({ stays: stays.digest });
    });
  });

  describe('what says something about an image', () => {
    test('by attestations in its index goes and stays with it', async () => {
      const app = fresh();
      const build = async (tag: string) => {
        const [amd, arm] = await parts(app, tag);
        if (!amd || !arm) throw new Error('They were not pushed.');
        const said = await stage.pusher.attestation(app, amd);
        return { index: await stage.pusher.index(app, [amd, arm, said], { tags: [tag] }), amd, arm, said };
      };
      const [old, kept] = [await build('old'), await build('new')];
      const told = await stage.ana.told(`/dimg registry tags main/${app}`);
      expect(told).toContain('index of linux/amd64, linux/arm64 · ');
      const { end } = await stage.does(`/dimg registry rmi main/${app}:old`);
      expect(end.text).toContain('deleted 4 of 4');
      expect(await there(app, Object.values(old))).toEqual([false, false, false, false]);
      expect(await there(app, Object.values(kept))).toEqual([true, true, true, true]);
      expect(await stage.collected(app)).toEqual({ new: kept.index.digest });
    });

    test('by a tag, as cosign signs, goes and stays with it', async () => {
      const app = fresh();
      const one = await image(app, '1', ['1']);
      const two = await image(app, '2', ['2']);
      const signed = [
        await stage.pusher.signature(app, one.digest),
        await stage.pusher.signature(app, two.digest),
      ] as const;
      const sigOf = ({ digest }: PushedManifest) => `${digest.replace(':', '-')}.sig`;
      const { plan, end } = await stage.does(`/dimg registry prune main/${app} --tag 1`);
      expect(plan).toMatch(/• `\S+:sha256-[0-9a-f]{12}….sig` `[0-9a-f]{12}` no image, goes with `\S+:1`/);
      expect(end.text).toContain('deleted 2 of 2');
      expect(await there(app, [one, two, ...signed])).toEqual([false, true, false, true]);
      expect(await stage.collected(app)).toEqual({ 2: two.digest, [sigOf(two)]: signed[1].digest });
    });

    test('by a subject, as of OCI 1.1, goes and stays with it', async () => {
      const app = fresh();
      const one = await image(app, '1', ['1']);
      // It has no such API at first, and is upgraded under a running agent.
      await stage.ana.told(`/dimg registry tags front/${app}`);
      stage.front.referrers(true);
      const two = await image(app, '2', ['2']);
      const about = (subject: PushedManifest, type: string) =>
        stage.pusher.artifact(app, type, { subject, body: `${type} of ${subject.digest}` });
      const [sbom, kept] = [
        await about(one, 'application/spdx+json'),
        await about(two, 'application/spdx+json'),
      ];
      // Somebody signs what says something.
      const deep = await about(sbom, 'application/vnd.example.signature');
      const { end, plan } = await stage.does(`/dimg registry rmi front/${app}:1`);
      expect(plan).toContain('no image, goes with what it belongs to');
      expect(end.text).toContain('deleted 3 of 3');
      expect(await there(app, [one, sbom, deep, two, kept])).toEqual([false, false, false, true, true]);
      expect(await stage.collected(app)).toEqual({ 2: two.digest });
      expect(await there(app, [kept])).toEqual([true]);
      stage.front.referrers(false);
    });

    test('stays with an image that stays in spite of being named', async () => {
      const app = fresh();
      const [amd] = await parts(app);
      if (!amd) throw new Error('It was not pushed.');
      await stage.pusher.index(app, [amd], { tags: ['multi'] });
      const signature = await stage.pusher.signature(app, amd.digest);
      await refused(`/dimg registry rmi main/${app}@${amd.digest}`);
      await refused(`/dimg registry prune main/${app} --untagged`);
      expect(await there(app, [amd, signature])).toEqual([true, true]);
      expect(Object.keys(await stage.collected(app))).toHaveLength(2);
    });
  });
});

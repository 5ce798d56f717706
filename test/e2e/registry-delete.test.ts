import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { PushedManifest } from '../../playground/parts/registry-push.ts';
import { ago, layers, openRegistryStage, type RegistryStage, short } from './_registry.ts';

const lacking = skipWithout('correct deletion in a registry', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('in a registry', () => {
  let stage: RegistryStage;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-delete');
  });
  afterAll(() => stage?.close());

  const fresh = () => `team/app-${++made}`;
  /** An image of its own with these tags. */
  const image = (app: string, name: string, tags: string[], platform?: string): Promise<PushedManifest> =>
    stage.pusher.image(app, {
      ...{ layers: layers(`${app} ${name}`), created: ago(50), tags },
      ...(platform !== undefined && { platform }),
    });
  const refused = async (line: string, state = 'empty') => {
    const end = await (await stage.ana.asks(line)).ends();
    expect(end.state).toBe(state);
    expect(end.buttons.join()).not.toMatch(/Delete|Approve/);
    expect(end.lines.join('\n')).not.toContain('collects its garbage');
    return end.lines.join('\n');
  };
  const there = (app: string, manifests: readonly PushedManifest[]) =>
    Promise.all(manifests.map((one) => stage.has(app, one)));

  describe('rmi', () => {
    test('of the last tag takes the manifest, and its layers can be collected', async () => {
      const app = fresh();
      const one = await image(app, '1', ['1']);
      const two = await image(app, '2', ['2']);
      const { end, plan } = await stage.does(`/dimg registry rmi main/${app}:1`);
      expect(plan).toMatch(new RegExp(`• \`${app}:1\` \`${short(one)}\` \\d+ B`));
      expect(end.text).toContain(' done · registry rmi main · deleted 1 of 1');
      expect(end.lines).toContain(`✓ \`${app}:1\` \`${short(one)}\` deleted`);
      expect(await stage.has(app, one)).toBe(false);
      expect(await stage.collected(app)).toEqual({ 2: two.digest });
      const blob = JSON.parse(one.text).layers[0].digest;
      expect((await fetch(`${stage.registry.url}/v2/${app}/blobs/${blob}`)).status).toBe(404);
    });

    test('of one of several tags is refused where the registry knows digests only, and says why', async () => {
      const app = fresh();
      await image(app, 'shared', ['1', 'stable', 'v1']);
      const before = await stage.tagsIn(app);
      const text = await refused(`/dimg registry rmi main/${app}:1`);
      expect(text).toContain(
        "stays: `stable`, `v1` on the same manifest stay, and this registry can't delete one tag alone",
      );
      const two = await refused(`/dimg registry rmi main/${app}:1 main/${app}:v1`);
      expect(two).toContain("`stable` on the same manifest stays, and this registry can't delete one tag");
      expect(await refused(`/dimg registry prune main/${app} --tag v1`)).toContain('on the same manifest');
      expect(await stage.collected(app)).toEqual(before);
    });

    test('of one of several tags goes alone where the registry can', async () => {
      const app = fresh();
      const shared = await image(app, 'shared', ['1', 'stable', 'v1']);
      stage.front.tagDeletion(true);
      const { end, plan } = await stage.does(`/dimg registry rmi front/${app}:1`);
      expect(plan).toContain(`only this tag: \`${app}:stable\`, \`${app}:v1\` stay`);
      expect(end.lines[1]).toBe('Untagged 1 of 1, freed 0 B');
      expect(end.lines.join('\n')).toContain(`✓ \`${app}:1\` untagged`);
      expect(await stage.collected(app)).toEqual({ stable: shared.digest, v1: shared.digest });
      const deletes = stage.front.requests.filter(({ method }) => method === 'DELETE');
      expect(deletes.filter(({ path }) => path.includes(shared.digest))).toEqual([]);
      expect(stage.front.requests.filter(({ method }) => !/^(GET|HEAD|DELETE)$/.test(method))).toEqual([]);
      stage.front.tagDeletion(false);
    });

    test('of all tags, or of the digest, takes the manifest once', async () => {
      const app = fresh();
      const one = await image(app, 'one', ['1', 'latest']);
      const two = await image(app, 'two', ['2', 'stable']);
      const rest = await image(app, 'rest', ['3']);
      const named = await stage.does(`/dimg registry rmi main/${app}:1 main/${app}:latest`);
      expect(named.end.text).toContain('deleted 1 of 1');
      expect(await stage.tagsIn(app)).toEqual({ 2: two.digest, 3: rest.digest, stable: two.digest });
      const { plan, end } = await stage.does(`/dimg registry rmi main/${app}@${two.digest}`);
      expect(plan).toContain(`• \`${app}:2\`, \`${app}:stable\` \`${short(two)}\``);
      expect(end.text).toContain('deleted 1 of 1');
      expect(await there(app, [one, two, rest])).toEqual([false, false, true]);
      expect(await stage.collected(app)).toEqual({ 3: rest.digest });
    });

    test('of what is not there says what was meant, and does the rest', async () => {
      const app = fresh();
      const known = { first: await image(app, '1', ['v1.0']), other: await image(app, '2', ['main']) };
      const text = await refused(`/dimg registry rmi main/${app}:v1.O`, 'refused');
      expect(text).toContain(`⚠ No image \`${app}:v1.O\`. Did you mean \`${app}:v1.0\`?`);
      const digest = `sha256:${'1'.repeat(64)}`;
      expect(await refused(`/dimg registry rmi main/${app}@${digest}`, 'refused')).toContain('⚠ No image ');
      expect(await refused('/dimg registry rmi main/team/none:1', 'refused')).toContain(
        '⚠ No image `team/none',
      );
      const { plan } = await stage.does(`/dimg registry rmi main/${app}:gone main/${app}:v1.0`);
      expect(plan).toContain(`⚠ No image \`${app}:gone\`.`);
      expect(await stage.collected(app)).toEqual({ main: known.other.digest });
    });

    test.each([
      ['main/team/app', '`main/team/app` names no tag: write `main/team/app:1.2`, or a digest'],
      ['mian/team/app:1', 'There is no registry `mian`. Did you mean `main`?'],
      ['host-1/app:1', 'There is no registry `host-1`.'],
      ['main/a:1 front/a:1', 'Name one registry at a time: `front` is another than `main`.'],
      ['main/team/*:1', '`main/team/*:1` names no tag'],
      ['main/a:1 -f', '`registry rmi` has no option `-f`'],
    ])('%s is a mistake that only the caller is told', async (words, answer) => {
      const cards = stage.slack.messages().length;
      expect(await stage.ana.told(`/dimg registry rmi ${words}`)).toContain(answer);
      expect(stage.slack.messages()).toHaveLength(cards);
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { PushedManifest } from '../../playground/parts/registry-push.ts';
import { ago, layers, openRegistryStage, type RegistryStage, short } from './_registry.ts';
import { wait } from './_world.ts';

const lacking = skipWithout('registries that change meanwhile', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('between the plan and the deletion', () => {
  let stage: RegistryStage;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-drift');
  });
  afterAll(() => stage?.close());

  const fresh = () => `team/app-${++made}`;
  const image = (
    app: string,
    name: string,
    tags: string[],
    platform = 'linux/amd64',
  ): Promise<PushedManifest> =>
    stage.pusher.image(app, { layers: layers(`${app} ${name}`), created: ago(50), tags, platform });
  const tagged = (app: string, { mediaType, text }: PushedManifest, tag: string) =>
    stage.pusher.manifest(app, mediaType, text, [tag]);

  test('a tag that moves takes nothing along: neither what it meant nor what it means', async () => {
    const app = fresh();
    const [one, two] = [await image(app, '1', ['1']), await image(app, '2', ['2'])];
    const card = await stage.ana.asks(`/dimg registry rmi main/${app}:1 main/${app}:2`);
    const anew = await image(app, 'anew', ['1']);
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    expect(end.text).toContain('partial · registry rmi main · deleted 1 of 2');
    expect(end.lines).toContain(
      `– \`${app}:1\` \`${short(one)}\` skipped: its references were removed since the plan`,
    );
    expect([await stage.has(app, one), await stage.has(app, two)]).toEqual([true, false]);
    expect(await stage.collected(app)).toEqual({ 1: anew.digest });
  });

  test('a manifest that gets another name stays with all its names', async () => {
    const app = fresh();
    const one = await image(app, '1', ['1']);
    const card = await stage.ana.asks(`/dimg registry prune main/${app} --tag 1`);
    await tagged(app, one, 'release');
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    // More than half of the plan is no longer true, so none of it is done.
    expect(end.text).toContain('stale · registry prune main · deleted 0 of 1');
    expect(end.lines[1]).toBe(
      'The registry has changed since the plan: 1 of 1 no longer matches. Nothing was deleted.',
    );
    const rows = end.lines.join('\n');
    expect(rows).toContain(
      `– \`${app}:1\` \`${short(one)}\` no longer goes: its references changed since the plan: `,
    );
    expect(rows).toContain('a new plan would delete nothing');
    expect(end.buttons).toEqual(['Run again']);
    expect(await stage.collected(app)).toEqual({ 1: one.digest, release: one.digest });
  });

  test('a part that a new index needs stays, and so does its index', async () => {
    const app = fresh();
    const [amd, arm] = [await image(app, 'amd', []), await image(app, 'arm', [], 'linux/arm64')];
    const old = await stage.pusher.index(app, [amd, arm], { tags: ['old'] });
    const single = await image(app, 'single', ['single']);
    const card = await stage.ana.asks(`/dimg registry rmi main/${app}:old main/${app}:single`);
    const index = await stage.pusher.index(app, [amd, single], { tags: ['new'] });
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    const rows = end.lines.join('\n');
    expect(rows).toContain(`\`${app}:single\` \`${short(single)}\` skipped: \`${app}:new\` needs it`);
    expect(rows).toMatch(
      new RegExp(`– \`${app}@${amd.digest.slice(0, 19)}…\` skipped: \`${app}:new\` needs it`),
    );
    const left = await Promise.all([old, arm, amd, single].map((one) => stage.has(app, one)));
    expect(left).toEqual([false, false, true, true]);
    expect(await stage.collected(app)).toEqual({ new: index.digest, single: single.digest });
  });

  test('what somebody else deletes is gone already', async () => {
    const app = fresh();
    const [one, two] = [await image(app, '1', ['1']), await image(app, '2', ['2'])];
    const card = await stage.ana.asks(`/dimg registry rmi main/${app}:1`);
    await fetch(`${stage.registry.url}/v2/${app}/manifests/${one.digest}`, { method: 'DELETE' });
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    expect(end.lines.join('\n')).toContain(`✓ \`${app}:1\` \`${short(one)}\` was gone already`);
    expect(await stage.collected(app)).toEqual({ 2: two.digest });
  });

  test('an agent killed in the middle: the card says of each what the registry says', async () => {
    const app = fresh();
    const all: PushedManifest[] = [];
    for (let i = 1; i <= 9; i++) all.push(await image(app, String(i), [String(i)]));
    const card = await stage.ana.asks(`/dimg registry prune front/${app} --tag *`);
    // All four lanes come to a stand: two of the deletions are done, and nobody says so.
    const of = (i: number) => ({ method: 'DELETE', path: new RegExp(all[i - 1]?.digest ?? '') });
    const end = [2, 4, 5, 6].map((i) =>
      stage.front.fault({ ...of(i), hang: 'before' as const, after: i < 5, times: 1_000 }),
    );
    await stage.bo.presses(card, 'Approve');
    const asked = () =>
      stage.front.requests.filter(({ method, path }) => method === 'DELETE' && path.includes(app));
    await stage.slack.waitFor(
      () => [2, 4, 5, 6].every((i) => asked().some(({ path }) => of(i).path.test(path))),
      15_000,
      'four deletions under way',
    );
    while (await stage.has(app, all[3] as PushedManifest)) await wait(20);
    stage.beside().kill('SIGKILL');
    await stage.beside().exited;
    for (const stop of end) stop();
    const before = asked().length;
    await stage.startBeside();
    const shown = await card.ends();
    const left = Object.keys(await stage.tagsIn(app));
    const told = (mark: string) =>
      shown.lines
        .flatMap((line) => (line.startsWith(`${mark} `) ? (/:(\d)`/.exec(line)?.[1] ?? []) : []))
        .sort();
    expect([...told('✓'), ...left].sort()).toEqual(all.map((_, i) => String(i + 1)));
    expect(told('?')).toEqual(['5', '6']);
    expect(told('–').length).toBeGreaterThan(0);
    expect(shown.state).toBe('unknown');
    expect(shown.text).toContain(`deleted ${9 - left.length} of 9`);
    expect(shown.lines.join('\n')).toContain('the agent was started again meanwhile');
    // Looked up, and nothing asked for once more.
    expect(asked()).toHaveLength(before);
    expect(Object.keys(await stage.collected(app))).toEqual(left);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { Card } from './_card.ts';
import { ago, layers, openRegistryStage, type RegistryStage, short } from './_registry.ts';

const lacking = skipWithout('images in a registry', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('images in a registry', () => {
  let stage: RegistryStage;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry', {
      agent: ({ host }) => ({ protect: [`${host}/team/held-*`, 'main/team/kept'] }),
      more: ({ registry }) => [{ name: 'narrow', url: registry.url, repositories: ['team/open-*'] }],
    });
  });
  afterAll(() => stage?.close());

  /** Tags of a new repository, each with an image of its own of that age in days. */
  async function repository(tags: Record<string, number>): Promise<string> {
    const name = `team/app-${++made}`;
    for (const [tag, days] of Object.entries(tags))
      await stage.pusher.image(name, { layers: layers(`${name} ${tag}`), created: ago(days), tags: [tag] });
    return name;
  }
  const proposed = async (line: string) => {
    const card = await stage.ana.asks(line);
    const text = card.now().lines.join('\n');
    if (card.now().state === 'proposed') await stage.drop(card);
    return text;
  };
  const names = (text: string, mark: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${mark} `))
      .map((line) => /:([^`]+)`/.exec(line)?.[1]);

  describe('shown by tags', () => {
    test('have a digest, a kind, a size, a date, and what a prune would do with them', async () => {
      const app = await repository({ old: 100, new: 3 });
      const pictures = [
        await stage.pusher.image(app, { layers: layers('amd'), created: ago(40), platform: 'linux/amd64' }),
        await stage.pusher.image(app, { layers: layers('arm'), created: ago(41), platform: 'linux/arm64' }),
      ];
      const index = await stage.pusher.index(app, pictures, { tags: ['multi'] });
      const size = [index, ...pictures].reduce((sum, one) => sum + one.size, 0);
      const plain = await stage.ana.told(`/dimg registry tags main/${app}`);
      expect(plain).toContain('main: 3 manifests, a prune would delete 0');
      expect(plain).toMatch(
        new RegExp(`\`${app}:old\` \`[0-9a-f]{12}\` · \\d+ B · 3 months old · stays: has a tag`),
      );
      const row = plain.split('\n').find((line) => line.includes(`${app}:multi`)) ?? '';
      expect(row).toContain(`\`${short(index)}\` · index of linux/amd64, linux/arm64 · `);
      expect(row).toContain(' kB · 40 days old · ');
      // With its parts and their layers.
      expect(Number(/([\d.]+) kB/.exec(row)?.[1])).toBeGreaterThan(size / 1000);

      const asked = await stage.ana.told(`/dimg registry tags main/${app} --keep 1 --until 30d`);
      expect(asked).toContain('main: 5 manifests, a prune would delete 4');
      expect(asked).toMatch(new RegExp(`${app}:old\`.* · would go, \\d+ B`));
      expect(asked).toMatch(new RegExp(`${app}:new\`.* · stays: created 3 days ago, younger than asked`));
    });

    test('by a glob come from all repositories that match, and are allowed', async () => {
      const app = await repository({ 1: 1 });
      const open = await stage.pusher.image('team/open-door', { tags: ['1'] });
      const told = await stage.ana.told('/dimg registry tags narrow/team/*');
      expect(told).toContain(`\`team/open-door:1\` \`${short(open)}\``);
      expect(told).not.toContain(app);
      expect(await stage.ana.told('/dimg registry tags main/team/*')).toContain(`\`${app}:1\``);
    });

    test.each([
      ['mian/team/app', 'There is no registry `mian`. Did you mean `main`?'],
      ['elsewhere/team/app', 'There is no registry `elsewhere`. Known: `front`, `main`, `narrow`.'],
      ['host-1/team/app', 'There is no registry `host-1`.'],
      ['main/team/none', '⚠ No image `team/none`.'],
      ['main/other/app', '⚠ `other/app` is left alone: not among the `repositories` that the agent'],
      ['narrow/team/shut', '⚠ `team/shut` is left alone: not among the `repositories` that the agent'],
      ['main', '`main` names no registry: write its name, a slash and a repository'],
      ['main/team/app:1', '`main/team/app:1` is no repository: write `main/team/app`'],
    ])('%s', async (repository, answer) => {
      expect(await stage.ana.told(`/dimg registry tags ${repository}`)).toContain(answer);
    });
  });

  describe('pruned', () => {
    test('stay but for what every option that chooses means, and none that keeps', async () => {
      const app = await repository({ 'pr-1': 90, 'pr-2': 60, 'pr-3': 1, v1: 80, latest: 70 });
      const keep = await proposed(`/dimg registry prune main/${app} --keep 2`);
      expect(names(keep, '•')).toEqual(['pr-1', 'v1']);
      expect(keep).toContain(`:pr-2\` `);
      expect(keep).toMatch(/:pr-2` .* stays: one of the 2 newest of/);
      expect(keep).toMatch(/:latest` .* stays: the tag `latest` goes only where it is named/);
      const until = await proposed(`/dimg registry prune main/${app} --until 75d`);
      expect(names(until, '•')).toEqual(['pr-1', 'v1']);
      const tag = await proposed(`/dimg registry prune main/${app} --tag pr-* --until 30d`);
      expect(names(tag, '•')).toEqual(['pr-1', 'pr-2']);
      expect(tag).toMatch(/:v1` .* stays: none of the tags that were asked for/);
      const notTag = await proposed(
        `/dimg registry prune main/${app} --until 30d --not-tag v* --not-tag pr-2`,
      );
      expect(names(notTag, '•')).toEqual(['pr-1']);
      expect(notTag).toMatch(/:v1` .* stays: kept by `--not-tag v\*`/);
      // A rule that keeps wins over one that names it.
      const both = await proposed(`/dimg registry prune main/${app} --tag v1 --tag latest --not-tag v*`);
      expect(both).toContain('Nothing to delete.');
      expect(Object.keys(await stage.tagsIn(app))).toEqual(['latest', 'pr-1', 'pr-2', 'pr-3', 'v1']);

      const { end, plan } = await stage.does(
        `/dimg registry prune main/${app} --keep 1 --until 65d --not-tag v*`,
      );
      expect(names(plan, '•')).toEqual(['pr-1']);
      expect(end.text).toMatch(/ done · registry prune main · deleted 1 of 1/);
      expect(plan).toContain('Nothing is freed before the registry collects its garbage, then up to ');
      expect(plan).toContain('`registry garbage-collect`');
      expect(Object.keys(await stage.collected(app))).toEqual(['latest', 'pr-2', 'pr-3', 'v1']);
    });

    test('without a tag go where dimg has seen them before, and only if it is said', async () => {
      const app = await repository({ 1: 90 });
      const { 1: lost } = await stage.tagsIn(app);
      if (lost === undefined) throw new Error('It was not pushed.');
      const look = await stage.ana.told(`/dimg registry tags main/${app}`);
      expect(look).toContain(`\`${app}:1\``);
      await stage.pusher.image(app, { layers: layers('moved'), created: ago(80), tags: ['1'] });
      expect(await stage.has(app, { digest: lost })).toBe(true);
      const without = await proposed(`/dimg registry prune main/${app} --keep 1`);
      expect(without).toContain('Nothing to delete.');
      expect(without).toContain(`◦ \`${app}@${lost.slice(0, 19)}…\` stays: has no tag (\`--untagged\` takes`);
      const { end } = await stage.does(`/dimg registry prune main/${app} --untagged`);
      expect(end.text).toContain('deleted 1 of 1');
      expect(await stage.has(app, { digest: lost })).toBe(false);
      expect(Object.keys(await stage.collected(app))).toEqual(['1']);
    });

    test('that the agent protects by the address of the registry, or its name, stay though they are named', async () => {
      for (const [app, by] of [
        ['team/held-1', `${stage.registry.host}/team/held-*`],
        ['team/kept', 'main/team/kept'],
      ] as const) {
        await stage.pusher.image(app, { layers: layers(app), created: ago(90), tags: ['1'] });
        for (const words of [`prune main/${app} --until 30d`, `rmi main/${app}:1`]) {
          const text = await proposed(`/dimg registry ${words}`);
          expect(text).toContain('Nothing to delete.');
          const row = text.split('\n').find((line) => line.startsWith('◦')) ?? '';
          expect(row).toContain(`\`${app}:1\``);
          expect(row).toContain(`by \`${by}\``);
        }
      }
    });

    test('in a dry run are only shown', async () => {
      const app = await repository({ 1: 90, 2: 80 });
      const before = await stage.tagsIn(app);
      const card = await stage.ana.asks(`/dimg registry prune main/${app} --keep 1 --dry-run`);
      const end = await card.ends();
      expect(end.state).toBe('done');
      expect(end.lines[1]).toMatch(
        /^Dry run: would delete 1 manifest, up to \d+ B after garbage collection\. Nothing was deleted\.$/,
      );
      expect(end.buttons).not.toContain('Approve');
      expect(await stage.tagsIn(app)).toEqual(before);
    });

    test.each([
      ['main/team/app', 'Say what goes: `--keep 10`, `--until 90d`, `--tag pr-*` or `--untagged`.'],
      ['main/team/app --not-tag v*', 'Say what goes: '],
      ['main/team/app --keep 0', '--keep'],
      ['main/team/app --kep 3', '`registry prune` has no option `--kep`. Did you mean `--keep`?'],
      ['main/team/app --force', '`registry prune` has no option `--force`.'],
      ['host-1/app --keep 1', 'There is no registry `host-1`.'],
    ])('%s is a mistake that only the caller is told', async (words, answer) => {
      const cards = stage.slack.messages().length;
      expect(await stage.ana.told(`/dimg registry prune ${words}`)).toContain(answer);
      expect(stage.slack.messages()).toHaveLength(cards);
    });
  });

  describe('go by a decision', () => {
    test('of somebody else: the requester’s own press does nothing', async () => {
      const app = await repository({ 1: 90, 2: 80 });
      const before = await stage.tagsIn(app);
      const card = await stage.ana.asks(`/dimg registry prune main/${app} --keep 1`);
      expect(card.now().text).toContain('waits for approval');
      expect(card.now().buttons).toEqual(['Approve', 'Deny', 'Cancel']);
      const own = await stage.ana.presses(card, 'Approve');
      expect(await own.told()).toBe(`You asked for #${card.number} yourself: somebody else must approve it.`);
      expect(await stage.ana.forces(card, 'confirm')).toContain(`#${card.number}`);
      expect(await stage.gus.told(`/dimg approve ${card.number}`)).toContain("Guests can't delete images");
      expect(card.now().state).toBe('proposed');
      expect(await stage.tagsIn(app)).toEqual(before);
      await stage.cy.told(`/dimg approve ${card.number}`);
      expect((await card.ends()).state).toBe('done');
      expect(Object.keys(await stage.tagsIn(app))).toEqual(['2']);
    });

    test('not where they are denied or cancelled', async () => {
      const app = await repository({ 1: 90, 2: 80 });
      const before = await stage.tagsIn(app);
      const denied = await stage.ana.asks(`/dimg registry prune main/${app} --keep 1`);
      await stage.bo.denies(denied, 'needed for a bisect');
      expect((await denied.ends()).lines[1]).toBe('Denied: needed for a bisect. Nothing was deleted.');
      const cancelled = await stage.ana.asks(`/dimg registry rmi main/${app}:1`);
      await stage.ana.presses(cancelled, 'Cancel');
      expect((await cancelled.ends()).lines[1]).toBe('Cancelled. Nothing was deleted.');
      const late = denied.versions().find(({ state }) => state === 'proposed')?.message;
      if (!late) throw new Error('It was never proposed.');
      const press = await stage.cy.presses(denied, 'Approve', { messageOverride: late });
      expect(await press.told()).toContain(`#${denied.number}`);
      expect(await stage.tagsIn(app)).toEqual(before);
    });

    describe('and where a registry needs no approval', () => {
      /** Nobody confirms this one. */
      let left: { app: string; card: Card; before: Record<string, string> };
      beforeAll(async () => {
        const config = join(stage.scope.dir, 'lenient.yaml');
        writeFileSync(config, 'approval: { expires: 10s, needed-for: { registry: false } }\n');
        await stage.bot().stop();
        await stage.startBot({ DIMG_CONFIG: config });
        const app = await repository({ 1: 90, 2: 80 });
        const card = await stage.ana.asks(`/dimg registry rmi main/${app}:1`);
        left = { app, card, before: await stage.tagsIn(app) };
      });

      test('by the confirmation of whoever asked', async () => {
        const app = await repository({ 1: 90, 2: 80 });
        const card = await stage.ana.asks(`/dimg registry prune main/${app} --keep 1`);
        expect(card.now().buttons).toEqual(['Delete 1 manifest', 'Cancel']);
        const other = await stage.bo.presses(card, 'Delete');
        expect(await other.told()).toBe(`Only @ana, who asked for #${card.number}, can confirm it.`);
        await stage.ana.presses(card, 'Delete');
        expect((await card.ends()).state).toBe('done');
        expect(Object.keys(await stage.collected(app))).toEqual(['2']);
      });

      test('not at all once the time is up', async () => {
        const { app, before, card } = left;
        const end = await card.ends();
        expect(end.lines[1]).toBe('Expired: nobody decided in 10s. Nothing was deleted.');
        expect(end.buttons.join()).not.toContain('Delete');
        expect(await stage.tagsIn(app)).toEqual(before);
      });
    });
  });
});

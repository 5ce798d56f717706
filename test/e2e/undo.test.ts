import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { pushImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { diff } from '../../playground/parts/witness-diff.ts';
import { cardOf } from './_card.ts';
import { OPS, openStage, type Stage } from './_world.ts';

/** Presses at once on one card, by three people. */
const PRESSES = 100;

describe.skipIf(skipWithout('undo from Slack', 'redis', 'engines', 'registry'))('undo', () => {
  let stage: Stage;
  let registry: Registry;
  beforeAll(async () => {
    stage = await openStage('undo', { hosts: ['host-1', 'host-2'] });
    registry = await startRegistry(stage.scope);
  });
  afterAll(() => stage?.close());

  const docker = (host?: string) => stage.docker(host);
  const snapshot = (host?: string) => stage.witness(host).snapshot();
  /** The card of the newest run, which an undo makes. */
  const newest = () =>
    stage.slack
      .messages(OPS)
      .flatMap((message) => cardOf(stage.slack, message) ?? [])
      .reduce((last, card) => (card.number > last.number ? card : last));
  async function ends(of: number) {
    const card = await stage.slack.waitFor(() => (newest().number > of ? newest() : undefined), 20_000);
    return { card, end: await card.ends() };
  }
  async function load(host: string, names: readonly string[]) {
    const layers = (name: string) => [{ name: `${host} ${name}`, bytes: 20_000 }];
    await loadImages(
      docker(host),
      Object.fromEntries(names.map((name) => [name, { tags: [name], layers: layers(name) }])),
    );
  }

  test('brings back what was deleted by its digest, and what was untagged; names what can’t come back', async () => {
    const pushed = `${registry.host}/team/app:1`;
    await load('host-1', [pushed, 'local:1', 'kept:1']);
    await docker().getImage(pushed).tag({ repo: 'also', tag: '1' });
    await docker().getImage('kept:1').tag({ repo: 'kept', tag: '2' });
    await pushImage(docker(), pushed);
    const before = await snapshot();

    const card = await stage.ana.asks(`/dimg rmi host-1 ${pushed} also:1 local:1 kept:2`);
    const plan = card.now().lines.join('\n');
    expect(plan).toMatch(/`local:1` .*can't be pulled again/);
    expect(plan).not.toMatch(/`also:1`.*can't be pulled again/);
    await stage.ana.presses(card, 'Delete');
    const done = await card.ends();
    expect(done.lines.join('\n')).toMatch(/✓ `local:1` .*can't be pulled again/);
    expect(done.buttons).toEqual(['Undo']);
    expect((await snapshot()).images.map(({ tags }) => tags)).toEqual([['kept:1']]);

    await (await stage.bo.presses(card, 'Undo')).silence();
    const { card: undoing, end } = await ends(card.number);
    expect(end.text).toBe(`#${undoing.number} done · undo host-1 · restored 2 of 2`);
    expect(end.lines[0]).toBe(`#${undoing.number} \`undo ${card.number}\` asked by @bo`);
    const told = end.lines.join('\n');
    expect(told).toContain("`local:1` can't be pulled again and does not come back.");
    expect(end.buttons).toEqual([]);
    const after = await snapshot();
    const lost = before.images.find(({ tags }) => tags.includes('local:1'));
    expect(after.images).toEqual(before.images.filter((image) => image !== lost));

    const footer = card.now().lines.join('\n');
    expect(footer).toContain('undone by @bo');
    expect(card.now().buttons).toEqual([]);
    expect(await stage.ana.told(`/dimg undo ${card.number}`)).toBe(
      `#${card.number} was undone already: see #${undoing.number}.`,
    );
    expect(await stage.ana.told(`/dimg undo ${undoing.number}`)).toContain('is an undo itself');
    const history = await stage.ana.history();
    expect(history.some((line) => line.includes(`@bo undid it with #${undoing.number}`))).toBe(true);
    expect(history.filter((line) => line.includes(' restored '))).toHaveLength(2);
  });

  test('by the command, of several hosts', async () => {
    for (const host of ['host-1', 'host-2']) {
      await load(host, [`multi:1`]);
      await docker(host).getImage('multi:1').tag({ repo: 'multi', tag: '2' });
    }
    const before = [await snapshot('host-1'), await snapshot('host-2')];
    const card = await stage.ana.asks('/dimg rmi all multi:2');
    await stage.ana.presses(card, 'Delete');
    await card.ends();
    await stage.cy.types(`/dimg undo ${card.number}`);
    const { end } = await ends(card.number);
    expect(end.text).toContain('done · undo 2 hosts · restored 2 of 2');
    expect([await snapshot('host-1'), await snapshot('host-2')]).toEqual(before);
  });

  test('is nobody’s who may not ask for deletions, and of nothing that can’t come back', async () => {
    await load('host-1', ['gone:1']);
    const card = await stage.ana.asks('/dimg rmi host-1 gone:1');
    expect(await stage.ana.told(`/dimg undo ${card.number}`)).toBe(`#${card.number} is not over yet.`);
    await stage.ana.presses(card, 'Delete');
    const end = await card.ends();
    expect(end.buttons).toEqual([]);
    expect(await stage.ana.told(`/dimg undo ${card.number}`)).toContain('nothing that could be brought back');
    const untag = await stage.ana.asks('/dimg rmi host-1 multi:2');
    await stage.ana.presses(untag, 'Delete');
    await untag.ends();
    const before = await snapshot();
    expect(await stage.gus.told(`/dimg undo ${untag.number}`)).toContain('Guests');
    expect(await snapshot()).toEqual(before);
    expect(await stage.ana.told('/dimg undo 4711')).toBe('There is no run #4711.');
  });

  test(`${PRESSES} presses make one undo`, async () => {
    await docker().getImage('multi:1').tag({ repo: 'multi', tag: '3' });
    const card = await stage.ana.asks('/dimg rmi host-1 multi:3');
    await stage.ana.presses(card, 'Delete');
    await card.ends();
    const before = stage.slack.ephemerals().length;
    const tagged = stage.witness().events.filter(({ action }) => action === 'tag').length;
    const people = [stage.ana.id, stage.bo.id, stage.cy.id];
    const presses = await Promise.all(
      Array.from({ length: PRESSES }, (_, i) =>
        stage.slack.press({ user: people[i % 3] ?? '', channel: OPS, ts: card.ts, label: 'Undo' }),
      ),
    );
    expect(presses.filter(({ error }) => error !== undefined)).toEqual([]);
    const { end } = await ends(card.number);
    expect(end.text).toContain('restored 1 of 1');
    const told = () => stage.slack.ephemerals().slice(before);
    await stage.slack.waitFor(() => told().length >= PRESSES - 1, 60_000, 'an answer to every other press');
    expect(told()).toHaveLength(PRESSES - 1);
    const undos = stage.slack
      .messages(OPS)
      .flatMap((message) => cardOf(stage.slack, message) ?? [])
      .filter(({ now }) => now().lines[0]?.includes(`undo ${card.number}\``));
    expect(undos).toHaveLength(1);
    expect(stage.witness().events.filter(({ action }) => action === 'tag')).toHaveLength(tagged + 1);
    expect(diff(await snapshot(), await snapshot()).tagsGone).toEqual([]);
  }, 120_000);
});

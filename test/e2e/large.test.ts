import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { rendered, rowsOf } from './_card.ts';
import { deletions, openStage, type Stage } from './_world.ts';

const MANY = 300;

describe.skipIf(skipWithout('a plan of 300 images', 'redis', 'engines'))('large', () => {
  let stage: Stage;
  let ids: string[];

  beforeAll(async () => {
    stage = await openStage('large', {
      hosts: ['host-1'],
      async load(world) {
        // Ten layers on one base, each shared by thirty images.
        const images = Object.fromEntries(
          Array.from({ length: MANY }, (_, i) => [
            `i${i}`,
            {
              tags: i % 3 === 0 ? [] : [`registry.example.com/a-team/some-application-service:build-${i}`],
              comment: `image ${i}`,
              layers: [
                { name: 'base', bytes: 1_000_000 },
                { name: `layer ${i % 10}`, bytes: 100_000 },
              ],
            },
          ]),
        );
        ids = Object.values(await loadImages(world.engine('host-1').docker, images));
      },
    });
  });
  afterAll(() => stage?.close());

  test('images of it are answered', async () => {
    const before = stage.slack.ephemerals('U0ANA').length;
    await stage.ana.told('/dimg images host-1 -a');
    const answered = () => stage.slack.ephemerals('U0ANA').slice(before).flatMap(rendered);
    await stage.slack.waitFor(() => answered().length > MANY, 15_000);
    const lines = answered();
    expect(lines[0]).toBe(`host-1: ${MANY} images, a prune would delete ${MANY} and free 2 MB`);
    for (const id of ids) expect(lines.filter((line) => line.includes(id.slice(7, 19)))).toHaveLength(1);
  });

  test('its card is within the limits, its lists are files, and all of it goes', async () => {
    const card = await stage.ana.asks('/dimg prune host-1 -a');
    const shown = card.now();
    expect(shown.buttons[0]).toBe(`Delete ${MANY} images, 2 MB`);
    expect(shown.host().line).toContain(`${MANY} to go, frees 2 MB`);
    const listed = () => stage.slack.files().filter(({ thread_ts }) => thread_ts === card.ts);
    const plan = await stage.slack.waitFor(() => listed()[0], 25_000);
    expect(plan.name).toBe(`plan-${card.number}.txt`);
    const text = plan.content.toString();
    for (const id of ids) expect(text).toContain(id.slice(7, 19));
    expect(shown.lines.join('\n')).toMatch(/and \d+ more, in the thread/);
    expect(rowsOf(shown.lines).length).toBeGreaterThan(10);

    await stage.ana.presses(card, 'Delete');
    const end = await card.ends(60_000);
    expect(end.text).toBe(`#${card.number} done · prune host-1 · deleted ${MANY} of ${MANY}, 2 MB`);
    expect(end.buttons).toEqual([]);
    expect((await stage.witness().snapshot()).images).toEqual([]);
    expect([...deletions(stage.witness())].sort()).toEqual([...ids].sort());
    const outcomes = await stage.slack.waitFor(() => listed()[1], 25_000);
    expect(outcomes.name).toBe(`outcomes-${card.number}.txt`);
    expect(
      outcomes.content
        .toString()
        .split('\n')
        .filter((line) => line.includes(' deleted, ')),
    ).toHaveLength(MANY);
    expect(listed()).toHaveLength(2);
  });
});

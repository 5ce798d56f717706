import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import type { Snapshot } from '../../playground/parts/witness.ts';
import { diff } from '../../playground/parts/witness-diff.ts';
import { connect } from '../../src/store/connect.ts';
import { silent } from '../store/_redis.ts';
import { type Card, expectAsPlanned } from './_card.ts';
import { deletions, openStage, type Stage, wait } from './_world.ts';

const MANY = 40;
/** Images that an agent deletes side by side. */
const LANES = 4;

describe.skipIf(skipWithout('ends and starts of bots and agents', 'redis', 'engines'))('restart', () => {
  let stage: Stage;
  let made = 0;
  let shortLived: string;
  /** On host-3, whose agent is killed while it executes and does not come back. */
  let lost: { card: Card; before: Snapshot };

  beforeAll(async () => {
    stage = await openStage('restart', { hosts: ['host-1', 'host-2', 'host-3'] });
    shortLived = join(stage.scope.dir, 'short.yaml');
    writeFileSync(shortLived, 'approval: { expires: 10s }\n');
    await load('host-3', MANY);
    const before = await stage.witness('host-3').snapshot();
    const card = await stage.ana.asks('/dimg prune host-3');
    await midway(card, 'host-3', async () => stage.agent('host-3').kill('SIGKILL'));
    lost = { card, before };
  });
  afterAll(() => stage?.close());

  const load = (host: string, many = 1) =>
    loadImages(
      stage.docker(host),
      Object.fromEntries(
        Array.from({ length: many }, () => [
          `${++made}`,
          { tags: [], layers: [{ name: `layer ${made}`, bytes: 2_000 }] },
        ]),
      ),
    );
  const sinceStart = (host: string) => deletions(stage.witness(host));

  /** Has ana press Delete, and does something in the middle of the deletions: the engine is held still for it. */
  async function midway(card: Card, host: string, what: () => Promise<unknown>): Promise<void> {
    const seen = sinceStart(host).length;
    const engine = stage.world.engine(host);
    await stage.ana.presses(card, 'Delete');
    await stage.slack.waitFor(() => sinceStart(host).length >= seen + 2, 15_000, 'deletions');
    engine.pause();
    try {
      await what();
    } finally {
      engine.resume();
    }
  }

  /** No image was deleted that the card does not speak of, none twice, and the card counts what is gone. */
  async function counted(card: Card, host: string, before: Snapshot) {
    const gone = diff(before, await stage.witness(host).snapshot()).imagesGone;
    const events = sinceStart(host).filter((id) => before.images.some((image) => image.id === id));
    expect([...events].sort()).toEqual([...gone].sort());
    expect(card.now().buttons).toEqual([]);
    return gone.length;
  }

  test('a bot told to end exits with 0; the next one goes on with what was proposed', async () => {
    await load('host-1');
    const before = await stage.witness().snapshot();
    const card = await stage.ana.asks('/dimg prune host-1');
    const shown = card.now();
    expect(await stage.bot().stop()).toEqual({ code: 0, signal: null });
    await stage.slack.waitFor(() => stage.slack.connections() === 0, 5_000, 'the bot to have left');
    await stage.startBot();
    await stage.ana.presses(card, 'Delete');
    const end = await card.ends();
    expect(end.text).toContain('done · prune host-1 · deleted 1 of 1, 2 kB');
    expectAsPlanned(shown.host().goes, before, await stage.witness().snapshot());
  });

  test('a bot killed while it plans: the next one finishes the card', async () => {
    await load('host-1');
    const engine = stage.world.engine('host-1');
    engine.pause();
    const card = await stage.ana.asks('/dimg prune host-1', { state: 'planning' });
    stage.bot().kill('SIGKILL');
    await stage.bot().exited;
    engine.resume();
    await stage.startBot();
    const shown = await card.waitFor(({ state }) => state === 'proposed');
    expect(shown.buttons[0]).toBe('Delete 1 image, 2 kB');
    await stage.ana.presses(card, 'Delete');
    expect((await card.ends()).state).toBe('done');
  });

  test('a bot killed while a run executes: the next one brings the card to its end', async () => {
    await load('host-1', MANY);
    const before = await stage.witness().snapshot();
    const card = await stage.ana.asks('/dimg prune host-1');
    const plan = card.now();
    await midway(card, 'host-1', async () => {
      stage.bot().kill('SIGKILL');
      await stage.bot().exited;
    });
    // The agent goes on by itself: it was told all that it needs.
    await stage.slack.waitFor(
      () => before.images.every(({ id }) => sinceStart('host-1').includes(id)),
      20_000,
    );
    await stage.startBot();
    const end = await card.ends(40_000);
    expect(end.text).toContain(`done · prune host-1 · deleted ${MANY} of ${MANY}, 80 kB`);
    expect(await counted(card, 'host-1', before)).toBe(MANY);
    expect(plan.host().line).toContain(`${MANY} to go`);
  });

  test('a bot killed in the instant of the press: the run is started once or not at all', async () => {
    await load('host-1');
    const before = await stage.witness().snapshot();
    const card = await stage.ana.asks('/dimg prune host-1');
    const shown = card.now();
    const press = stage.slack.press({ user: 'U0ANA', channel: card.channel, ts: card.ts, label: 'Delete' });
    await wait(3);
    stage.bot().kill('SIGKILL');
    await stage.bot().exited;
    await stage.startBot();
    await wait(1500);
    if (card.now().state === 'proposed') await stage.ana.presses(card, 'Delete');
    expect((await card.ends(40_000)).text).toContain('done · prune host-1 · deleted 1 of 1, 2 kB');
    expectAsPlanned(shown.host().goes, before, await stage.witness().snapshot());
    expect(await counted(card, 'host-1', before)).toBe(1);
    await press;
  });

  test('an agent told to end exits with 0, soon; what it was planned for is not started by the next', async () => {
    await load('host-2');
    const before = await stage.witness('host-2').snapshot();
    const card = await stage.ana.asks('/dimg prune host-2');
    const since = performance.now();
    expect(await stage.agent('host-2').stop()).toEqual({ code: 0, signal: null });
    expect(performance.now() - since).toBeLessThan(10_000);
    await stage.restartAgent('host-2');
    await stage.ana.presses(card, 'Delete');
    const end = await card.ends();
    expect(end.state).toBe('failed');
    expect(end.lines.join('\n')).toContain('the agent was started again meanwhile; ask again');
    expect(await stage.witness('host-2').snapshot()).toEqual(before);
    const again = await stage.ana.asks('/dimg prune host-2 -f');
    expect((await again.ends()).text).toContain('deleted 1 of 1');
  });

  test('an agent told to end while it executes finishes the images at hand, and says which are left', async () => {
    await load('host-2', MANY);
    const before = await stage.witness('host-2').snapshot();
    const card = await stage.ana.asks('/dimg prune host-2');
    const agent = stage.agent('host-2');
    await midway(card, 'host-2', async () => agent.kill('SIGTERM'));
    expect(await agent.exited).toEqual({ code: 0, signal: null });
    const end = await card.ends(60_000);
    const gone = await counted(card, 'host-2', before);
    expect(gone).toBeLessThan(MANY);
    expect(end.text).toContain(`deleted ${gone} of ${MANY}, ${gone * 2} kB`);
    await stage.restartAgent('host-2');
  });

  test('an agent killed while it executes and started again: ended at once, and truthfully', async () => {
    await load('host-2', MANY);
    const before = await stage.witness('host-2').snapshot();
    const card = await stage.ana.asks('/dimg prune host-2');
    await midway(card, 'host-2', async () => {
      stage.agent('host-2').kill('SIGKILL');
      await stage.agent('host-2').exited;
    });
    await stage.restartAgent('host-2');
    const end = await card.ends();
    const gone = await counted(card, 'host-2', before);
    const [, said = ''] = /deleted (\d+) of/.exec(end.text) ?? [];
    // Its journal has what it was at, and the engine tells how that ended; but of an image that it was about to ask for, and
    // is still there, nobody knows whether it had asked.
    const unknown = end.lines.filter((line) => /^\? .* unknown/.test(line));
    expect(unknown.length).toBeLessThanOrEqual(LANES);
    expect(end.state).toBe(unknown.length > 0 ? 'unknown' : 'partial');
    expect(Number(said)).toBe(gone);
    expect(end.lines.join('\n')).toContain('the agent was started again meanwhile');
    await (await stage.ana.asks('/dimg prune host-2 -f')).ends();
    expect((await stage.witness('host-2').snapshot()).images.length).toBeLessThanOrEqual(unknown.length);
  });

  test('what expires while no bot is there is expired by the next, also before Slack lets that one in', async () => {
    await stage.bot().stop();
    await stage.startBot({ DIMG_CONFIG: shortLived });
    await load('host-1');
    const before = await stage.witness().snapshot();
    const card = await stage.ana.asks('/dimg prune host-1');
    const old = card.now().message;
    stage.bot().kill('SIGKILL');
    await wait(10_500);
    stage.slack.outage(true);
    const starting = stage.startBot();
    const redis = connect(stage.world.redis.url, silent, 2_500);
    await redis.connect();
    const stored = async () => (await redis.hget(`{dimg}:run:${card.number}`, 'json')) ?? '';
    while (!(await stored()).includes('"state":"expired"')) await wait(100);
    redis.disconnect();
    expect(card.now().state).toBe('proposed');
    stage.slack.outage(false);
    await starting;
    const end = await card.ends(10_000);
    expect(end.state).toBe('expired');
    expect(end.buttons).toEqual(['Run again']);
    const late = await stage.ana.presses(card, 'Delete', { messageOverride: old });
    expect(await late.told()).toContain('expired');
    expect(await stage.witness().snapshot()).toEqual(before);
  });

  test('an agent killed while it executes and gone for long: the card says so within a minute, and what became of it once it is back', async () => {
    const { card, before } = lost;
    const end = await card.ends(60_000);
    const gone = await counted(card, 'host-3', before);
    const [, said = ''] = /deleted (\d+) of/.exec(end.text) ?? [];
    expect(end.state).toBe('unknown');
    expect(Number(said)).toBeLessThanOrEqual(gone);
    expect(gone).toBeLessThan(MANY);
    expect(end.host('host-3').line).toContain(
      'the agent fell silent; once it is back it says here what it did',
    );
    expect(end.lines.filter((line) => /^\? .* unknown$/.test(line)).length).toBeGreaterThan(0);
    expect(await stage.ana.told('/dimg hosts host-3')).toContain('offline');

    await stage.restartAgent('host-3');
    // But for what it was about to ask for: of that nobody knows whether it had.
    const unknown = ({ lines }: { lines: string[] }) => lines.filter((line) => /^\? .* unknown/.test(line));
    const known = await card.waitFor(
      (now) => now.text.includes(`deleted ${gone} of ${MANY}`) && unknown(now).length <= LANES,
      30_000,
    );
    expect(known.state).toBe(unknown(known).length > 0 ? 'unknown' : 'partial');
    expect(await counted(card, 'host-3', before)).toBe(gone);
  }, 150_000);
});

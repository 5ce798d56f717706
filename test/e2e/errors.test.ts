import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { busyboxImage, loadImages } from '../../playground/parts/images.ts';
import type { Fault } from '../../playground/slack/index.ts';
import { OPS, openStage, type Stage, wait } from './_world.ts';

const CONFIG = `
channels: [C0OPS, C0RANDOM]
operators: [S0SRE, U0ANA]
approval: { approvers: [U0BO, U0CY] }
`;

describe.skipIf(skipWithout('errors that people meet', 'redis', 'engines', 'busybox'))('errors', () => {
  let stage: Stage;
  let made = 0;

  beforeAll(async () => {
    stage = await openStage('errors', {
      botConfig: CONFIG,
      load: (world) =>
        loadImages(world.engine('host-1').docker, {
          keep: { tags: ['keep:1'], layers: [{ name: 'keep', bytes: 5000 }] },
        }),
    });
    // A host whose agent was there and is no more; by the last test it has been silent for long enough.
    const ghost = await stage.world.startAgent('ghost-9', { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect(await stage.ana.told('/dimg hosts ghost-9')).toContain(
      "the engine can't be reached at unix:///nowhere/docker.sock: is Docker running?".replace(
        /unix:\S+sock/,
        '`$&`',
      ),
    );
    ghost.kill('SIGKILL');
  });
  /** Slack's own word about a channel that the bot is not in is meant. */
  afterAll(() =>
    stage?.close(({ method, error }) => method === 'chat.postMessage' && error === 'not_in_channel'),
  );

  /** One image for a prune of host-1 to delete, whatever an earlier test has left. */
  async function load(): Promise<void> {
    const docker = stage.docker();
    const left = await docker.listImages({ filters: { dangling: ['true'] } });
    for (const { Id } of left) await docker.getImage(Id).remove({ force: true });
    const layers = [{ name: `layer ${++made}`, bytes: 50_000 }];
    await loadImages(docker, { [`image ${made}`]: { tags: [], layers } });
  }
  const cards = () => stage.slack.messages().filter(({ text }) => /^#\d+ /.test(text));
  /** The state that the audit says the newest run ended in. */
  const lastEnd = async () => /ended (\w+)/.exec((await stage.ana.history()).join('\n'))?.[1];

  test.each([
    ['prnue host-1', 'There is no command `prnue`. Did you mean `/dimg prune`?'],
    ['wipe host-1', 'There is no command `wipe`. Known: '],
    ['prune host-1 --untl 24h', '`prune` has no option `--untl`. Did you mean `--until`?'],
    ['prune host-1 -x', '`prune` has no option `-x`.'],
    ['prune host-1 --until soon', '"soon" is no duration or time: write 90s, 15m, 24h'],
    ['prune host-1 --until', '`--until` needs a value'],
    ['prune host-1 --filter until=often', '`often` is no duration or time'],
    ['prune host-1 --label "team=shop', 'A quote " is opened and not closed.'],
    ['prune', '`<where>` is missing. Usage: `/dimg prune <where> [options]`'],
    ['rmi host-1', '`<image>` is missing.'],
    ['prune hots-1', 'There is no host `hots-1`. Did you mean `host-1`?'],
    ['prune elsewhere', 'There is no host `elsewhere`. Known: `ghost-9`, `host-1`, `host-2`.'],
    ['images host-1,host-2', 'Name one host'],
    ['prune @ci', 'There are no host groups'],
    ['help prnue', 'There is no command `prnue`. Did you mean `prune`?'],
    ['history --by ana', 'name a person as @name'],
    ['approve soon', 'a run is a number such as 1042'],
  ])('%s', async (line, answer) => {
    const before = cards().length;
    expect(await stage.ana.told(`/dimg ${line}`)).toContain(answer);
    expect(cards()).toHaveLength(before);
  });

  test('an empty command and help show what there is', async () => {
    expect(await stage.ana.told('/dimg')).toContain('/dimg prune <where> [options]');
    expect(await stage.gus.told('/dimg help rmi')).toContain('With -f somebody else must approve');
  });

  test('names from people, images and containers are text and nothing more', async () => {
    const { docker } = stage.world.engine('host-1');
    await loadImages(docker, {
      odd: busyboxImage(['evil/x_y:v1_'], { labels: { '<!channel>': '<@U0BO> *bold*' } }),
    });
    await runContainer(docker, { image: 'evil/x_y:v1_', name: '0_web_.-', state: 'created' });
    const card = await stage.ana.asks(
      '/dimg prune host-1 -a --label <!channel> --label "x=`code` *b* <http://evil|here> @channel" --dry-run',
    );
    expect(card.now().lines[0]).toContain('<!channel>');
    expect(card.now().lines.join('\n')).toContain('in use by `0_web_.-` (stopped)');
    const told = await stage.ana.told('/dimg prune <!here>');
    expect(told).toContain('There is no host `<!here>`');
    expect(await stage.ana.told('/dimg rmi host-1 "<@U0BO> *x*"')).toContain('`<@U0BO> *x*` is not an image');
    const rmi = await stage.ana.asks('/dimg rmi host-1 evil/x_y:v2_');
    expect(rmi.now().lines.join('\n')).toContain('No image `evil/x_y:v2_`. Did you mean `evil/x_y:v1_`?');
    const images = await stage.ana.told('/dimg images host-1');
    expect(images).toContain('`evil/x_y:v1_`');
    // What it looks like is judged for all messages at the end: see `close`.
  });

  test('not in this channel, not a guest, not somebody else', async () => {
    stage.slack.addChannel({ id: 'C0OTHER', name: 'other', members: ['U0ANA', 'U0DIMG'] });
    const before = cards().length;
    expect(await stage.ana.told('/dimg prune host-1', { channel: 'C0OTHER' })).toContain(
      'dimg takes no commands in this channel. It does in `C0OPS`, `C0RANDOM`.',
    );
    expect(await stage.gus.told('/dimg prune host-1')).toContain("Guests can't delete images or approve");
    expect(await stage.cy.told('/dimg prune host-1')).toContain(
      'You may not delete images on `host-1`. Those who may: @sre, @ana.',
    );
    stage.slack.fault({ method: 'usergroups.users.list', kind: 'error', error: 'plan_upgrade_required' });
    expect(await stage.bo.told('/dimg prune host-1')).toContain(
      'This workspace has no user groups (`plan_upgrade_required`)',
    );
    expect(cards()).toHaveLength(before);
    // By the group, once Slack says who is in it.
    expect((await (await stage.bo.asks('/dimg prune host-1')).ends()).state).toBe('empty');
  });

  test('in a channel that the bot is not in: how to invite it; after that it works', async () => {
    const channel = 'C0RANDOM';
    const told = await stage.ana.told('/dimg prune host-1', { channel });
    expect(told).toContain('dimg is not in this channel. Invite it with `/invite @dimg` and ask again');
    expect(await lastEnd()).toBe('refused');
    expect(await stage.ana.told('/dimg history', { channel })).toContain('/invite @dimg');
    stage.slack.join(channel, 'U0DIMG');
    const card = await stage.ana.asks('/dimg prune host-1', { channel });
    expect((await card.ends()).state).toBe('empty');
  });

  test('a card that Slack rejects: the caller is told, and nothing starts', async () => {
    await load();
    const before = await stage.witness().snapshot();
    stage.slack.fault({ method: 'chat.postMessage', kind: 'error', error: 'invalid_blocks' });
    const told = await stage.ana.told('/dimg prune host-1 -f');
    expect(told).toBe('Slack did not take the message (invalid_blocks); nothing was started.');
    expect(await lastEnd()).toBe('refused');
    expect(await stage.witness().snapshot()).toEqual(before);
    expect((await (await stage.ana.asks('/dimg prune host-1 -f')).ends()).state).toBe('done');
  });

  const faults: [string, Fault[]][] = [
    [
      'rate limits',
      ['chat.postMessage', 'chat.update'].map((method) => ({ method, kind: 'ratelimited', retryAfter: 1 })),
    ],
    ['updates that are lost', [{ method: 'chat.update', kind: 'drop', times: 2 }]],
    [
      'answers that are lost',
      ['chat.postMessage', 'chat.update'].map((method) => ({ method, kind: 'drop-after' })),
    ],
    ['a Slack that is down for a moment', [{ method: '*', kind: 'http', status: 503, times: 2 }]],
  ];
  test.each(faults)('%s: one card, and it ends true', async (_, list) => {
    await load();
    const before = cards().length;
    for (const fault of list) stage.slack.fault({ ...fault, match: (body) => body.user === undefined });
    const card = await stage.ana.asks('/dimg prune host-1 -f');
    const end = await card.ends();
    expect(end.text).toMatch(/ done · prune host-1 · deleted 1 of 1, 50 kB/);
    expect(end.buttons).toEqual([]);
    expect(cards()).toHaveLength(before + 1);
  });

  test('a card that can no longer be edited: its end is told in the thread', async () => {
    await load();
    const card = await stage.ana.asks('/dimg prune host-1');
    const fault = stage.slack.fault({
      method: 'chat.update',
      kind: 'error',
      error: 'edit_window_closed',
      times: 99,
    });
    await stage.ana.presses(card, 'Delete');
    const said = await stage.slack.waitFor(
      () => stage.slack.thread(OPS, card.ts).find(({ text }) => text.startsWith(`#${card.number} done`)),
      15_000,
    );
    fault.stop();
    expect(said.text).toContain('deleted 1 of 1, 50 kB');
  });

  test('a command that Slack delivers twice is one run', async () => {
    const before = cards().length;
    const card = await stage.ana.asks('/dimg prune host-1', { times: 3, gapMs: 50 });
    await card.ends();
    await wait(1000);
    expect(cards()).toHaveLength(before + 1);
  });

  test('an engine that is down: said at once, and over once it is up', async () => {
    const engine = stage.world.engine('host-2');
    await engine.kill();
    const started = Date.now();
    const card = await stage.ana.asks('/dimg prune host-2');
    const end = await card.ends();
    expect(end.state).toBe('refused');
    expect(end.lines.join('\n')).toContain(
      `host-2 the engine can't be reached at \`${engine.host}\`: is Docker running?`,
    );
    expect(await stage.ana.told('/dimg images host-2')).toContain("the engine can't be reached");
    expect(Date.now() - started).toBeLessThan(20_000);
    await engine.restart();
    expect((await (await stage.ana.asks('/dimg prune host-2')).ends()).state).toBe('empty');
  });

  test('an agent that does not answer: the card goes on without it', async () => {
    await load();
    stage.agent('host-2').kill('SIGSTOP');
    try {
      const started = Date.now();
      const [told, card] = await Promise.all([
        stage.ana.told('/dimg images host-2'),
        stage.bo.asks('/dimg prune host-1,host-2'),
      ]);
      expect(Date.now() - started).toBeLessThan(25_000);
      expect(told).toMatch(/^`?host-2`? (is )?not answering\.?$/);
      expect(card.now().state).toBe('proposed');
      expect(card.now().host('host-2').line).toBe('host-2 not answering');
      await stage.bo.presses(card, 'Delete');
      expect((await card.ends()).text).toContain('deleted 1 of 1, 50 kB');
    } finally {
      stage.agent('host-2').kill('SIGCONT');
    }
  });

  describe('Redis', () => {
    async function backWithin(ms: number): Promise<void> {
      const started = Date.now();
      for (let told = ''; !told.includes('host-1 online'); await wait(100))
        told = await stage.ana.told('/dimg hosts host-1');
      expect(Date.now() - started).toBeLessThan(ms);
    }

    test('that is down: the caller is told; after it all works again in seconds', async () => {
      await load();
      const card = await stage.ana.asks('/dimg prune host-1');
      const before = await stage.witness().snapshot();
      await stage.world.redis.stop();
      const away = "I can't reach Redis, so nothing was started. Try again in a minute.";
      expect(await stage.ana.told('/dimg hosts')).toBe(away);
      expect(await stage.ana.told('/dimg prune host-1 -f')).toBe(away);
      expect(await stage.bo.told(`/dimg approve ${card.number}`)).toBe(away);
      const press = await stage.ana.presses(card, 'Delete');
      expect(await press.told()).toContain("I can't reach Redis");
      expect(await stage.ana.told('/dimg help')).toContain('deletes Docker images');
      expect(await stage.witness().snapshot()).toEqual(before);

      await stage.world.redis.restart();
      await backWithin(5000);
      await stage.ana.presses(card, 'Delete');
      expect((await card.ends()).text).toContain('deleted 1 of 1, 50 kB');
      expect((await (await stage.ana.asks('/dimg prune host-1')).ends()).state).toBe('empty');
    });

    test('that hangs: Slack gets its acknowledgement in time, and the caller an answer', async () => {
      stage.world.redis.pause();
      try {
        // Slack gives 3 s; the stand-in shows an error to whom has waited longer.
        const told = await stage.ana.told('/dimg hosts');
        expect(told).toContain("I can't reach Redis");
      } finally {
        stage.world.redis.resume();
      }
      await backWithin(5000);
    });
  });

  test('a host that is offline: said so, nothing is queued, and others go on without it', async () => {
    for (let told = ''; !told.includes('ghost-9 offline, last seen '); await wait(500))
      told = await stage.ana.told('/dimg hosts ghost-9');
    const before = cards().length;
    expect(await stage.ana.told('/dimg prune ghost-9')).toMatch(
      /^`ghost-9` is offline, last seen .*: nothing was queued for it\. Is its `dimg agent` running\?$/,
    );
    expect(await stage.ana.told('/dimg images ghost-9')).toContain('is offline');
    expect(cards()).toHaveLength(before);
    await load();
    const card = await stage.ana.asks('/dimg prune all -f');
    const end = await card.ends();
    expect(end.lines.join('\n')).toContain('ghost-9 offline');
    expect(end.text).toContain('prune 3 hosts · deleted 1 of 1, 50 kB');
  });
});

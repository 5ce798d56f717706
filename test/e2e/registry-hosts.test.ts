import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { runContainer } from '../../playground/parts/containers.ts';
import { pullImage } from '../../playground/parts/registry.ts';
import type { PushedManifest } from '../../playground/parts/registry-push.ts';
import { rendered } from './_card.ts';
import { ago, layers, openRegistryStage, type RegistryStage, short } from './_registry.ts';
import { OPS } from './_world.ts';

const lacking = skipWithout('registries beside hosts', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('a registry beside hosts', () => {
  let stage: RegistryStage;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-hosts', { hosts: ['host-1', 'host-2'] });
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
  const pulled = async (app: string, reference: string, host = 'host-1') => {
    const name = `${stage.registry.host}/${app}${reference}`;
    await pullImage(stage.docker(host), name);
    return name;
  };
  /** A container that never ran is one all the same. */
  const created = (name: string, host = 'host-1') =>
    runContainer(stage.docker(host), { image: name, state: 'created', cmd: ['x'] });

  test('is among the hosts, with its address', async () => {
    const told = (await stage.ana.told('/dimg hosts')).split('\n');
    expect(told.map((line) => line.split(' ')[0]).sort()).toEqual(['front', 'host-1', 'host-2', 'main']);
    expect(told.find((line) => line.startsWith('main '))).toMatch(
      new RegExp(`^main online.* · registry \`${stage.registry.url}\` · served by the agent on \`beside\`$`),
    );
  });

  test('is reached by no word for hosts', async () => {
    const app = fresh();
    await image(app, '1', ['1']);
    const asked = stage.front.requests.length;
    const card = await stage.ana.asks('/dimg prune all -a --dry-run');
    const { lines } = await card.ends();
    expect(lines.join('\n')).toContain('host-2');
    expect(lines.filter((line) => /^(main|front)\b/.test(line))).toEqual([]);
    const glob = await stage.ana.asks('/dimg prune * --dry-run');
    expect((await glob.ends()).lines.filter((line) => /^(main|front)\b/.test(line))).toEqual([]);
    for (const line of [
      'prune main',
      'rmi main app:1',
      'images main',
      'df main',
      'prune ma*',
      'prune host-1,main',
    ])
      expect(await stage.ana.told(`/dimg ${line}`)).toMatch(
        /There is no host `ma(in|\*)`\. Known: `host-1`, `host-2`\./,
      );
    for (const line of ['prune host-1/x --keep 1', 'prune all/x --keep 1', 'rmi host-1/x:1', 'tags host-1/x'])
      expect(await stage.ana.told(`/dimg registry ${line}`)).toMatch(
        /There is no registry `(host-1|all)`\. Known: `front`, `main`\./,
      );
    expect(Object.keys(await stage.tagsIn(app))).toEqual(['1']);
    expect(stage.front.requests.slice(asked).filter(({ path }) => path !== '/v2/')).toEqual([]);
  });

  test('keeps what containers use, by the digest that was pulled and by a part of an index', async () => {
    const app = fresh();
    const one = await image(app, '1', ['1']);
    await image(app, '2', ['2']);
    await image(app, '3', ['3']);
    const parts = [await image(app, 'amd', []), await image(app, 'arm', [], 'linux/arm64')];
    const index = await stage.pusher.index(app, parts, { tags: ['multi'] });
    await pulled(app, ':2', 'host-2');
    await created(await pulled(app, ':1'));
    // The engine that runs the part is never asked about the index.
    await created(await pulled(app, `@${parts[0]?.digest}`, 'host-2'), 'host-2');
    const words = `main/${app} --until 30d`;
    await stage.toldOnce(`/dimg registry tags ${words}`, /used on `host-2`/);
    const told = await stage.toldOnce(`/dimg registry tags ${words}`, /used on `host-1`/);
    const row = (tag: string) => told.split('\n').find((line) => line.includes(`\`${app}:${tag}\``));
    expect(row('1')).toContain(' days old · stays: used on `host-1`');
    expect(row('2')).toMatch(/ · on `host-2` · would go, /);
    expect(row('3')).not.toContain('host-');
    expect(row('multi')).toContain(' · stays: used on `host-2`');

    const { plan, end } = await stage.does(`/dimg registry prune ${words} --tag * --untagged`);
    expect(plan).toMatch(
      new RegExp(`• \`${app}:2\` .*, \`host-2\` has it and can't pull it from here again`),
    );
    expect(plan).toContain(`◦ \`${app}:1\` \`${short(one)}\` stays: used on \`host-1\``);
    expect(plan).toContain(`◦ \`${app}:multi\` \`${short(index)}\` stays: used on \`host-2\``);
    expect(end.text).toContain('deleted 2 of 2');
    expect(await stage.collected(app)).toEqual({ 1: one.digest, multi: index.digest });
  });

  test('keeps parts of an index that lost its tag, and that a host alone knows of', async () => {
    const app = fresh();
    const amd = await image(app, 'amd', []);
    const arm = await image(app, 'arm', ['pr-1'], 'linux/arm64');
    const index = await stage.pusher.index(app, [amd, arm], { tags: ['v1'] });
    await created(await pulled(app, ':v1'));
    const now = await image(app, 'now', ['v1']);
    const needs = new RegExp(`:pr-1\`.* stays: \`${app}@${index.digest.slice(0, 19)}.*needs it`);
    await stage.toldOnce(`/dimg registry tags main/${app} --tag pr-*`, needs);
    const card = await stage.ana.asks(`/dimg registry prune main/${app} --tag pr-* --untagged`);
    expect((await card.ends()).state).toBe('empty');
    for (const one of [index, amd, arm]) expect(await stage.has(app, one)).toBe(true);
    expect(await stage.collected(app)).toEqual({ 'pr-1': arm.digest, v1: now.digest });
  });

  test('keeps what a container uses whose image somebody took away by force', async () => {
    const app = fresh();
    const one = await image(app, '1', ['1']);
    await image(app, '2', ['2']);
    const name = await pulled(app, ':1');
    await created(name);
    const docker = stage.docker('host-1');
    const { Id } = await docker.getImage(name).inspect();
    await docker.getImage(Id).remove({ force: true });
    await expect(docker.getImage(Id).inspect()).rejects.toMatchObject({ statusCode: 404 });
    // Its container makes the host count anew.
    await created((await image(app, '3', ['3'])) && (await pulled(app, ':3')));
    await stage.toldOnce(
      `/dimg registry tags main/${app}`,
      /:1`.* used on `host-1`[\s\S]*:3`.* used on `host-1`/,
    );
    const { plan } = await stage.does(`/dimg registry prune main/${app} --tag *`);
    expect(plan).toContain(`◦ \`${app}:1\` \`${short(one)}\` stays: used on \`host-1\``);
    expect(Object.keys(await stage.collected(app)).sort()).toEqual(['1', '3']);
  });

  test('lets go what is used where it is named, and says whom that leaves without', async () => {
    const app = fresh();
    const one = await image(app, '1', ['1', 'latest']);
    const two = await image(app, '2', ['2']);
    await created(await pulled(app, ':1'));
    await stage.toldOnce(`/dimg registry tags main/${app}`, /used on `host-1`/);
    const { plan, end } = await stage.does(`/dimg registry rmi main/${app}:1 main/${app}:latest`);
    expect(plan).toMatch(
      new RegExp(
        `• \`${app}:1\`, \`${app}:latest\` \`${short(one)}\` used on \`host-1\`, \\d+ B, \`host-1\` has it and can't pull it from here again`,
      ),
    );
    expect(end.text).toContain('deleted 1 of 1');
    expect(await stage.collected(app)).toEqual({ 2: two.digest });
  });

  test('makes what it deleted irrecoverable, and plans on hosts say so', async () => {
    const app = fresh();
    await image(app, '1', ['1']);
    await image(app, '2', ['2']);
    const name = await pulled(app, ':1');
    const plan = async () =>
      (await (await stage.ana.asks(`/dimg rmi host-1 ${name} --dry-run`)).ends()).lines.join('\n');
    expect(await plan()).not.toContain("can't be pulled again");
    await stage.does(`/dimg registry rmi main/${app}:1`);
    expect(await plan()).toContain("can't be pulled again");
  });

  test('keeps what somebody began to use after the plan, unless it was named', async () => {
    const app = fresh();
    const [one, two] = [await image(app, '1', ['1']), await image(app, '2', ['2'])];
    await image(app, '3', ['3']);
    const first = await pulled(app, ':1');
    const second = await pulled(app, ':2');
    const prune = await stage.ana.asks(`/dimg registry prune main/${app} --tag 1 --tag 3`);
    const rmi = await stage.ana.asks(`/dimg registry rmi main/${app}:2`);
    await created(first);
    await created(second);
    await stage.toldOnce(
      `/dimg registry tags main/${app}`,
      /:1`.* used on `host-1`[\s\S]*:2`.* used on `host-1`/,
    );
    await stage.bo.presses(prune, 'Approve');
    const kept = await prune.ends();
    expect(kept.text).toContain('deleted 1 of 2');
    expect(kept.lines).toContain(`– \`${app}:1\` \`${short(one)}\` skipped: used on \`host-1\``);
    await stage.bo.presses(rmi, 'Approve');
    expect((await rmi.ends()).text).toContain('deleted 1 of 1');
    expect(await stage.has(app, two)).toBe(false);
    expect(await stage.collected(app)).toEqual({ 1: one.digest });
  });

  test('has its runs in show, history and the audit like any other', async () => {
    const app = fresh();
    const one = await image(app, '1', ['1']);
    await image(app, '2', ['2']);
    const { card, end } = await stage.does(`/dimg registry rmi main/${app}:1`);
    const said = async (command: string, fits: string) => {
      const known = stage.slack.messages(OPS).length;
      await stage.ana.types(`/dimg ${command}`);
      const message = await stage.slack.waitFor(
        () =>
          stage.slack
            .messages(OPS)
            .slice(known)
            .find((each) => [each.text, ...rendered(each)].join('\n').includes(fits)),
        25_000,
        command,
      );
      return [message.text, ...rendered(message)].join('\n');
    };
    const show = await said(`show ${card.number}`, `#${card.number} done`);
    expect(show).toContain(`\`registry rmi main/${app}:1\` asked by @ana`);
    expect(show).toContain('needed 1 approval (registry)');
    expect(show).toContain(`✓ \`${app}:1\` \`${short(one)}\` deleted`);
    const history = (await stage.ana.history('main')).join('\n');
    expect(history).toContain(`#${card.number}`);
    expect(history).toContain(`${app}:1`);
    expect(history).not.toContain('host-1 ');
    expect(await said('verify', 'audit of ')).toMatch(/^audit of \d+ entries: whole$/m);
    // What went from a registry nobody can bring back.
    expect(end.buttons).not.toContain('Undo');
    expect(await stage.ana.told(`/dimg undo ${card.number}`)).toBe(
      `#${card.number} has deleted nothing that could be brought back.`,
    );
  });

  test('is not pruned while a host has not told what it has; what is named goes', async () => {
    const app = fresh();
    await image(app, '1', ['1']);
    const two = await image(app, '2', ['2']);
    const ghost = await stage.world.startAgent('ghost-9', { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    const blind = await stage.ana.asks(`/dimg registry prune main/${app} --tag *`);
    const shown = await blind.ends();
    expect(shown.state).toBe('refused');
    expect(shown.lines.join('\n')).toContain(
      '⚠ `ghost-9` has not told which images are there, so nothing is pruned',
    );
    const { plan, end } = await stage.does(`/dimg registry rmi main/${app}:1`);
    expect(plan).toContain('⚠ What `ghost-9` has and uses is not known: its agent has not told.');
    expect(end.text).toContain('deleted 1 of 1');
    expect(await stage.collected(app)).toEqual({ 2: two.digest });
    ghost.kill('SIGKILL');
  });
});

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { MEMBER, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { openPusher, type Pusher } from '../../playground/parts/registry-push.ts';
import { startTokenService, type TokenService } from '../../playground/parts/token-service.ts';
import type { Card } from './_card.ts';
import { ago, layers, openRegistryStage, type RegistryStage } from './_registry.ts';
import { placesOf, secretsOf } from './_secrets.ts';
import { wait } from './_world.ts';

const MANY = 40;

const lacking = skipWithout('registries that refuse', 'redis', 'engines', 'registry');
describe.skipIf(lacking)('a registry', () => {
  let stage: RegistryStage;
  let tokens: TokenService;
  let guarded: Registry;
  let others: { off: Pusher; closed: Pusher; guarded: Pusher };
  /** Asked of one that is silent from the start. */
  let silent: Card;
  let made = 0;

  beforeAll(async () => {
    stage = await openRegistryStage('registry-errors', {
      async more({ scope }) {
        tokens = await startTokenService(scope, [
          { ...MEMBER, may: [{ repository: 'team/*', actions: ['*', 'pull', 'push', 'delete'] }] },
          { username: 'reader', password: 'secret-8', may: [{ repository: 'team/*', actions: ['pull'] }] },
        ]);
        const [off, closed, tokened] = await Promise.all([
          startRegistry(scope, { delete: false }),
          startRegistry(scope, { closed: true }),
          startRegistry(scope, { tokens }),
        ]);
        guarded = tokened;
        const basic = Buffer.from(`${MEMBER.username}:${MEMBER.password}`).toString('base64');
        others = {
          off: openPusher({ url: off.url }),
          closed: openPusher({ url: closed.url, authorization: () => `Basic ${basic}` }),
          guarded: openPusher({
            url: guarded.url,
            authorization: (repository) => tokens.grant(repository, ['pull', 'push']),
          }),
        };
        const file = (name: string, line: string) => {
          const path = join(scope.dir, name);
          writeFileSync(path, line);
          return path;
        };
        const right = file('right', `${MEMBER.username}:${MEMBER.password}\n`);
        return [
          { name: 'off', url: off.url },
          { name: 'right', url: closed.url, credentials: right },
          { name: 'wrong', url: closed.url, credentials: file('wrong', `${MEMBER.username}:secret-9`) },
          { name: 'nobody', url: closed.url },
          { name: 'tokens', url: guarded.url, credentials: right },
          { name: 'reader', url: guarded.url, credentials: file('reader', 'reader:secret-8') },
        ];
      },
    });
    stage.front.fault({ path: /^\/v2\/team\/silent\//, hang: 'before', times: 1_000 });
    silent = await stage.ana.asks('/dimg registry rmi front/team/silent:1', { state: 'planning' });
  });
  afterAll(() => stage?.close());

  const fresh = () => `team/app-${++made}`;
  /** So many tags from 1 on, each with an image of its own. */
  async function filled(pusher: Pusher, count: number): Promise<{ app: string; digests: string[] }> {
    const app = fresh();
    const digests: string[] = [];
    for (let i = 1; i <= count; i++) {
      const spec = { layers: layers(`${app} ${i}`, 500), created: ago(50), tags: [String(i)] };
      digests.push((await pusher.image(app, spec)).digest);
    }
    return { app, digests };
  }
  const refused = async (line: string) => {
    const end = await (await stage.ana.asks(line)).ends();
    expect(end.state).toBe('refused');
    return end.lines.join('\n');
  };

  test('that deletes nothing is found out before anybody decides', async () => {
    const { app } = await filled(others.off, 2);
    const told = await refused(`/dimg registry rmi off/${app}:1`);
    expect(told).toContain('⚠ This registry deletes nothing: deletion is off in its configuration (');
    expect(await refused(`/dimg registry prune off/${app} --keep 1`)).toContain('deletion is off');
  });

  test('with a password is served as whom it knows, and says so where it does not', async () => {
    const { app } = await filled(others.closed, 2);
    const { end } = await stage.does(`/dimg registry rmi right/${app}:1`);
    expect(end.text).toContain('deleted 1 of 1');
    const no = "the registry does not take the agent's name and password: look at its `credentials`";
    expect(await refused(`/dimg registry rmi wrong/${app}:2`)).toContain(no);
    expect(await stage.ana.told(`/dimg registry tags nobody/${app}`)).toContain(
      `${no} (it wants a name and a password)`,
    );
    const hosts = await stage.ana.told('/dimg hosts');
    expect(hosts.split('\n').find((line) => line.startsWith('wrong '))).toContain(no);
    expect(hosts.split('\n').find((line) => line.startsWith('right '))).not.toContain(no);
    expect(await stage.ana.told(`/dimg registry tags right/${app}`)).toContain(`\`${app}:2\``);
  });

  test('with tokens lets in only as far as its user may', async () => {
    const { app } = await filled(others.guarded, 2);
    expect(await stage.ana.told(`/dimg registry tags reader/${app}`)).toContain(`\`${app}:1\``);
    expect(await refused(`/dimg registry rmi reader/${app}:1`)).toContain(
      `⚠ \`${app}\` is left alone: the registry does not allow that to the agent's user`,
    );
    expect((await stage.does(`/dimg registry rmi tokens/${app}:1`)).end.state).toBe('done');
  });

  test('whose tokens end in the middle is given new ones', async () => {
    const { app } = await filled(others.guarded, MANY);
    // It says that they live longer.
    tokens.behave({ lifeSeconds: 2 });
    const card = await stage.ana.asks(`/dimg registry prune tokens/${app} --tag *`);
    const dir = join(guarded.dataDir, 'repositories', app, '_manifests/tags');
    const left = () => readdirSync(dir).length;
    const before = tokens.requests.length;
    await stage.bo.presses(card, 'Approve');
    while (left() > MANY - 3) await wait(2);
    guarded.pause();
    await wait(3_000);
    const standing = left();
    guarded.resume();
    const end = await card.ends();
    expect(standing).toBeGreaterThan(0);
    expect(end.text).toContain(`done · registry prune tokens · deleted ${MANY} of ${MANY}`);
    expect(left()).toBe(0);
    expect(tokens.requests.slice(before).map(({ scopes }) => scopes.join())).toContain(
      `repository:${app}:delete`,
    );
    tokens.behave({ lifeSeconds: 300 });
  });

  test('that is asked too often is asked again, and not for ever', async () => {
    const { app } = await filled(stage.pusher, 2);
    const card = await stage.ana.asks(`/dimg registry rmi front/${app}:1 front/${app}:2`);
    const limited = { method: 'DELETE', path: new RegExp(app) };
    stage.front.fault({ ...limited, answer: { status: 429, headers: { 'retry-after': '1' } } });
    stage.front.fault({ ...limited, answer: { status: 429, headers: { 'retry-after': '600' } } });
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    expect(end.state).toBe('partial');
    expect(end.lines.filter((line) => line.startsWith('✗'))).toEqual([
      expect.stringContaining('failed: the registry was asked too often; ask again later'),
    ]);
    expect(Object.keys(await stage.tagsIn(app))).toHaveLength(1);
  });

  test('that breaks down over one manifest does not keep the others', async () => {
    const { app, digests } = await filled(stage.pusher, 5);
    const card = await stage.ana.asks(`/dimg registry prune front/${app} --tag *`);
    const of = (i: number) => ({ method: 'DELETE', path: new RegExp(digests[i - 1] ?? '') });
    stage.front.fault({ ...of(2), answer: { status: 500 } });
    stage.front.fault({ ...of(3), cut: 'before', after: true });
    stage.front.fault({ ...of(4), answer: { status: 403 } });
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    expect(end.text).toContain('deleted 3 of 5');
    const marks = end.lines.flatMap(
      (line) => /^([✓✗?–]) `[^:]+:(\d)`.*?(?: (\w+)(?::|$))/.exec(line)?.slice(1, 4).join(' ') ?? [],
    );
    expect(marks.sort()).toEqual(
      ['? 2 unknown', '✓ 1 deleted', '✓ 3 deleted', '✓ 5 deleted', '✗ 4 failed'].sort(),
    );
    expect(end.lines.join('\n')).toContain(
      "failed: the registry does not allow that to the agent's user (HTTP status 403)",
    );
    // Nothing but what went can be collected.
    const bytes = (text = '') => Number(/then up to ([\d.]+) /.exec(text)?.[1]);
    expect(bytes(end.lines.join('\n'))).toBeLessThan(
      bytes(
        card
          .versions()
          .find(({ state }) => state === 'proposed')
          ?.lines.join('\n'),
      ),
    );
    expect(Object.keys(await stage.collected(app))).toEqual(['2', '4']);
  });

  test('that is down is said to be, before a plan and before a deletion', async () => {
    const { app } = await filled(stage.pusher, 2);
    const before = await stage.tagsIn(app);
    const card = await stage.ana.asks(`/dimg registry rmi main/${app}:1`);
    await stage.registry.stop();
    const down = "the registry can't be reached (connect ECONNREFUSED";
    expect(await refused(`/dimg registry rmi main/${app}:2`)).toContain(down);
    await stage.bo.presses(card, 'Approve');
    const end = await card.ends();
    expect(end.state).toBe('failed');
    expect(end.lines.join('\n')).toContain(`failed: ${down}`);
    await stage.registry.restart();
    expect(await stage.tagsIn(app)).toEqual(before);
  });

  test('that answers nothing of a repository is given up there', async () => {
    const end = await silent.ends();
    expect(end.state).toBe('refused');
    expect(end.lines.join('\n')).toContain(
      '⚠ `team/silent` is left alone: the registry does not answer (no answer within 30 s)',
    );
  });

  test('is given passwords and tokens that reach no log, no message and nothing in Redis', async () => {
    const secrets = [
      ...secretsOf(MEMBER.username, MEMBER.password),
      ...secretsOf(MEMBER.username, 'secret-9'),
      ...secretsOf('reader', 'secret-8'),
      // How each of its tokens begins.
      tokens
        .grant('team/app', ['pull'])
        .replace(/^Bearer /, '')
        .slice(0, 20),
    ];
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(7);
    expect(await placesOf(stage, secrets)).toEqual([]);
    // They would have been found.
    expect(await placesOf(stage, ['team/app-1'])).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^a secret/),
        expect.stringMatching(/^Redis: /),
        expect.stringMatching(/^\{/),
      ]),
    );
  });
});

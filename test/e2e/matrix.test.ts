import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import type { Card } from './_card.ts';
import { CONFIG, cellsOf, ROLES, type Role, STATES, type State, type Verb, type Way } from './_matrix.ts';
import { deletions, OPS, openStage, type Stage, wait } from './_world.ts';

const HOSTS = ['host-1', 'host-2'];

describe.skipIf(skipWithout('who may press what, and when', 'redis', 'engines'))(
  'role × state × press',
  () => {
    let stage: Stage;
    const expired: Card[] = [];
    let made = 0;
    const person = (role: Role) => stage.person(ROLES[role]);

    beforeAll(async () => {
      stage = await openStage('matrix', { hosts: HOSTS, botConfig: CONFIG('10s') });
      const { slack } = stage;
      slack.addUser({ id: ROLES.eve, name: 'eve' });
      slack.addUser({ id: ROLES.dee, name: 'dee' });
      slack.addUser({ id: ROLES.app, name: 'app', is_bot: true });
      slack.addUser({ id: ROLES.out, name: 'out', team_id: 'T0OTHER' });
      slack.addUser({ id: ROLES.gone, name: 'gone', deleted: true });
      for (const id of Object.values(ROLES)) slack.join(OPS, id);
      for (let i = 0; i < 4; i++) expired.push(await ask(' -f'));
      for (const card of expired) await card.waitFor(({ state }) => state === 'expired');
      const file = join(stage.scope.dir, 'matrix.yaml');
      writeFileSync(file, CONFIG('30m'));
      await stage.bot().stop();
      await stage.startBot({ DIMG_CONFIG: file });
    });
    afterAll(() => stage?.close());
    afterEach(() => {
      for (const go of froze.splice(0)) go();
    });

    /** A new image with two names, so that what becomes of the first can be undone. */
    async function load(host = 'host-1'): Promise<string> {
      const name = `app-${++made}`;
      const layers = [{ name: `${host} ${made}`, bytes: 10_000 }];
      await loadImages(stage.docker(host), { it: { tags: [`${name}:1`, `${name}:also`], layers } });
      return name;
    }
    const ask = async (options = '') => stage.ana.asks(`/dimg rmi host-1 ${await load()}:1${options}`);
    async function confirmed() {
      const card = await ask();
      await stage.ana.presses(card, 'Delete');
      return card;
    }
    const froze: (() => void)[] = [];
    /** The agent stands still, so that its run does as well. */
    function freeze(): void {
      const agent = stage.agent();
      agent.kill('SIGSTOP');
      froze.push(() => agent.kill('SIGCONT'));
    }

    const make: Record<State, () => Promise<Card>> = {
      async planning() {
        const name = await load();
        freeze();
        const card = await stage.ana.asks(`/dimg rmi host-1 ${name}:1`, { state: 'planning' });
        // Slack shows a card before it has told the bot which message that is.
        while ((await stage.ana.forces(card, 'confirm')).includes('press again in a moment')) await wait(50);
        return card;
      },
      'proposed to confirm': () => ask(),
      'proposed for approval': () => ask(' -f'),
      async executing() {
        const card = await ask(' -f');
        freeze();
        await stage.bo.presses(card, 'Approve');
        await card.waitFor(({ state }) => state === 'executing');
        return card;
      },
      async paused() {
        const name = `both-${++made}`;
        for (const host of HOSTS)
          await loadImages(stage.docker(host), {
            it: { tags: [`${name}:1`], layers: [{ name: `${host} ${name}`, bytes: 10_000 }] },
          });
        const card = await stage.ana.asks(`/dimg prune all -a --repo ${name} --canary 1`);
        await stage.ana.presses(card, 'Delete');
        await card.waitFor(({ text }) => text.endsWith('waits to be continued'));
        return card;
      },
      async done() {
        const card = await confirmed();
        await card.waitFor(({ state }) => state === 'done');
        return card;
      },
      empty: () => stage.ana.asks('/dimg prune host-1'),
      refused: () => stage.ana.asks('/dimg rmi host-1 nothing:1'),
      async denied() {
        const card = await ask(' -f');
        await stage.cy.denies(card);
        await card.waitFor(({ state }) => state === 'denied');
        return card;
      },
      async cancelled() {
        const card = await ask(' -f');
        await stage.ana.presses(card, 'Cancel');
        await card.waitFor(({ state }) => state === 'cancelled');
        return card;
      },
      expired: async () => expired.shift() as Card,
      async stale() {
        const name = await load();
        const card = await stage.ana.asks(`/dimg rmi host-1 ${name}:1`);
        await stage.docker().getImage(`${name}:1`).tag({ repo: name, tag: 'new' });
        await stage.ana.presses(card, 'Delete');
        await card.waitFor(({ state }) => state === 'stale');
        return card;
      },
    };
    async function thaw(card: Card): Promise<void> {
      for (const go of froze.splice(0)) go();
      await card.waitFor(({ state }) => state !== 'planning');
      if (card.now().state === 'proposed') await stage.ana.told(`/dimg cancel ${card.number}`);
      if (card.now().text.endsWith('waits to be continued'))
        await stage.ana.told(`/dimg cancel ${card.number}`);
      await card.ends();
    }
    const engines = () => Promise.all(HOSTS.map((host) => stage.witness(host).snapshot()));
    const deleted = () => HOSTS.flatMap((host) => deletions(stage.witness(host))).length;

    async function does(role: Role, card: Card, verb: Verb, way: Way): Promise<string> {
      return way === 'button'
        ? person(role).forces(card, verb)
        : person(role).told(`/dimg ${verb} ${card.number}`);
    }
    /** What was said, with the run's number and the time left out, since the contract does not know them. */
    const said = (text: string, card: Card) =>
      text.replaceAll(`#${card.number}`, '#').replace(/expired .*;/, 'expired …;');

    test('has a cell for each role, state, press and command', () => {
      // 9 people; 12 states; 7 presses, 5 of which are commands as well, but for who can type none.
      expect(STATES.flatMap(cellsOf)).toHaveLength(9 * 12 * 7 + 8 * 12 * 5);
    });

    test.each(STATES)('%s: who may not is told why, and nothing happens', async (state) => {
      const card = await make[state]();
      const refused = cellsOf(state).filter(({ words }) => words !== 'moves');
      const [before, count] = [await engines(), deleted()];
      const shown = card.now().state;
      // One person's presses come after each other, so that each answer is known by its place.
      await Promise.all(
        (Object.keys(ROLES) as Role[]).map(async (who) => {
          for (const { role, verb, way, words } of refused.filter((cell) => cell.role === who)) {
            const told = said(await does(role, card, verb, way), card);
            expect([role, state, verb, way, told]).toEqual([role, state, verb, way, words]);
            expect([card.now().state, deleted()]).toEqual([shown, count]);
          }
        }),
      );
      expect(await engines()).toEqual(before);
      expect(stage.slack.views().filter(({ type }) => type === 'modal')).toEqual([]);
      await thaw(card);
    });

    /** Those who may: each on a card of their own. What becomes of it, and whether the engine lost the name. */
    const moves = STATES.flatMap((state) =>
      cellsOf(state)
        .filter(({ words }) => words === 'moves')
        .map((cell) => ({ state, ...cell })),
    );
    const LABELS = {
      ...{ confirm: 'Delete', approve: 'Approve', cancel: 'Cancel' },
      ...{ continue: 'Continue', undo: 'Undo', again: 'Run again' },
    };
    const AFTER: Record<string, { state: string; gone: boolean }> = {
      confirm: { state: 'done', gone: true },
      approve: { state: 'done', gone: true },
      deny: { state: 'denied', gone: false },
      'cancel of a proposal': { state: 'cancelled', gone: false },
      'cancel of an execution': { state: 'cancelled', gone: false },
      'cancel of a pause': { state: 'cancelled', gone: true },
      continue: { state: 'done', gone: true },
      undo: { state: 'done', gone: false },
      again: { state: 'expired|stale', gone: false },
    };
    test.each(moves)('$state: $role may $verb by $way', async ({ role, state, verb, way }) => {
      const card = await make[state]();
      const name = `${state === 'paused' ? 'both' : 'app'}-${made}:1`;
      const who = person(role);
      const act = async (): Promise<unknown> => {
        if (way === 'command') return who.types(`/dimg ${verb} ${card.number}`);
        return verb === 'deny' ? who.denies(card) : who.presses(card, LABELS[verb]);
      };
      if (verb === 'again') {
        const { card: anew } = await stage.anew(card, act);
        expect(anew.now().lines[0]).toContain(`asked by @${role}`);
        expect(await who.told(`/dimg cancel ${anew.number}`)).toContain('is cancelled');
      } else await act();
      for (const go of froze.splice(0)) go();
      const what =
        verb !== 'cancel'
          ? verb
          : `cancel of ${state === 'executing' ? 'an execution' : state === 'paused' ? 'a pause' : 'a proposal'}`;
      const after = AFTER[what];
      const end = await card.ends();
      expect(end.state).toMatch(new RegExp(`^(${after?.state})$`));
      if (verb === 'undo')
        await stage.slack.waitFor(
          () =>
            stage.slack
              .messages(OPS)
              .find(({ ts, text }) => ts > card.ts && / done · undo host-1 · restored 1 of 1$/.test(text)),
          20_000,
        );
      const { images } = await stage.witness().snapshot();
      expect(images.some(({ tags }) => tags.includes(name))).toBe(!after?.gone);
    });
  },
);

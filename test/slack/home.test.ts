import type { KnownBlock } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkView } from '../../playground/slack/blocks/view.ts';
import { buttonsOf } from '../../playground/slack/blocks/walk.ts';
import type { Home, HomePage } from '../../src/domain/home.ts';
import { say } from '../../src/domain/markup.ts';
import type { HostStatus } from '../../src/domain/protocol.ts';
import { type Run, RunState } from '../../src/domain/run.ts';
import { renderHome, shownRuns } from '../../src/slack/home.ts';
import {
  ANA,
  aHostStatus,
  aRun,
  BEN,
  host,
  MINUTE,
  NOW,
  pruning,
  removing,
  runId,
} from '../domain/_build.ts';
import { by, planned, RIGHTS, run } from './_card.ts';
import { HOSTILE, hostileText } from './_hostile.ts';
import { scan } from './_scan.ts';

const EMPTY: HomePage = {
  at: NOW,
  decide: [],
  unsure: false,
  open: [],
  recent: [],
  hosts: [],
  registries: [],
};
const link = (of: Run) => `https://team.slack.com/archives/C0OPS/p${of.id}`;

function render(home: Home, rights = RIGHTS) {
  const view = renderHome(home, new Map(shownRuns(home).map((one) => [one.id, link(one)])), rights);
  return { ...view, ...checkView(view, 'home'), known: view.blocks as KnownBlock[] };
}

/** Every line of mrkdwn; headers in brackets. Nothing takes effect but mentions, channels and dates. */
function linesOf({ known }: { known: KnownBlock[] }): string[] {
  return known.flatMap((block) => {
    if (block.type === 'actions') return [];
    if (block.type === 'header') return [`[${block.text.text}]`];
    const texts =
      block.type === 'section'
        ? [...(block.text ? [block.text] : []), ...(block.fields ?? [])]
        : block.type === 'context'
          ? block.elements
          : [];
    return texts.flatMap((one) => {
      if (one?.type !== 'mrkdwn') throw new Error(`a text of another kind in a ${block.type}`);
      expect(one.verbatim).toBe(true);
      for (const line of one.text.split('\n')) {
        const { live, wrong } = scan(line);
        expect([line, wrong]).toEqual([line, []]);
        for (const mark of live)
          expect(mark).toMatch(/^<(@[UW][A-Z0-9]+|!subteam\^S0SRE|#C0OPS|!date\^\d+\^[^<>]*)>$/);
      }
      return one.text.split('\n');
    });
  });
}
const shows = (home: Home) => linesOf(render(home)).join('\n');

const numbered = (count: number, make: (i: number) => Run) =>
  Array.from({ length: count }, (_, i) => ({ ...make(i), id: runId(i + 1) }));
const proposed = (given: Partial<Run> = {}) => run('proposed', { expiresAt: NOW + MINUTE, ...given });
const forced = (given: Partial<Run> = {}) =>
  proposed({ selection: removing(['app:1'], true), approvalFor: ['force'], ...given });

describe('the Home tab', () => {
  test('says in friendly words that there is nothing', () => {
    const home = render(EMPTY);
    expect(linesOf(home).slice(0, -1)).toEqual([
      '[Waits for you]',
      'Nothing waits for you.',
      '[Your recent runs]',
      'None yet. `/dimg prune host-3` shows what would go, and asks before it deletes.',
      '[Hosts]',
      "No host is known yet. Start `dimg agent` beside a Docker engine, with this bot's `REDIS_URL`.",
    ]);
    expect(linesOf(home).at(-1)).toMatch(/^as of <!date\^\d+\^.*> · `\/dimg help`$/);
    expect(buttonsOf(home)).toMatchObject([{ label: 'Show now', action_id: 'home' }]);
  });

  test('is one sentence for those who may not see it', () => {
    const home = render({ only: say`Guests can't.` });
    expect(linesOf(home)).toEqual(["Guests can't."]);
    expect(buttonsOf(home)).toEqual([]);
  });

  test('shows what waits for this person, with a button that leads to the card', () => {
    const home = render({ ...EMPTY, decide: [forced()] });
    expect(linesOf(home)[1]).toBe('*#1042* `rmi host-3 app:1 -f` asked by <@U0ANA> in <#C0OPS>');
    expect(linesOf(home)[2]).toMatch(
      /^1 image, 100 B, waits for an approver \(force\) · expires <!date[^·]*$/,
    );
    expect(buttonsOf(home)[0]).toMatchObject({
      label: 'Show #1042',
      action_id: 'show',
      url: link(forced()),
    });
  });

  test('has no button where nobody knows where the card is', () => {
    const view = renderHome({ ...EMPTY, decide: [forced()] }, new Map(), RIGHTS);
    expect(buttonsOf(checkView(view, 'home'))).toMatchObject([{ label: 'Show now' }]);
  });

  test('says whom the own runs wait for, but never the requester', () => {
    const rights = { approvers: ['S0SRE', ANA, BEN], access: [] };
    const text = (rows: Run[], to = rights) => linesOf(render({ ...EMPTY, open: rows }, to)).join('\n');
    expect(text([forced()])).toContain('waits for an approver (force): <!subteam^S0SRE>, <@U0BEN> · expires');
    expect(text([forced()], { approvers: [ANA], access: [] })).toContain('(force): nobody else can · ');
    const twice = forced({ policy: { ...forced().policy, count: 2 } });
    expect(text([twice])).toContain('waits for 2 approvers (force): ');
    expect(text([run('executing', { executingSince: NOW })])).toContain('is being carried out, 0 of 1');
    const stopping = run('executing', { executingSince: NOW, cancel: by });
    expect(text([stopping])).toContain('is being cancelled, 0 of 1');
    expect(text([run('planning')])).toContain('[Yours, under way]\n*#1042* `prune host-3` asked by');
  });

  test('says how far a paused rollout is', () => {
    const paused = { at: NOW, until: NOW + MINUTE, why: 'canary' as const };
    const text = shows({ ...EMPTY, decide: [run('executing', { executingSince: NOW, paused })] });
    expect(text).toMatch(/waits to be continued, 0 of 1 · ends <!date/);
  });

  test('says so where groups could not be read, above what it knows', () => {
    const lines = linesOf(render({ ...EMPTY, unsure: true, decide: [proposed()] }));
    expect(lines[1]).toBe('⚠ Slack did not say which groups you are in: some may be missing.');
    expect(lines[3]).toContain('waits for <@U0ANA> to confirm');
  });

  test('shows how recent runs ended, and when', () => {
    const recent = [run('cancelled', { endedAt: NOW - MINUTE }), run('expired', { endedAt: NOW })];
    const lines = linesOf(render({ ...EMPTY, recent }));
    expect(lines[3]).toMatch(
      /^• #1042 cancelled · prune host-3 · deleted 0 of 1, 0 B · <!date\^1769860740\^/,
    );
    expect(lines[4]).toMatch(/^• #1042 expired · .* · <!date\^1769860800\^/);
  });

  test.each([
    [{ total: 400e9, free: 128e9 }, '▓▓▓▓▓▓▓░░░ 68 %, 128 GB free of 400 GB'],
    [{ total: 100, free: 100 }, '░░░░░░░░░░ 0 %, 100 B free of 100 B'],
    [{ total: 100, free: 0 }, '▓▓▓▓▓▓▓▓▓▓ 100 %, 0 B free of 100 B'],
    [{ total: 0, free: 0 }, '░░░░░░░░░░ 0 %'],
    [{ total: 100, free: -900 }, '▓▓▓▓▓▓▓▓▓▓ 1000 %'],
    [null, ''],
  ])('shows the disk %j as %s', (disk, words) => {
    const text = shows({ ...EMPTY, hosts: [aHostStatus('host-3', { disk })] });
    expect(text).toContain(`[Hosts]\n*host-3*\n${words}`);
    expect(text).toMatch(/^online · Docker 28\.5\.2\n12 images, 1\.5 GB reclaimable now$/m);
  });

  test('shows since when a host is silent, and what is wrong with its engine', () => {
    const away = aHostStatus('a', { seenAt: NOW - MINUTE, engine: null, disk: null, counts: null });
    const broken = aHostStatus('b', { problem: { kind: 'no-answer' } });
    const text = shows({ ...EMPTY, hosts: [away, broken] });
    expect(text).toMatch(/^\*a\*\noffline, last seen <!date\^1769860740\^[^·]*$/m);
    expect(text).toMatch(/^\*b\*\n▓.*\nonline · Docker 28\.5\.2 · not answering\n12 images/m);
  });

  test('shows where a registry is, which agent serves it, and whether it answers', () => {
    const status = (name: string, given: Partial<HostStatus> = {}) =>
      aHostStatus(name, {
        ...{ engine: null, disk: null, counts: null },
        registry: { url: `https://${name}.example`, by: host('host-1') },
        ...given,
      });
    const text = shows({
      ...EMPTY,
      registries: [
        status('away', { seenAt: NOW - MINUTE }),
        status('down', { problem: { kind: 'registry', what: 'unreachable', message: 'ECONNREFUSED' } }),
        status('main'),
        status('older', { registry: { url: 'https://older.example' } }),
      ],
    });
    expect(text).toMatch(
      /^\[Registries\]\n\*away\*\n`https:\/\/away.example`\nits agent is offline, last seen <!date\^1769860740\^[^·]*\n/m,
    );
    expect(text).toContain(
      "\n`https://down.example`\nthe registry can't be reached (ECONNREFUSED)\nserved by",
    );
    expect(text).toContain('\n`https://main.example`\nonline\nserved by the agent on `host-1`\n');
    expect(text).toMatch(/\n`https:\/\/older.example`\nonline\nas of/);
    expect(shows(EMPTY)).not.toContain('Registries');
  });

  test('shows the first of many, and the command for the rest', () => {
    const text = shows({
      ...EMPTY,
      decide: numbered(100, () => forced()),
      open: numbered(100, () => proposed()),
      hosts: Array.from({ length: 300 }, (_, i) => aHostStatus(`host-${i}`)),
      registries: Array.from({ length: 12 }, (_, i) =>
        aHostStatus(`registry-${i}`, { registry: { url: 'https://r' } }),
      ),
    });
    expect(text.match(/waits for an approver/g)).toHaveLength(20);
    expect(text.match(/to confirm/g)).toHaveLength(10);
    expect(text).toContain('and 80 more: `/dimg pending`');
    expect(text).toContain('and 90 more: `/dimg pending`');
    expect(text.match(/online/g)).toHaveLength(30 + 10);
    expect(text).toContain('and 2 more: `/dimg hosts`');
    expect(text).toContain('and 270 more: `/dimg hosts`');
  });
});

describe('hostile text on the Home tab', () => {
  const hosts = (text: string, count = 1): HostStatus[] =>
    Array.from({ length: count }, (_, i) =>
      aHostStatus(`host-${i}`, {
        engine: { version: text, api: text, store: 'containerd', driver: text },
        problem: { kind: 'engine', message: text },
      }),
    );
  const registries = (text: string, count = 1): HostStatus[] =>
    hosts(text, count).map((status) => ({
      ...{ ...status, engine: null, disk: null, counts: null },
      registry: { url: text, by: status.host },
      problem: { kind: 'registry', what: 'wrong', message: text },
    }));
  const selection = (text: string) =>
    pruning({ all: true, labels: [{ key: text, value: text, not: false }], repos: [text] });
  const full = (text: string, count = 1): HomePage => ({
    at: NOW,
    unsure: true,
    decide: numbered(count, () => forced({ selection: selection(text), where: text })),
    open: numbered(count, () => forced({ selection: selection(text), where: text })),
    recent: RunState.options.slice(0, 10).map((state) => run(state, { where: text, refusal: text })),
    hosts: hosts(text, count),
    registries: registries(text, count),
  });

  test.each(HOSTILE)('%j takes no effect', (text) => {
    linesOf(render(full(text)));
  });

  test('of whatever kind takes no effect', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        linesOf(render(full(text)));
      }),
      { numRuns: 200 },
    );
  });

  test.each(['&', '漢', '🔥', '"', '\\', 'x'])('of 5,000 %s everywhere is what Slack takes', (sign) => {
    const approvers = Array.from({ length: 400 }, (_, i) => `U0APPROVER${i}`);
    const home = render(full(sign.repeat(5000), 100), { approvers, access: [] });
    linesOf(home);
    expect(home.blocks.length).toBeLessThanOrEqual(100);
  });

  test('as the name of a channel mentions none', () => {
    const where = { channel: '!channel', card: { channel: '!everyone|x', ts: '1.1' } };
    const text = shows({
      ...EMPTY,
      decide: [aRun({ ...proposed(where), hosts: { 'host-3': planned } as Run['hosts'] })],
    });
    expect(text).toContain('asked by <@U0ANA> in !everyone|x');
  });
});

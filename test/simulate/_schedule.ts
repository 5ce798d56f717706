import type { UserId } from '../../src/domain/ids.ts';
import type { Press } from '../../src/flows/press.ts';
import { type Random, randomOf } from '../property/_random.ts';
import { SLACK_FAULTS, type SlackFault } from './_slack.ts';

/** Somebody who presses, or says the same by a command. */
export interface Move {
  /** On the card in this state, so many milliseconds after it is shown. */
  when: 'proposed' | 'executing' | 'paused' | 'over';
  after: number;
  by: UserId;
  verb: Press['verb'];
  via: 'button' | 'command';
  /** Presses again so much later; absent for once. */
  again?: number;
  /** Slack delivers it to two bots. */
  twice: boolean;
}

/** A command, and what people do about its run. */
export interface Act {
  at: number;
  by: UserId;
  text: string;
  twice: boolean;
  moves: Move[];
}

export interface ImageSpec {
  tags: string[];
  digest: boolean;
  /** The image of this host that it is built on. */
  parent: number | null;
  container: 'running' | 'exited' | null;
}

export type Fault =
  /** At the so-manieth call of a port, before or after its effect. */
  | {
      kind: 'crash';
      who: 'bot' | 'agent';
      index: number;
      call: number;
      side: 'before' | 'after';
      down: number;
    }
  | { kind: 'leave'; host: number; at: number; down: number }
  | { kind: 'cut'; who: 'bot' | 'agent'; index: number; at: number; ms: number; how: 'refused' | 'silent' }
  | { kind: 'redis'; at: number; ms: number; how: 'refused' | 'silent' }
  | { kind: 'hang'; host: number; at: number; ms: number }
  | { kind: 'die'; host: number; at: number; ms: number }
  | { kind: 'slow'; host: number; at: number; ms: number; by: number }
  | { kind: 'slack'; at: number; ms: number; what: SlackFault; share: number }
  | { kind: 'skew'; host: number; at: number; by: number }
  | { kind: 'repeat'; host: number; at: number; which: number }
  | { kind: 'use'; host: number; at: number; image: number; what: 'run' | 'retag' | 'remove' | 'stop' }
  | { kind: 'member'; at: number; who: UserId; is: boolean }
  | { kind: 'flush'; at: number }
  | { kind: 'restore'; at: number; back: number };

/** All that is drawn from a seed beforehand; what remains is in which order things happen. */
export interface Schedule {
  seed: number;
  bots: number;
  hosts: ImageSpec[][];
  approvals: number;
  expires: number;
  auditChannel: boolean;
  acts: Act[];
  faults: Fault[];
}

export interface Kinds {
  /** Redis forgets all, or goes back to an earlier state. */
  forgetful: boolean;
  /** No faults at all: what a plain life looks like. */
  calm?: boolean;
  /** Only these. */
  faults?: readonly Fault['kind'][];
}

export const ANA = 'U0ANA' as UserId;
export const EVE = 'U0EVE' as UserId;
export const BO = 'U0BO' as UserId;
export const CY = 'U0CY' as UserId;
export const GUEST = 'U0GUEST' as UserId;
export const SRE = 'S0SRE';

export function draw(seed: number, kinds: Kinds): Schedule {
  const random = randomOf(seed * 2 + 1);
  const hosts = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => drawImages(random));
  const acts = Array.from({ length: 1 + weighted(random, [12, 4, 1]) }, (_, i) => drawAct(random, hosts, i));
  const faults = kinds.calm
    ? []
    : Array.from({ length: 1 + weighted(random, [3, 3, 2, 1]) }, () => drawFault(random, hosts, kinds));
  return {
    seed,
    bots: random.chance(0.35) ? 2 : 1,
    hosts,
    approvals: random.chance(0.3) ? 2 : 1,
    expires: random.pick([10_000, 15_000, 15_000, 25_000, 25_000, 40_000, 60_000, 120_000]),
    auditChannel: random.chance(0.3),
    acts,
    faults,
  };
}

// --- internal ---

const SECOND = 1_000;
/** A whole number, by its weight. */
function weighted(random: Random, weights: readonly number[]): number {
  let left = random.below(weights.reduce((a, b) => a + b, 0));
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}
/** Milliseconds from a little to much, small ones more often. */
function span(random: Random, least: number, most: number): number {
  return Math.round(least * (most / least) ** (random.below(10_000) / 10_000));
}

function drawImages(random: Random): ImageSpec[] {
  const count = 1 + weighted(random, [4, 3, 2, 1]);
  return Array.from({ length: count }, (_, i) => ({
    tags: random.chance(0.2)
      ? []
      : [
          `app:${i}`,
          ...(random.chance(0.25) ? [`app:${i}-b`] : []),
          ...(random.chance(0.08) ? [`team/web:${i}`] : []),
        ],
    digest: random.chance(0.3),
    parent: i > 0 && random.chance(0.2) ? i - 1 : null,
    container: random.chance(0.12) ? 'running' : random.chance(0.12) ? 'exited' : null,
  }));
}

function drawAct(random: Random, hosts: ImageSpec[][], i: number): Act {
  const by = random.pick([ANA, ANA, EVE, BO]);
  const host = random.below(hosts.length);
  const where = hosts.length > 1 && random.chance(0.6) ? 'all' : `host-${host + 1}`;
  const named = hosts[host]?.flatMap(({ tags }) => tags) ?? [];
  const names =
    random
      .shuffled(named)
      .slice(0, 1 + random.below(2))
      .join(' ') || 'app:9';
  const kind = weighted(random, [8, 2, 4, 6, 1]);
  const rollout = where === 'all' && random.chance(0.4) ? ' --canary 1' : '';
  const text = [
    `prune ${where} -a${rollout}`,
    `prune ${where} -a -f`,
    `rmi ${where} ${names}`,
    `rmi ${where} ${names} -f`,
    `prune ${where} --dry-run`,
  ][kind] as string;
  return {
    at: i === 0 ? 1_500 + random.below(2_000) : span(random, 200, 60_000),
    by,
    text,
    twice: random.chance(0.06),
    moves: drawMoves(random, by, kind === 3, rollout !== ''),
  };
}

function drawMoves(random: Random, requester: UserId, force: boolean, rollout: boolean): Move[] {
  const moves: Move[] = [];
  const add = (when: Move['when'], by: UserId, verb: Move['verb'], after: number) =>
    moves.push({
      ...{ when, by, verb, after, twice: random.chance(0.05) },
      via: verb !== 'confirm' && verb !== 'again' && random.chance(0.15) ? 'command' : 'button',
      ...(random.chance(0.15) && { again: span(random, 20, 4_000) }),
    });
  const soon = () => span(random, 300, random.chance(0.3) ? 20_000 : 6_000);
  if (force) {
    for (const by of [BO, CY, ANA, EVE])
      if (random.chance(by === BO ? 0.85 : by === CY ? 0.6 : 0.1)) add('proposed', by, 'approve', soon());
    if (random.chance(0.12)) add('proposed', random.pick([BO, CY, EVE]), 'deny', soon());
  } else if (random.chance(0.9))
    add('proposed', requester, 'confirm', random.chance(0.1) ? span(random, 15_000, 310_000) : soon());
  if (random.chance(0.06))
    add('proposed', random.pick([EVE, GUEST, BO]), random.pick(['confirm', 'approve']), soon());
  if (random.chance(0.1)) add('proposed', random.pick([requester, CY]), 'cancel', soon());
  if (random.chance(0.15))
    add('executing', random.pick([requester, requester, CY]), 'cancel', span(random, 5, 3_000));
  if (rollout) add('paused', random.pick([requester, CY]), 'continue', soon());
  if (random.chance(0.18)) add('over', random.pick([requester, EVE]), 'undo', soon());
  if (random.chance(0.3)) add('over', requester, 'again', soon());
  return moves;
}

function drawFault(random: Random, hosts: ImageSpec[][], kinds: Kinds): Fault {
  for (;;) {
    const fault = drawAny(random, hosts, kinds);
    if (!kinds.faults || kinds.faults.includes(fault.kind)) return fault;
  }
}

function drawAny(random: Random, hosts: ImageSpec[][], kinds: Kinds): Fault {
  const host = random.below(hosts.length);
  const at = span(random, 1_500, 45_000);
  const how = random.pick(['refused', 'silent'] as const);
  const kind = weighted(random, [
    9,
    8,
    1,
    3,
    3,
    2,
    3,
    3,
    1,
    8,
    1,
    2,
    3,
    1,
    ...(kinds.forgetful ? [4, 4] : []),
  ]);
  const index = random.below(2);
  const side = random.pick(['before', 'after'] as const);
  switch (kind) {
    case 0:
      return {
        kind: 'crash',
        who: 'bot',
        index,
        call: span(random, 1, 260),
        side,
        down: span(random, 100, 60_000),
      };
    case 1:
      return {
        kind: 'crash',
        who: 'agent',
        index: host,
        call: span(random, 6, 200),
        side,
        down: span(random, 300, 80_000),
      };
    case 2:
      return { kind: 'leave', host, at, down: span(random, 300, 60_000) };
    case 3:
      return { kind: 'cut', who: 'agent', index: host, at, ms: longTime(random), how };
    case 4:
      return { kind: 'cut', who: 'bot', index, at, ms: span(random, 300, 60_000), how };
    case 5:
      return { kind: 'redis', at, ms: span(random, 300, 80_000), how };
    case 6:
      return { kind: 'hang', host, at, ms: longTime(random) };
    case 7:
      return { kind: 'die', host, at, ms: span(random, 300, 90_000) };
    case 8:
      return { kind: 'slow', host, at, ms: 60_000, by: 4 + random.below(40) };
    case 9:
      return {
        ...{ kind: 'slack', at: span(random, 500, 30_000), ms: span(random, 500, 120_000) },
        ...{ what: random.pick(SLACK_FAULTS), share: random.pick([0.15, 0.5, 1]) },
      };
    case 10:
      return { kind: 'skew', host, at, by: random.pick([-3_600, -30, 30, 3_600]) * SECOND };
    case 11:
      return { kind: 'repeat', host, at, which: random.below(8) };
    case 12:
      return {
        kind: 'use',
        host,
        at,
        image: random.below(4),
        what: random.pick(['run', 'retag', 'remove', 'stop']),
      };
    case 13:
      return { kind: 'member', at, who: random.pick([BO, CY]), is: random.chance(0.3) };
    case 14:
      return { kind: 'flush', at };
    default:
      return { kind: 'restore', at, back: span(random, 500, 20_000) };
  }
}

/** Mostly a minute, sometimes so long that jobs expire. */
const longTime = (random: Random) =>
  random.chance(0.06) ? span(random, 600_000, 2_400_000) : span(random, 500, 90_000);

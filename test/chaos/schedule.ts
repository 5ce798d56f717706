import { type Random, randomOf } from '../property/_random.ts';

/** What may go wrong, by the names that `--faults` takes. `forget` and `snapshot` are Redis losing what it was told. */
export const KINDS = {
  kill: 'SIGKILL of bot, agent, Redis or engine, which is started again at once or after a while',
  term: 'SIGTERM of bot or agent, once or twice, and a new start',
  pause: 'SIGSTOP and SIGCONT of bot, agent, Redis or engine',
  cut: 'connections to Redis and Slack cut, refused, or open with nothing coming through',
  engine: "the agent's line to its engine: slow, silent, cut in mid-answer",
  slack: "Slack's answers: 429, 500, lost before or after the effect, sockets gone, an outage",
  disk: "no space left for Redis, the agent's state or the engine",
  clock: 'clocks of bots and agents set an hour or a week forth or back (needs libfaketime)',
  forget: 'FLUSHALL',
  snapshot: 'Redis killed, and started from what it was when the schedule began',
} as const;
export type Kind = keyof typeof KINDS;
export const USUAL = Object.keys(KINDS) as readonly Kind[];
/** Recovered from by waiting for heartbeats of all hosts, which takes as long as some schedules together. */
const RARE: ReadonlySet<Kind> = new Set(['forget', 'snapshot']);
export const loses = ({ faults }: Pick<Schedule, 'faults'>): boolean =>
  faults.some(({ kind }) => RARE.has(kind));

/** Counted from the schedule's start, or from when a command got so far; where it never does, from the limit on. */
export interface When {
  of: number | null;
  phase: 'asked' | 'shown' | 'decided';
  plus: number;
}

export type Fault = { when: When; forMs: number } & (
  | { kind: 'kill'; part: string }
  | { kind: 'term'; part: string; twice: boolean }
  | { kind: 'pause'; part: string }
  | { kind: 'cut'; line: string; how: 'cut' | 'refuse' | 'stall' | 'deaf' }
  | { kind: 'engine'; line: string; how: 'cut' | 'stall' | 'deaf' | 'slow' | 'mid-answer' }
  | { kind: 'slack'; how: 'ratelimited' | 'http' | 'error' | 'drop' | 'drop-after'; times: number }
  | { kind: 'slack'; how: 'outage' | 'sockets' | 'refresh' }
  | { kind: 'disk'; disk: string }
  | { kind: 'clock'; part: string; by: string }
  | { kind: 'forget' }
  | { kind: 'snapshot' }
);

export interface ImageDraw {
  key: string;
  tags: string[];
  /** Layers by name, lowest first; images that name the same share it. */
  layers: string[];
  container?: 'running' | 'stopped';
}

export interface Press {
  user: string;
  label: string;
  /** Milliseconds after the card was first seen to show it. */
  after: number;
  times: number;
  /** Pressed again until the card takes it, as its owner would; others press once. */
  insist: boolean;
  /** On the card as it was proposed, which a client may still show. */
  old?: boolean;
}

export interface Command {
  at: number;
  user: string;
  /** `{m}` is where the marker goes by which its cards are known. */
  line: string;
  marker: string;
  /** Who alone may start it; null where nobody needs to. */
  needs: 'confirmation' | 'approval' | null;
  presses: Press[];
  /** How often Slack delivers it. */
  times: number;
  /** Once it is over, this person undoes it. */
  undo?: string;
}

export interface Schedule {
  seed: number;
  number: number;
  bots: 1 | 2;
  images: Record<string, ImageDraw[]>;
  /** Milliseconds that each answer of a host's engine takes longer: real disks are slower than these. */
  pace: Record<string, number>;
  commands: Command[];
  faults: Fault[];
  /** An image that somebody on its host gives a name to once the plan of that command is shown. */
  touch: { of: number; host: string; key: string } | null;
  /** Milliseconds for which nobody does anything once all is over: what comes late comes then. */
  linger: number;
}

export interface Drawing {
  hosts: readonly string[];
  kinds: readonly Kind[];
  /** Only what is recovered from quickly. */
  quick: boolean;
  /** Bots and agents live on, so that it shows what becomes of them in the long run. */
  spare?: boolean;
  /** Only these faults. */
  aim?: (fault: Fault) => boolean;
  /** How many of a hundred proposals nobody decides on in time; some then do too late. */
  late?: number;
  /** What is asked for; where there is nothing to name, it is a prune. */
  asks?: readonly Ask[];
  /** How often somebody waits for what comes late. */
  linger?: number;
}

const ASKS = ['prune', 'prune', 'prune -f', 'prune -a', 'prune -a', 'canary', 'rmi', 'rmi -f'] as const;
type Ask = (typeof ASKS)[number];

const [ANA, BO, CY, GUS] = ['U0ANA', 'U0BO', 'U0CY', 'U0GUS'];

/** One schedule, from its seed and number alone. */
export function draw(seed: number, number: number, drawing: Drawing): Schedule {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const { hosts, spare } = drawing;
  // A second bot takes a second to start, so it stays for some schedules.
  const bots = !spare && Math.floor(number / 8) % 2 === 1 ? 2 : 1;
  const images = Object.fromEntries(hosts.map((host) => [host, drawImages(random, number, drawing)]));
  const count = 1 + random.below(3);
  const commands = Array.from({ length: count }, (_, i) => drawCommand(random, number, i, images, drawing));
  const faults = Array.from({ length: random.pick([1, 1, 2, 2, 3]) }, () => {
    for (let tries = 0; ; tries++) {
      const fault = drawFault(random, commands, bots, drawing);
      if (tries > 1000 || (drawing.aim?.(fault) ?? true)) return fault;
    }
  });
  const pace = Object.fromEntries(hosts.map((host) => [host, random.pick([0, 20, 60, 150])]));
  const touch = random.chance(0.3) ? drawTouch(random, commands, images) : null;
  const linger = random.chance(drawing.linger ?? (drawing.quick ? 0 : 0.02)) ? LINGER_MS : 0;
  return { seed, number, bots, images, pace, commands, faults, touch, linger };
}

// --- internal ---

/** What an agent that died had in hand is handed out again before that. */
const LINGER_MS = 17_000;

function drawTouch(
  random: Random,
  commands: readonly Command[],
  images: Record<string, ImageDraw[]>,
): Schedule['touch'] {
  const decided = commands.flatMap(({ needs }, of) => (needs === null ? [] : [of]));
  const free = Object.entries(images).flatMap(([host, all]) =>
    all.flatMap(({ key, container }) => (container ? [] : [{ host, key }])),
  );
  return decided.length > 0 && free.length > 0 ? { of: random.pick(decided), ...random.pick(free) } : null;
}

function drawImages(random: Random, number: number, { quick }: Drawing): ImageDraw[] {
  const many = 3 + random.below(quick ? 4 : 6);
  return Array.from({ length: many }, (_, i) => {
    const dangling = random.chance(0.6);
    const repo = random.chance(0.12) ? 'keep-' : '';
    const tags = Array.from({ length: 1 + random.below(3) }, (_, t) => `${repo}s${number}-${i}:${t}`);
    const own = `own ${number} ${i}`;
    return {
      key: `${number} ${i}`,
      tags: dangling ? [] : tags,
      layers: random.chance(0.65) ? [`shared ${random.below(3)}`] : [`shared ${random.below(3)}`, own],
      ...(random.chance(0.12) && { container: random.chance(0.2) ? 'running' : 'stopped' }),
    };
  });
}

function drawCommand(
  random: Random,
  number: number,
  index: number,
  images: Record<string, ImageDraw[]>,
  { hosts, quick, late = quick ? 0 : 4, asks = ASKS }: Drawing,
): Command {
  const marker = `m${number}x${index}`;
  const host = random.pick(hosts);
  const where = random.chance(0.4) ? 'all' : host;
  const at = index === 0 ? 0 : random.below(700);
  const kind = random.pick(asks);
  const by = (line: string, needs: Command['needs']): Command => ({
    at,
    user: ANA as string,
    line,
    marker,
    needs,
    times: random.chance(0.1) ? 2 : 1,
    presses: needs === null ? [] : drawPresses(random, needs, late),
    ...(random.chance(0.25) && { undo: random.pick([ANA, CY]) as string }),
  });
  const tagged = (images[host] ?? []).filter(({ tags }) => tags.length > 0);
  if (kind.startsWith('rmi') && tagged.length > 0) {
    const names = random.some(tagged, 0.6).flatMap(({ tags }) => random.some(tags, 0.8));
    const force = kind === 'rmi -f';
    // It has no filter to carry the marker: the name that nothing has stands for it.
    const line = `rmi ${host} ${[...names, tagged[0]?.tags[0] ?? '', `${marker}:none`].join(' ')}`;
    return by(`${line}${force ? ' -f' : ''}`, force ? 'approval' : 'confirmation');
  }
  const mark = `--label!=${marker}`;
  if (kind === 'prune -f') return by(`prune ${where} -f ${random.chance(0.5) ? '-a ' : ''}${mark}`, null);
  if (kind === 'canary') return by(`prune all -a --canary 1 ${mark}`, 'confirmation');
  return by(`${kind === 'prune -a' ? `prune ${where} -a` : `prune ${where}`} ${mark}`, 'confirmation');
}

function drawPresses(random: Random, needs: 'confirmation' | 'approval', late: number): Press[] {
  const press = (user: string | undefined, label: string, more: Partial<Press> = {}): Press => ({
    user: user ?? '',
    label,
    after: random.below(350),
    times: random.chance(0.2) ? 2 : 1,
    insist: false,
    ...more,
  });
  const presses: Press[] = [];
  const label = needs === 'confirmation' ? 'Delete' : 'Approve';
  // By those who may not: somebody else, a guest, the requester of a force.
  if (random.chance(0.35)) presses.push(press(needs === 'confirmation' ? BO : ANA, label));
  if (random.chance(0.15)) presses.push(press(GUS, label));
  // Nobody decides in time, and it expires.
  if (random.below(100) < late)
    return random.chance(0.5)
      ? presses
      : [...presses, press(needs === 'confirmation' ? ANA : BO, label, { after: 12_000, old: true })];
  const decided = random.below(100);
  if (decided < 6) return [...presses, press(ANA, 'Cancel', { insist: true })];
  if (decided < 11 && needs === 'approval')
    return [...presses, press(random.pick([BO, CY]), 'Deny', { insist: true, times: 1 })];
  const decider = needs === 'confirmation' ? ANA : random.pick([BO, CY]);
  presses.push(press(decider, label, { insist: true }));
  if (random.chance(0.25)) presses.push(press(ANA, 'Cancel', { after: 100 + random.below(600) }));
  if (needs === 'approval' && random.chance(0.3)) presses.push(press(random.pick([BO, CY]), label));
  return presses;
}

function drawFault(
  random: Random,
  commands: readonly Command[],
  bots: number,
  { hosts, kinds, quick, spare }: Drawing,
): Fault {
  const of = random.chance(0.8) ? random.below(commands.length) : null;
  // Where nobody decides there is nothing to wait for.
  const undecided =
    of !== null &&
    commands[of]?.presses.some(({ insist }) => insist) === false &&
    commands[of]?.needs !== null;
  const phases = ['asked', 'shown', 'decided', 'decided', 'decided'] as const;
  const phase = random.pick(phases.filter((one) => one !== 'decided' || !undecided));
  const when: When = { of, phase, plus: random.below(of === null ? 3000 : 400) };
  const shorter = quick ? 0.4 : 1;
  // Mostly about as long as what they hit.
  const short = () => Math.round((50 + random.below(random.chance(0.25) ? 2500 : 600)) * shorter);
  const down = () => (random.chance(0.5) ? 0 : short());
  const dimg = [
    ...Array.from({ length: bots }, (_, i) => `bot-${i + 1}`),
    ...hosts.map((host) => `agent ${host}`),
  ];
  const below = ['redis', ...hosts.map((host) => `engine ${host}`)];
  const parts = [...dimg, ...dimg, ...below];
  // Seldom long enough for a host to count as offline.
  const long = !quick && random.chance(0.02) ? 50_000 : 0;
  const rare = kinds.filter((one) => RARE.has(one));
  const often = kinds.filter((one) => !RARE.has(one));
  const kind = random.pick(rare.length > 0 && (often.length === 0 || random.chance(0.02)) ? rare : often);
  switch (kind) {
    case 'kill':
      return { kind, when, forMs: long || down(), part: random.pick(spare ? below : parts) };
    case 'term':
      return { kind, when, forMs: down(), part: random.pick(dimg), twice: random.chance(0.3) };
    case 'pause':
      return { kind, when, forMs: long || short(), part: random.pick(parts) };
    case 'cut': {
      const line = random.pick([...dimg.map((part) => `${part} to redis`), 'bots to slack']);
      const hows = quick
        ? (['cut', 'refuse'] as const)
        : (['cut', 'cut', 'refuse', 'stall', 'deaf'] as const);
      return { kind, when, forMs: short(), line, how: random.pick(hows) };
    }
    case 'engine': {
      const line = `agent ${random.pick(hosts)} to engine`;
      return {
        ...{ kind, when, forMs: short(), line },
        how: random.pick(['cut', 'stall', 'deaf', 'slow', 'slow', 'mid-answer'] as const),
      };
    }
    case 'slack': {
      const how = random.pick([
        'ratelimited',
        'http',
        'error',
        'drop',
        'drop-after',
        'sockets',
        'refresh',
        'outage',
      ] as const);
      if (how === 'sockets' || how === 'refresh') return { kind, when, forMs: 0, how };
      if (how === 'outage') return { kind, when, forMs: short(), how };
      return { kind, when, forMs: short(), how, times: 1 + random.below(quick ? 2 : 4) };
    }
    case 'disk': {
      const disks = [
        'redis',
        ...hosts.map((host) => `state ${host}`),
        ...hosts.map((host) => `engine ${host}`),
      ];
      return { kind, when, forMs: short(), disk: random.pick(disks) };
    }
    case 'clock':
      return {
        ...{ kind, when, forMs: short() },
        part: random.pick(dimg),
        by: random.pick(['+1h', '-1h', '+7d', '-7d']),
      };
    case 'forget':
    case 'snapshot':
      return { kind, when, forMs: 0 };
  }
}

import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './schedule.ts';
import { REDIS_USER, type World } from './world.ts';

/** How long anything may take to get up once nothing is in its way. */
export const UP_MS = 40_000;

type Note = (text: string) => void;

/** What is known of Redis at the start of a schedule, for the fault that brings it back. */
export interface Snapshot {
  keys: readonly { key: string; dump: Buffer; ttl: number }[];
}

/** One fault, from its beginning to the end of what it does; faults on one part go one after the other. */
export async function strike(
  world: World,
  fault: Fault,
  note: Note,
  snapshot: Snapshot | null,
): Promise<void> {
  const { forMs } = fault;
  switch (fault.kind) {
    case 'kill': {
      note(`SIGKILL ${fault.part}, away for ${forMs} ms`);
      await kill(world, fault.part);
      await sleep(forMs);
      await up(world, fault.part, note);
      return;
    }
    case 'term': {
      const part = world.processes.get(fault.part);
      note(`SIGTERM ${fault.part}${fault.twice ? ' twice' : ''}`);
      const code = await part?.term(fault.twice);
      note(`${fault.part} ended with ${code}`);
      await sleep(forMs);
      await up(world, fault.part, note);
      return;
    }
    case 'pause':
      note(`SIGSTOP ${fault.part} for ${forMs} ms`);
      signal(world, fault.part, 'SIGSTOP');
      await sleep(forMs);
      signal(world, fault.part, 'SIGCONT');
      note(`SIGCONT ${fault.part}`);
      return;
    case 'cut':
    case 'engine': {
      const line = world.lines.get(fault.line);
      note(`${fault.how}: ${fault.line}${fault.how === 'cut' ? '' : ` for ${forMs} ms`}`);
      if (fault.how === 'cut') return line?.cut();
      line?.set(fault.how);
      await sleep(forMs);
      line?.set('open');
      note(`open: ${fault.line}`);
      return;
    }
    case 'slack':
      return strikeSlack(world, fault, note);
    case 'disk':
      note(`the disk of ${fault.disk} is full for ${forMs} ms`);
      fill(world, fault.disk);
      await sleep(forMs);
      empty(world, fault.disk);
      note(`the disk of ${fault.disk} has room again`);
      return;
    case 'clock':
      note(`the clock of ${fault.part} is set by ${fault.by} for ${forMs} ms`);
      writeFileSync(world.clockFile(fault.part), `${fault.by}\n`);
      await sleep(forMs);
      writeFileSync(world.clockFile(fault.part), '+0\n');
      note(`the clock of ${fault.part} is right again`);
      return;
    case 'forget':
      if (!world.redis.running()) return note('no Redis to empty');
      note('FLUSHALL');
      await world.direct.flushall();
      return;
    case 'snapshot':
      if (!world.redis.running() || !snapshot) return note('no Redis to set back');
      note('Redis as it was at the start');
      await restore(world, snapshot);
      await up(world, 'redis', note);
  }
}

/** All parts up, all lines open, all disks with room, all clocks right. */
export async function heal(world: World, bots: number, note: Note): Promise<void> {
  for (const disk of world.disks.keys()) empty(world, disk);
  for (const name of world.processes.keys()) writeFileSync(world.clockFile(name), '+0\n');
  for (const line of world.lines.values()) line.set('open');
  world.slack.outage(false);
  for (const name of [...world.processes.keys(), ...partsBelow(world)]) signal(world, name, 'SIGCONT');
  await Promise.all(partsBelow(world).map((part) => up(world, part, note)));
  const second = world.processes.get('bot-2');
  if (bots === 1 && second?.running()) {
    const code = await second.term(false);
    if (code !== 0) note(`bot-2 ended with ${code}`);
  }
  const wanted = [...world.processes.keys()].filter((name) => name !== 'bot-2' || bots === 2);
  await Promise.all(wanted.map((name) => up(world, name, note)));
}

export async function takeSnapshot(world: World): Promise<Snapshot> {
  const names = await world.direct.keys('*');
  const keys = await Promise.all(
    names.map(async (key) => ({
      key,
      dump: await world.direct.dumpBuffer(key),
      ttl: Math.max(0, await world.direct.pttl(key)),
    })),
  );
  return { keys: keys.flatMap(({ dump, ...rest }) => (dump ? [{ dump, ...rest }] : [])) };
}

// --- internal ---

const partsBelow = (world: World) => ['redis', ...world.hosts.map((host) => `engine ${host}`)];

async function restore(world: World, { keys }: Snapshot): Promise<void> {
  // Nobody else gets in before it is killed: the one that starts then is another, and has what was long ago.
  await world.direct.acl('SETUSER', REDIS_USER, 'off');
  await world.direct.client('KILL', 'USER', REDIS_USER);
  const all = world.direct.multi().flushall();
  for (const { key, ttl, dump } of keys) all.restore(key, ttl, dump);
  await all.exec();
  await world.redis.kill();
}

function serviceOf(world: World, part: string) {
  return part === 'redis' ? world.redis : world.engines.get(part.replace(/^engine /, ''));
}

async function kill(world: World, part: string): Promise<void> {
  await (world.processes.get(part)?.kill() ?? serviceOf(world, part)?.kill());
}

function signal(world: World, part: string, name: 'SIGSTOP' | 'SIGCONT'): void {
  const dimg = world.processes.get(part);
  if (dimg) dimg.signal(name);
  else if (name === 'SIGSTOP') serviceOf(world, part)?.pause();
  else serviceOf(world, part)?.resume();
}

async function up(world: World, part: string, note: Note): Promise<void> {
  const dimg = world.processes.get(part);
  if (dimg) {
    if (dimg.running() && dimg.isReady()) return;
    await dimg.up(UP_MS);
    note(`${part} is up`);
    return;
  }
  const service = serviceOf(world, part);
  if (service?.running() !== false) return;
  // A full disk may keep it down: whoever heals tries again.
  await service.restart().then(
    () => note(`${part} is up`),
    (error: Error) => note(`${part} does not get up: ${error.message.split('\n')[0]}`),
  );
}

async function strikeSlack(
  { slack }: World,
  fault: Extract<Fault, { kind: 'slack' }>,
  note: Note,
): Promise<void> {
  if (fault.how === 'sockets' || fault.how === 'refresh') {
    note(fault.how === 'sockets' ? 'Slack drops its sockets' : 'Slack asks for new sockets');
    if (fault.how === 'sockets') slack.cut();
    else slack.disconnect('refresh_requested');
    return;
  }
  if (fault.how === 'outage') {
    note(`Slack is out for ${fault.forMs} ms`);
    slack.outage(true);
    await sleep(fault.forMs);
    slack.outage(false);
    note('Slack is back');
    return;
  }
  if (!('times' in fault)) return;
  note(`Slack: ${fault.how}, ${fault.times} times`);
  const { stop } = slack.fault({ method: '*', kind: fault.how, times: fault.times });
  await sleep(fault.forMs);
  stop();
}

const FILLER = 'filler';
const PAGE = Buffer.alloc(4096);

function fill(world: World, disk: string): void {
  const dir = world.disks.get(disk) ?? '';
  const path = join(dir, FILLER);
  const { bavail, bsize } = statfsSync(dir);
  // The file system's own way is quick, and what is written meanwhile may make it refuse: then page by page.
  if (bavail > 0) spawnSync('fallocate', ['-l', String(bavail * bsize), path]);
  try {
    for (;;) writeFileSync(path, PAGE, { flag: 'a' });
  } catch {
    // Full.
  }
}

function empty(world: World, disk: string): void {
  rmSync(join(world.disks.get(disk) ?? '', FILLER), { force: true });
}

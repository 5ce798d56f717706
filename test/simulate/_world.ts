import type { Command } from '../../src/commands/_define.ts';
import { sha256 } from '../../src/domain/hash.ts';
import { HostName, type ImageId } from '../../src/domain/ids.ts';
import { key } from '../../src/domain/protocol.ts';
import type { Rights } from '../../src/domain/rights.ts';
import type { ApprovalPolicy } from '../../src/domain/run.ts';
import { own } from '../../src/store/keys.ts';
import { memoryLastUsed } from '../agents/host/_around.ts';
import { randomOf } from '../property/_random.ts';
import { type AgentDisk, openAgent } from './_agent.ts';
import { type Bot, openBot } from './_bot.ts';
import { openSimEngine, type SimEngine } from './_engine.ts';
import { openJobQueue } from './_jobs.ts';
import { openLoop, type Process } from './_loop.ts';
import { openPeople } from './_people.ts';
import type { Line } from './_redis-client.ts';
import { openRedisData } from './_redis-data.ts';
import { ANA, BO, CY, type Fault, GUEST, type ImageSpec, type Schedule, SRE } from './_schedule.ts';
import { openSimSlack } from './_slack.ts';
import { openWitness } from './_witness.ts';

export const CHANNEL = 'C0OPS';
export const AUDIT_CHANNEL = 'C0AUDIT';
/** When all schedules begin. */
const START = Date.UTC(2026, 2, 2, 9);
const DAY = 86_400_000;
export const RIGHTS: Rights = { approvers: [SRE], access: [] };

export interface Options {
  commands: ReadonlyMap<string, Command>;
  lateWord: boolean;
  trace: ((line: string) => void) | null;
}
export type World = ReturnType<typeof openWorld>;

interface Slot {
  name: string;
  who: 'bot' | 'agent';
  index: number;
  process: Process;
  /** Calls of all its starts. */
  calls: number;
  starts: number;
  cutUntil: number;
  how: Exclude<Line, 'up'>;
  start(): void;
}
interface Host {
  name: HostName;
  engine: SimEngine;
  disk: AgentDisk;
  skew: number;
  agent: ReturnType<typeof openAgent> | null;
}

/** All there is, wired: bots, agents, engines, Redis, Slack, people, and what goes wrong. */
export function openWorld(schedule: Schedule, { commands, lateWord, trace }: Options) {
  const random = randomOf(schedule.seed * 2 + 2);
  const loop = openLoop(random, START);
  loop.state.trace = trace;
  const data = openRedisData(() => loop.state.now);
  // Its bots have been there before, and have found it whole.
  data.exec('SET', [own.whole, data.runId()]);
  const forgetful = schedule.faults.some(({ kind }) => kind === 'flush' || kind === 'restore');
  const queue = openJobQueue(loop);
  const members: { at: number; who: string; is: boolean }[] = [];
  const unexpected: string[] = [];
  const redis = { until: 0, how: 'refused' as Exclude<Line, 'up'> };
  let healed = false;

  const witness = openWitness({
    ...{ loop, data, lateWord },
    wasApprover: (user, from, to) => {
      const about = members.filter(({ who }) => who === user);
      const before = about.findLast(({ at }) => at <= from);
      return (before?.is ?? false) || about.some(({ at, is }) => is && at > from && at <= to);
    },
    born: (run) => people.bornAgain(run),
    jobOf: (id) => queue.job(id),
  });

  const slack = openSimSlack(loop, (message) => people.read(message));
  const group = new Set<string>();
  slack.groups.set(SRE, group);
  slack.guests.add(GUEST);
  const join = (who: string, is: boolean) => {
    members.push({ at: loop.state.now, who, is });
    if (is) group.add(who);
    else group.delete(who);
  };
  for (const who of [ANA, BO, CY]) join(who, true);

  const hosts = schedule.hosts.map((images, i): Host => {
    const name = HostName.parse(`host-${i + 1}`);
    const engine = openSimEngine(loop, {
      requested: (request) => witness.requested(name, request),
      gone: (image, request) => witness.went(name, image, request),
      untagged: () => {},
      looked: (image, by, tags) => witness.looked(name, image, by, tags),
      removedContainer: () => {},
    });
    fill(engine, images);
    return {
      name,
      engine,
      disk: { identity: `identity-${i + 1}`, journal: [], heads: [], lastUsed: memoryLastUsed() },
      skew: 0,
      agent: null,
    };
  });

  const line = (slot: Slot) => (): Line => {
    if (loop.state.now < slot.cutUntil) return slot.how;
    return loop.state.now < redis.until ? redis.how : 'up';
  };
  const policy: ApprovalPolicy = {
    ...{ count: schedule.approvals, expires: schedule.expires, staleOver: 0.5 },
    neededFor: { force: true, stoppedContainers: true, registry: true, irrecoverable: false },
  };
  const bots: (Bot | null)[] = [];
  const slots: Slot[] = [];
  const slotOf = (who: Slot['who'], index: number) =>
    slots.find((slot) => slot.who === who && slot.index === index);

  function addSlot(who: Slot['who'], index: number, open: (slot: Slot) => void): void {
    const slot: Slot = {
      ...{ name: `${who}-${index + 1}`, who, index, calls: 0, starts: 0, cutUntil: 0, how: 'refused' },
      process: loop.process(''),
      start() {
        slot.starts++;
        slot.process = loop.process(`${slot.name}.${slot.starts}`);
        slot.process.dies = () => {
          const call = slot.calls++;
          const crash = healed
            ? undefined
            : crashes.find((one) => one.who === who && one.index === index && one.call === call);
          if (!crash) return null;
          loop.at(loop.state.now + crash.down, null, '', () => slot.start());
          return crash.side;
        };
        loop.say(() => `${slot.process.name} starts`);
        // In its own turn, so that all that it begins is its own.
        loop.at(loop.state.now, slot.process, '', () => open(slot));
      },
    };
    slots.push(slot);
  }
  const crashes = schedule.faults.filter((fault) => fault.kind === 'crash');
  for (let i = 0; i < schedule.bots; i++)
    addSlot('bot', i, (slot) => {
      bots[i] = openBot({
        ...{
          loop,
          data,
          queue,
          slack,
          process: slot.process,
          line: line(slot),
          commands,
          rights: RIGHTS,
          policy,
        },
        auditChannel: schedule.auditChannel ? AUDIT_CHANNEL : undefined,
        unexpected: (what, error) => noteError(`${what}: ${(error as Error)?.stack ?? error}`, error),
        told: () => {},
        forgetful,
      });
    });
  hosts.forEach((host, i) => {
    addSlot('agent', i, (slot) => {
      const { process } = slot;
      host.agent = openAgent({
        ...{ loop, data, queue, process, host: host.name, disk: host.disk, line: line(slot) },
        epoch: `epoch-${i + 1}-${slot.starts}`,
        engine: host.engine.port(process),
        skew: () => host.skew,
        accepted: (job) => witness.accepted(process, host.name, `epoch-${i + 1}-${slot.starts}`, job),
        clear: (run) => witness.clear(process, run),
        unexpected: (what, fields) => {
          // A snapshot may show an agent the heartbeat of its own earlier start.
          if (forgetful && what.startsWith('another agent answers')) return;
          noteError(`agent: ${what} ${JSON.stringify(fields)}`, null);
        },
      });
    });
  });

  /** Whether some run is not over; one that is not there any more nobody brings to its end. */
  const isOpen = () =>
    forgetful ? [...witness.open].some((id) => data.find(own.run(id)) !== undefined) : witness.open.size > 0;

  /** What nobody foresaw: other than that Redis or Slack are away. */
  function noteError(text: string, error: unknown): void {
    if (
      error !== null &&
      /Redis|NOGROUP|NOTHELD|Command timed out|ECONNREFUSED|rate-limit|request error|HTTP protocol|API error/.test(
        String((error as Error)?.message),
      )
    )
      return;
    unexpected.push(text);
  }

  const people = openPeople({
    ...{ loop, data, schedule, witness, channel: CHANNEL },
    bots: () => random.shuffled(bots.filter((bot): bot is Bot => bot?.process.alive === true)),
  });

  function apply(fault: Exclude<Fault, { kind: 'crash' }>): void {
    loop.say(() => `fault: ${JSON.stringify(fault)}`);
    const host = 'host' in fault ? (hosts[fault.host % hosts.length] as Host) : (hosts[0] as Host);
    const { engine } = host;
    switch (fault.kind) {
      case 'leave': {
        const slot = slotOf('agent', fault.host);
        const { agent } = host;
        if (!slot || !agent?.process.alive) return;
        void agent.leave().then(() => {
          loop.at(loop.state.now + fault.down, null, '', () => {
            if (!slot.process.alive) slot.start();
          });
        });
        return;
      }
      case 'cut': {
        const slot = slotOf(fault.who, fault.index);
        if (slot) Object.assign(slot, { cutUntil: loop.state.now + fault.ms, how: fault.how });
        return;
      }
      case 'redis':
        Object.assign(redis, { until: loop.state.now + fault.ms, how: fault.how });
        return;
      case 'hang':
        engine.hang(fault.ms);
        return;
      case 'die':
        engine.die();
        loop.at(loop.state.now + fault.ms, null, '', () => engine.rise());
        return;
      case 'slow':
        engine.state.slow = fault.by;
        loop.at(loop.state.now + fault.ms, null, '', () => {
          engine.state.slow = 1;
        });
        return;
      case 'slack': {
        const { ms, share, what } = fault;
        const until = loop.state.now + ms;
        const before = slack.state.fault;
        slack.state.fault = () =>
          !healed && loop.state.now < until && random.chance(share) ? what : before();
        return;
      }
      case 'skew':
        host.skew += fault.by;
        return;
      case 'repeat':
        queue.repeat(host.name, fault.which);
        return;
      case 'member':
        join(fault.who, fault.is);
        return;
      case 'use':
        use(engine, fault.image, fault.what);
        return;
      case 'flush':
        witness.forgive();
        data.exec('FLUSHALL', []);
        queue.forget();
        return;
      case 'restore': {
        const back = snapshots.get(fault);
        if (!back) return;
        witness.forgive();
        back();
        return;
      }
    }
  }

  function use(engine: SimEngine, which: number, what: Extract<Fault, { kind: 'use' }>['what']): void {
    const images = [...engine.images.values()];
    const image = images[which % Math.max(1, images.length)];
    if (!image) return;
    const n = engine.containers.size + 100;
    if (what === 'run')
      engine.containers.set(hex(`late ${n}`), {
        id: hex(`late ${n}`),
        name: `late-${n}`,
        image: image.id,
        state: 'running',
        stoppedAt: null,
      });
    else if (what === 'stop') {
      for (const one of engine.containers.values())
        if (one.image === image.id)
          Object.assign(one, { state: 'exited', stoppedAt: Math.floor(loop.state.now) });
    } else if (what === 'remove') engine.remove(image.id);
    else {
      const [tag] = image.tags;
      const other = images[(which + 1) % images.length];
      if (tag === undefined || !other || other === image) return;
      image.tags.delete(tag);
      other.tags.add(tag);
      other.taggedAt = Math.floor(loop.state.now);
    }
  }

  const snapshots = new Map<Fault, () => void>();
  const save = (fault: Fault) => {
    const [stored, jobs] = [data.snapshot(), queue.snapshot()];
    snapshots.set(fault, () => {
      stored();
      jobs();
    });
  };

  for (const slot of slots) slot.start();
  for (const fault of schedule.faults)
    if (fault.kind !== 'crash') loop.at(START + fault.at, null, '', () => !healed && apply(fault));
  for (const fault of schedule.faults)
    if (fault.kind === 'restore')
      loop.at(START + Math.max(0, fault.at - fault.back), null, '', () => !healed && save(fault));

  return {
    ...{ loop, data, queue, slack, witness, people, hosts, bots, unexpected },
    /** All that was wrong is mended, and nobody presses any more; what died is started again. */
    heal(): void {
      healed = true;
      people.leave();
      redis.until = 0;
      for (const { engine } of hosts) engine.heal();
      for (const slot of slots) {
        slot.cutUntil = 0;
        if (!slot.process.alive)
          loop.at(loop.state.now + 500, null, '', () => slot.process.alive || slot.start());
      }
      loop.say(() => 'all is mended');
    },
    settled(): boolean {
      if (forgetful && data.find(own.whole) !== data.runId()) return false;
      if (people.busy() || isOpen() || data.find('{dimg}:cards') !== undefined) return false;
      if (Number(data.exec('XLEN', [key.reports])) > 0) return false;
      return hosts.every(({ engine, agent }) => !engine.busy() && (agent?.silent() ?? true)) && queue.idle();
    },
  };
}

// --- internal ---

const ids = new Map<string, string>();
/** 64 digits that stand for a name. */
function hex(name: string): string {
  const known = ids.get(name) ?? sha256(name).slice(7);
  ids.set(name, known);
  return known;
}

function fill(engine: SimEngine, specs: readonly ImageSpec[]): void {
  const layer = (name: string) => ({ diffId: `sha256:${hex(`layer ${name}`)}`, size: 1_000_000 });
  const made: ImageId[] = [];
  const layers: { diffId: string; size: number }[][] = [];
  specs.forEach((spec, i) => {
    const id = `sha256:${hex(`image ${i}`)}` as ImageId;
    const below = spec.parent === null ? [] : (layers[spec.parent] ?? []);
    const own = [...below, layer(String(i))];
    made.push(id);
    layers.push(own);
    const repositories = [...new Set(spec.tags.map((tag) => tag.split(':')[0] ?? ''))];
    const digests = spec.digest ? repositories.map((name) => `${name}@sha256:${hex(`digest ${i}`)}`) : [];
    const image = {
      ...{ id, digests, parent: spec.parent === null ? null : (made[spec.parent] ?? null) },
      ...{
        createdAt: START - (i + 2) * DAY,
        taggedAt: START - (i + 1) * DAY,
        layers: own,
        size: own.length * 1_000_000,
      },
    };
    engine.images.set(id, { ...image, tags: new Set(spec.tags) });
    for (const digest of digests) engine.registry.set(digest, image);
    if (!spec.container) return;
    const container = hex(`container ${i}`);
    engine.containers.set(container, {
      ...{ id: container, name: `web-${i}`, image: id, state: spec.container },
      stoppedAt: spec.container === 'exited' ? START - 3 * DAY : null,
    });
  });
}

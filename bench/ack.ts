/**
 * How long Slack waits for the acknowledgement of a slash command: idle, and while 20 hosts are being
 * planned over and over. Both in one run, on the built bot and agents; the stand-in measures, on its own
 * side of the socket. `node --import tsx bench/ack.ts [samples]`
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadImages } from '../playground/parts/images.ts';
import { createScope } from '../playground/parts/scope.ts';
import { startWorld } from '../playground/world.ts';

const HOSTS = 20;
const IMAGES = 200;
const SAMPLES = Number(process.argv[2] ?? 200);
/** What the issue asks for, and a fifteenth of what Slack allows. */
const LIMIT_MS = 100;

const scope = createScope('bench-ack');
try {
  const world = await startWorld(scope, { hosts: ['engine-1', 'engine-2'] });
  const engines = [...world.engines.values()];
  const base = { name: 'base', bytes: 100_000 };
  for (const { docker } of engines) {
    const specs = Array.from({ length: IMAGES }, (_, i) => [
      `image-${i}`,
      {
        tags: i % 4 === 0 ? [] : [`app:${i}`],
        layers: [base, { name: `layer ${i % 20}`, bytes: 1000 }],
        comment: `${i}`,
      },
    ]);
    await loadImages(docker, Object.fromEntries(specs));
  }
  const bot = await world.startBot();
  // Twenty agents for twenty names; that they share two engines makes planning slower, not easier.
  const names = Array.from({ length: HOSTS }, (_, i) => `host-${i + 1}`);
  const agents: Awaited<ReturnType<typeof world.startAgent>>[] = [];
  for (let i = 0; i < names.length; i += 4)
    agents.push(
      ...(await Promise.all(
        names
          .slice(i, i + 4)
          .map((name, j) => world.startAgent(name, { DOCKER_HOST: engines[(i + j) % 2]?.host ?? '' })),
      )),
    );

  const last = availableParallelism() - 1;
  keepTo(String(last), [...agents.map((agent) => agent.pid), ...engines.map((engine) => engine.pid())]);
  keepTo(last > 0 ? `0-${last - 1}` : '0', [bot.pid, world.redis.pid(), process.pid]);

  // The stand-in measures and draws breath in one process: how late it was itself is said beside the figures.
  const own = monitorEventLoopDelay({ resolution: 1 });
  own.enable();
  // Alternating, so that both see the same machine.
  const idle: number[] = [];
  const planning: number[] = [];
  await measure(20);
  for (let round = 0; idle.length < SAMPLES; round++) {
    // The last round's lists are still on their way into their thread.
    await sleep(1000);
    idle.push(...(await measure(20)));
    const plans = await world.slack.command({
      user: 'U0ANA',
      channel: 'C0OPS',
      text: 'prune all -a --dry-run',
    });
    planning.push(plans.ackMs ?? Infinity);
    while (under(round + 1) > 0) planning.push(...(await measure(1)));
    process.stdout.write(`round ${round + 1}: ${planning.length} acknowledgements while planning\n`);
  }
  const share = percentile(planning, 0.99) / percentile(idle, 0.99);
  console.log(`acknowledgement, ms      p50     p99     max   (n)`);
  for (const [name, list] of [
    ['idle', idle],
    [`${HOSTS} hosts planned`, planning],
  ] as const)
    console.log(
      `${name.padEnd(20)} ${[0.5, 0.99, 1].map((p) => percentile(list, p).toFixed(1).padStart(7)).join(' ')}   (${list.length})`,
    );
  console.log(
    `p99 while planning is ${share.toFixed(1)} x idle; limit ${LIMIT_MS} ms, worst ${Math.max(...planning).toFixed(1)} ms`,
  );
  console.log(
    `the stand-in's own delay: p99 ${(own.percentile(99) / 1e6).toFixed(1)} ms, worst ${(own.max / 1e6).toFixed(1)} ms`,
  );
  process.exitCode = Math.max(...planning) < LIMIT_MS ? 0 : 1;

  /** Commands as people type them: one that only reads, one that stores a run. */
  async function measure(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const text = i % 2 === 0 ? 'hosts' : 'help prune';
      times.push((await world.slack.command({ user: 'U0BO', channel: 'C0OPS', text })).ackMs ?? Infinity);
      await sleep(5);
    }
    return times;
  }

  function under(rounds: number): number {
    const cards = world.slack.messages('C0OPS').filter(({ text }) => /^#\d+ /.test(text));
    return rounds - cards.filter(({ text }) => !/^#\d+ planning /.test(text)).length;
  }
} finally {
  await scope.close();
}

/** In life agents and engines are on other machines: here they get the last processor, and nothing else does. */
function keepTo(processors: string, pids: readonly number[]): void {
  for (const pid of pids) execFileSync('taskset', ['-acp', processors, String(pid)], { stdio: 'ignore' });
}

function percentile(list: readonly number[], p: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

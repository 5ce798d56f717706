import type { HostName } from './ids.ts';
import { partsOf, type Run } from './run.ts';

/** A rollout's hosts by turn, from those that have something to do: canaries alone, then the rest in batches. */
export function startWaves(run: Run, at: number): Run {
  if (!run.rollout) return run;
  const { canary = 0, batch } = run.rollout;
  const hosts = partsOf(run)
    .filter(([, { stage }]) => stage !== 'ended')
    .map(([host]) => host)
    .sort();
  const rest = hosts.slice(canary);
  const size = batch ?? Math.max(1, rest.length);
  const waves = [hosts.slice(0, canary)].filter((wave) => wave.length > 0);
  for (let i = 0; i < rest.length; i += size) waves.push(rest.slice(i, i + size));
  return waves.length > 1 ? { ...run, waves: { hosts: waves, now: 0, since: at } } : run;
}

/** The wave that is at work, or after which it waits. */
export const waveOf = ({ waves }: Run): number => waves?.now ?? 0;

/** Whether it is this host's turn, or was. */
export function hasTurn({ waves }: Run, host: HostName): boolean {
  return !waves || waves.hosts.slice(0, waves.now + 1).some((wave) => wave.includes(host));
}

/** Once all of a wave have ended the next one starts; after canaries, and where something went wrong, only when somebody says so. */
export function goOn(run: Run, at: number): Run {
  const wave = run.waves?.hosts[run.waves.now];
  if (!wave || run.paused || run.cancel || wave.some((host) => run.hosts[host]?.stage !== 'ended'))
    return run;
  const why = reasonToPause(run, wave);
  return why ? { ...run, paused: { at, until: at + run.policy.expires, why } } : nextWave(run, at);
}

/** The next wave starts. */
export function nextWave(run: Run, at: number): Run {
  if (!run.waves) return run;
  const { paused: _, ...rest } = run;
  return { ...rest, waves: { ...run.waves, now: run.waves.now + 1, since: at } };
}

// --- internal ---

function reasonToPause(run: Run, wave: readonly HostName[]): NonNullable<Run['paused']>['why'] | null {
  const troubled = wave.some((host) => {
    const { trouble, drift, outcomes = [], cache } = run.hosts[host] ?? {};
    return (
      trouble ||
      drift ||
      cache?.failed ||
      cache?.unknown ||
      outcomes.some(({ outcome }) => outcome === 'failed' || outcome === 'unknown')
    );
  });
  if (troubled) return 'trouble';
  return run.waves?.now === 0 && run.rollout?.canary ? 'canary' : null;
}

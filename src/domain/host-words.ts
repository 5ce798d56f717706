import { type Disk, usedShare } from './disk.ts';
import { code, type Markup, say, time } from './markup.ts';
import { type HostStatus, isOnline } from './protocol.ts';
import { formatSize } from './size.ts';
import { engineWords } from './trouble.ts';

/** Said where no agent was ever heard. */
export const NO_HOSTS: Markup = say`No host is known yet. Start ${code('dimg agent')} beside a Docker engine, with this bot's ${code('REDIS_URL')}.`;

/** `online`, or since when it is silent. `now` in milliseconds since 1970. */
export function onlineWords(host: HostStatus, now: number): Markup {
  return isOnline(host, now) ? say`online` : say`offline, last seen ${time(host.seenAt)}`;
}

/** Of a registry: `online` where it answers its agent, else what is wrong. */
export function registryStateWords(registry: HostStatus, now: number): Markup {
  if (!isOnline(registry, now)) return say`its agent is offline, last seen ${time(registry.seenAt)}`;
  return registry.problem ? engineWords(registry.problem) : say`online`;
}

/** `served by the agent on host-1`; an agent of an earlier version does not say where it is. */
export function servedWords({ registry }: HostStatus): Markup[] {
  return registry?.by === undefined ? [] : [say`served by the agent on ${code(registry.by)}`];
}

/** `disk 70 % of 400 GB, 120 GB free`. */
export function diskWords(disk: Disk): Markup {
  return say`disk ${percent(disk)} % of ${formatSize(disk.total)}, ${formatSize(disk.free)} free`;
}

/** The same to be seen at a glance: `▓▓▓▓▓▓▓░░░ 70 %, 120 GB free of 400 GB`. */
export function diskBar(disk: Disk): Markup {
  const full = Math.min(BAR, Math.max(0, Math.round(usedShare(disk) * BAR)));
  const bar = '▓'.repeat(full) + '░'.repeat(BAR - full);
  return say`${bar} ${percent(disk)} %, ${formatSize(disk.free)} free of ${formatSize(disk.total)}`;
}

// --- internal ---

const BAR = 10;
const percent = (disk: Disk): number => Math.round(usedShare(disk) * 100);

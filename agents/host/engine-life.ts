import { readFile, stat } from 'node:fs/promises';
import type { EngineAddress } from './engine-address.ts';

/**
 * Tells starts of an engine apart: two that differ are certainly two starts, two that are the same may be. The socket
 * file of an engine on this machine is made anew when it starts (but for one that systemd holds), and none outlives the
 * machine's own start. `null` where nothing can be told.
 */
export async function engineLife(address: EngineAddress): Promise<string | null> {
  if (!('socketPath' in address)) return null;
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const { ino, birthtimeNs } = await stat(address.socketPath, { bigint: true });
    return `${boot.slice(0, 8)}-${ino.toString(36)}-${birthtimeNs.toString(36)}`;
  } catch {
    return null;
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { unmountBelow } from './cleanup.ts';
import { findProgram } from './programs.ts';
import type { Scope } from './scope.ts';

/** Debian's suites that have another engine than this machine's own may have. */
export type Suite = 'bookworm' | 'trixie' | 'sid';

/** A way into a root folder with another release's programs: runs a command there, on the scope's own folder. */
export type Root = (command: string, args: readonly string[]) => [command: string, args: string[]];

/**
 * Where downloaded roots are kept between runs: each takes some minutes to make, and half a gigabyte.
 * `DIMG_ENGINES` names another folder.
 */
export const rootsFolder = (): string => process.env.DIMG_ENGINES ?? join(homedir(), '.cache/dimg/engines');

/** Makes a suite's root with an engine in it, unless there is one. Throws with the tool's own last words. */
export function makeRoot(suite: Suite): string {
  const dir = join(rootsFolder(), suite);
  if (existsSync(join(dir, 'usr/sbin/dockerd'))) return dir;
  const debootstrap = findProgram('debootstrap');
  if (debootstrap === undefined)
    throw new Error('There is no debootstrap: run `apt-get install debootstrap`.');
  const part = `${dir}.${process.pid}`;
  mkdirSync(rootsFolder(), { recursive: true });
  console.log(`Making a root with the engine of Debian ${suite} in ${dir}: this takes some minutes.`);
  const made = spawnSync(debootstrap, ['--variant=minbase', '--include=docker.io', suite, part], {
    encoding: 'utf8',
  });
  unmountBelow(part);
  if (made.status !== 0) {
    rmSync(part, { recursive: true, force: true });
    throw new Error(`debootstrap of ${suite} failed: ${`${made.stdout}${made.stderr}`.trim().slice(-500)}`);
  }
  renameSync(part, dir);
  return dir;
}

/**
 * Opens a root for one engine. Its programs share one mount namespace, since the engine mounts what containerd's
 * shims use; what they write outside the scope goes to a layer of the scope's own, so the root stays as it was made.
 */
export async function openRoot(scope: Scope, suite: Suite, dir: string): Promise<Root> {
  const lower = makeRoot(suite);
  const script = join(dir, 'enter.sh');
  const ready = join(dir, 'entered');
  writeFileSync(script, enter(scope.dir, lower, dir, ready), { mode: 0o755 });
  const holder = await scope.spawn('unshare', ['--mount', '--propagation', 'private', 'sh', script], {
    name: join(dir.slice(scope.dir.length + 1), 'root'),
  });
  await holder.until('its root was ready', () => existsSync(ready));
  return (command, args) => ['nsenter', ['--target', String(holder.pid), '--mount', '--', command, ...args]];
}

// --- internal ---

// A plain chroot would not do: containers' processes remount `/`. /run is the root's own, else dockerd would join
// the containerd of this machine.
function enter(shared: string, lower: string, dir: string, ready: string): string {
  const root = `${dir}/root`;
  return [
    'set -e',
    `mkdir -p ${root} ${dir}/upper ${dir}/work`,
    `mount -t overlay overlay -o lowerdir=${lower},upperdir=${dir}/upper,workdir=${dir}/work ${root}`,
    `mkdir -p ${root}${shared} ${root}/old`,
    `mount --rbind ${shared} ${root}${shared}`,
    ...['proc', 'sys', 'dev'].map((name) => `mount --rbind /${name} ${root}/${name}`),
    `cd ${root}`,
    'pivot_root . old',
    'umount -l /old',
    `touch ${ready}`,
    'exec sleep 1000000',
  ].join('\n');
}

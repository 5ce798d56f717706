import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';

/** Children carry this variable, with the folders of the scopes they belong to, outermost first. */
export const SCOPE_VARIABLE = 'DIMG_SCOPE';

/**
 * Processes that belong to the scope in `dir`: those that inherited its mark, and their descendants.
 * Shims outlive `dockerd`, and containers don't inherit the mark, hence both conditions.
 */
export function processesOf(dir: string): number[] {
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const entry of list('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    parents.set(pid, parent);
    const mark = read(`/proc/${pid}/environ`)
      .split('\0')
      .find((line) => line.startsWith(`${SCOPE_VARIABLE}=`));
    if (
      mark
        ?.slice(SCOPE_VARIABLE.length + 1)
        .split(':')
        .includes(dir)
    )
      found.add(pid);
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (!found.has(parent) || found.has(pid)) continue;
      found.add(pid);
      grown = true;
    }
  }
  found.delete(process.pid);
  return [...found];
}

/** Whether a process still does something; a dead one that nobody has collected doesn't. */
export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

/** Mount points at and below `dir`, deepest first. */
export function mountsBelow(dir: string): string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) =>
      path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => `${path}/`.startsWith(`${dir}/`))
    .sort((a, b) => b.length - a.length);
}

/** Unmounts what is at and below `dir`, but for the `keep` outermost. Lazily: a dying process may still sit in it. */
export function unmountBelow(dir: string, keep = 0): void {
  const all = mountsBelow(dir);
  const mounts = all.slice(0, Math.max(0, all.length - keep));
  if (mounts.length > 0) spawnSync('umount', ['-l', ...mounts], { stdio: 'ignore' });
}

/** Kills what is left of a scope, unmounts and removes its folder. Synchronous: it must work in an exit handler. */
export function sweep(dir: string): void {
  for (let round = 0; round < 50; round++) {
    const left = processesOf(dir);
    if (left.length === 0) break;
    for (const pid of left) kill(pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  unmountBelow(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

function parentOf(pid: number): number | undefined {
  // The command name may hold spaces and brackets: the fields start after the last one.
  const [state, parent] = read(`/proc/${pid}/stat`).split(') ').pop()?.split(' ') ?? [];
  return parent === undefined || state === 'Z' || state === 'X' ? undefined : Number(parent);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

// Processes come and go while `/proc` is read, and other systems have none: absent means empty.
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

import { isLatest, isModern } from './generation.ts';
import type { Container, State } from './state.ts';

/** How a command would end: at once, after a while, or never (`null`). */
export function outcomeOf(command: readonly string[]): { exitCode: number; afterMs: number | null } {
  const [program = '', ...args] = command;
  const name = program.split('/').pop() ?? '';
  if (name === 'sleep') {
    const ms = Number(args[0]) * 1000;
    // Timers hold no more than 24 days.
    return { exitCode: 0, afterMs: ms < 2_000_000_000 ? ms : null };
  }
  if (name === 'false') return { exitCode: 1, afterMs: SOON_MS };
  if (name === 'sh' && args[0] === '-c') {
    const script = args[1] ?? '';
    const exit = /\bexit (\d+)\s*$/.exec(script);
    if (exit) return { exitCode: Number(exit[1]), afterMs: SOON_MS };
    const sleep = /\bsleep (\d+)\s*$/.exec(script);
    if (sleep) return outcomeOf(['sleep', sleep[1] ?? '']);
    if (/\bwhile\b|\bsleep\b/.test(script)) return { exitCode: 0, afterMs: null };
    return { exitCode: 0, afterMs: SOON_MS };
  }
  if (['true', 'echo', 'ls', 'touch', 'rm', 'cat', 'dd'].includes(name))
    return { exitCode: 0, afterMs: SOON_MS };
  return { exitCode: 0, afterMs: null };
}

/** Why a command can't be run in its image, in runc's words. */
export function refusalToStart(state: State, { command, chain }: Container): string | null {
  const [program = ''] = command;
  if (hasProgram(state, chain, program)) return null;
  const why = program.startsWith('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH';
  const task = 'failed to create shim task: OCI runtime create failed: runc create failed';
  const exec = `unable to start container process: ${isLatest(state) ? 'error during container init: ' : ''}exec: ${JSON.stringify(program)}: ${why}`;
  if (!isModern(state)) return `${task}: ${exec}: unknown`;
  return `failed to create task for container: ${task}: ${exec}${isLatest(state) ? '' : ': unknown'}`;
}

// --- internal ---

/** A process takes a moment even when it has nothing to do. */
const SOON_MS = 5;

function hasProgram(state: State, chain: string | null, program: string): boolean {
  const paths = program.startsWith('/')
    ? [program.slice(1)]
    : ['bin', 'usr/bin', 'sbin', 'usr/sbin', 'usr/local/bin'].map((folder) => `${folder}/${program}`);
  for (let next = chain; next !== null; ) {
    const layer = state.layers.get(next);
    if (!layer) return false;
    const { files } = layer;
    if (files === null || paths.some((path) => files.has(path))) return true;
    next = layer.parent;
  }
  return false;
}

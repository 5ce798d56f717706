import { ApiError, badRequest, conflict, failure } from './api-error.ts';
import { containerEvent, findContainer } from './containers.ts';
import { isRunning } from './delete-records.ts';
import { outcomeOf, refusalToStart } from './processes.ts';
import type { Container, State } from './state.ts';

/** False where it runs already. */
export function startContainer(state: State, container: Container): boolean {
  if (container.state === 'paused') throw conflict('cannot start a paused container, try unpause instead');
  if (container.state === 'running') return false;
  const refusal = refusalToStart(state, container);
  if (refusal !== null) throw badRequest(refusal);
  container.state = 'running';
  container.startedAt = new Date();
  container.finishedAt = null;
  containerEvent(state, 'start', container);
  const { exitCode, afterMs } = outcomeOf(container.command);
  if (afterMs !== null)
    container.timer = setTimeout(() => endContainer(state, container, exitCode), afterMs).unref();
  return true;
}

/** What ends a running container, from within or without. */
export function endContainer(state: State, container: Container, exitCode: number): void {
  if (!isRunning(container)) return;
  clearTimeout(container.timer);
  container.state = 'exited';
  container.exitCode = exitCode;
  container.finishedAt = new Date();
  containerEvent(state, 'die', container, { exitCode: String(exitCode) });
  for (const tell of [...container.waiting]) tell('exited');
  if (container.hostConfig.AutoRemove === true) forget(state, container);
}

/** False where it does not run. */
export function stopContainer(state: State, container: Container): boolean {
  if (!isRunning(container)) return false;
  const signal = String(container.config.StopSignal ?? 'SIGTERM');
  containerEvent(state, 'kill', container, { signal: String(SIGNALS[signal.replace(/^SIG/, '')] ?? 15) });
  endContainer(state, container, 137);
  containerEvent(state, 'stop', container);
  return true;
}

export function killContainer(state: State, name: string, signal: string): void {
  const number = /^\d+$/.test(signal) ? Number(signal) : SIGNALS[signal.toUpperCase().replace(/^SIG/, '')];
  if (number === undefined) throw badRequest(`Invalid signal: ${signal}`);
  const why = (error: ApiError) =>
    new ApiError(error.status, `Cannot kill container: ${name}: ${error.message}`);
  let container: Container;
  try {
    container = findContainer(state, name);
  } catch (error) {
    throw error instanceof ApiError ? why(error) : error;
  }
  if (!isRunning(container)) throw why(conflict(`Container ${container.id} is not running`));
  containerEvent(state, 'kill', container, { signal: String(number) });
  // Process 1 ignores every other signal that it has no handler for.
  if (number === 9) endContainer(state, container, 137);
}

export function pauseContainer(state: State, container: Container): void {
  if (container.state === 'paused') throw conflict(`Container ${container.id} is already paused`);
  if (container.state !== 'running') throw conflict(`Container ${container.id} is not running`);
  container.state = 'paused';
  containerEvent(state, 'pause', container);
}

export function unpauseContainer(state: State, container: Container): void {
  if (container.state !== 'paused') throw failure(`Container ${container.id} is not paused`);
  container.state = 'running';
  containerEvent(state, 'unpause', container);
}

export function removeContainer(state: State, container: Container, force: boolean): void {
  const { id } = container;
  if (isRunning(container) && !force)
    throw conflict(
      container.state === 'paused'
        ? `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`
        : `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    );
  if (isRunning(container)) {
    containerEvent(state, 'kill', container, { signal: '9' });
    endContainer(state, container, 137);
  }
  if (state.containers.has(id)) forget(state, container);
}

/** Takes a container that does not run away, and lets go of its layers. */
function forget(state: State, container: Container): void {
  state.containers.delete(container.id);
  state.layers.release(container.chain);
  containerEvent(state, 'destroy', container);
  for (const tell of [...container.waiting]) tell('removed');
}

// --- internal ---

const SIGNALS: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, TERM: 15, CONT: 18, STOP: 19 },
};

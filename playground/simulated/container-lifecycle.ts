import { ApiError, badRequest, conflict, failure } from './api-error.ts';
import { containerEvent, findContainer } from './containers.ts';
import { isRunning } from './delete-records.ts';
import { isLatest, isModern } from './generation.ts';
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

/** What ends a running container, from within or without; `then` is told of first by newer engines. */
export function endContainer(
  state: State,
  container: Container,
  exitCode: number,
  then: () => void = () => {},
): void {
  if (!isRunning(container)) return;
  clearTimeout(container.timer);
  container.state = 'exited';
  container.exitCode = exitCode;
  container.finishedAt = new Date();
  const modern = isModern(state);
  const ran = Math.floor((Date.now() - (container.startedAt?.getTime() ?? 0)) / 1000);
  const more = { ...(modern && { execDuration: String(ran) }), exitCode: String(exitCode) };
  if (modern) then();
  containerEvent(state, 'die', container, more);
  if (!modern) then();
  for (const tell of [...container.waiting]) tell('exited');
  if (container.hostConfig.AutoRemove === true) forget(state, container);
}

/** False where it does not run. */
export function stopContainer(state: State, container: Container): boolean {
  if (!isRunning(container)) return false;
  const signal = String(container.config.StopSignal ?? 'SIGTERM');
  containerEvent(state, 'kill', container, { signal: String(SIGNALS[signal.replace(/^SIG/, '')] ?? 15) });
  endContainer(state, container, 137, () => containerEvent(state, 'stop', container));
  return true;
}

export function killContainer(state: State, name: string, signal: string): void {
  const number = /^\d+$/.test(signal) ? Number(signal) : SIGNALS[signal.toUpperCase().replace(/^SIG/, '')];
  const modern = isModern(state);
  const why = (error: ApiError) =>
    new ApiError(error.status, `${modern ? 'c' : 'C'}annot kill container: ${name}: ${error.message}`);
  if (number === undefined)
    throw modern ? why(badRequest(`invalid signal: ${signal}`)) : badRequest(`Invalid signal: ${signal}`);
  let container: Container;
  try {
    container = findContainer(state, name);
  } catch (error) {
    throw error instanceof ApiError ? why(error) : error;
  }
  if (!isRunning(container)) throw why(notRunning(state, container));
  containerEvent(state, 'kill', container, { signal: String(number) });
  // Process 1 ignores every other signal that it has no handler for.
  if (number === 9) endContainer(state, container, 137);
}

export function pauseContainer(state: State, container: Container): void {
  if (container.state === 'paused') throw conflict(`Container ${container.id} is already paused`);
  if (container.state !== 'running') throw notRunning(state, container);
  container.state = 'paused';
  containerEvent(state, 'pause', container);
}

export function unpauseContainer(state: State, container: Container): void {
  if (container.state !== 'paused') throw failure(`Container ${container.id} is not paused`);
  container.state = 'running';
  containerEvent(state, 'unpause', container);
}

/** `asked` is what the client called it. */
export function removeContainer(state: State, container: Container, force: boolean, asked: string): void {
  const { id } = container;
  if (isRunning(container) && !force) throw conflict(refusalToRemove(state, container, asked));
  if (isRunning(container)) {
    containerEvent(state, 'kill', container, { signal: '9' });
    endContainer(state, container, 137);
  }
  if (state.containers.has(id)) forget(state, container);
}

/** Takes a container that does not run away, and lets go of its layers. */
function forget(state: State, container: Container): void {
  state.containers.delete(container.id);
  for (const { chain } of [container, ...container.mounts]) state.layers.release(chain);
  containerEvent(state, 'destroy', container);
  for (const tell of [...container.waiting]) tell('removed');
}

// --- internal ---

const notRunning = (state: State, { id }: Container) =>
  conflict(`${isModern(state) ? 'c' : 'C'}ontainer ${id} is not running`);

function refusalToRemove(state: State, { id, name, state: now }: Container, asked: string): string {
  if (!isModern(state))
    return now === 'paused'
      ? `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal or force remove`
      : `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`;
  const called = isLatest(state) ? asked : `/${name}`;
  const why =
    now === 'paused'
      ? 'container is paused and must be unpaused first'
      : 'container is running: stop the container before removing or force remove';
  return `cannot remove container ${JSON.stringify(called)}: ${why}`;
}

const SIGNALS: Readonly<Record<string, number>> = {
  ...{ HUP: 1, INT: 2, QUIT: 3, KILL: 9, USR1: 10, USR2: 12, TERM: 15, CONT: 18, STOP: 19 },
};

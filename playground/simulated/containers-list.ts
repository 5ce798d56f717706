import { manifestDescriptor, mounts } from './container-inspect.ts';
import { containerSize } from './container-size.ts';
import { shownImage } from './containers.ts';
import { isRunning } from './delete-records.ts';
import { acceptOnly, type Filters, invalid, labelsMatch } from './filters.ts';
import { isLatest } from './generation.ts';
import { childrenOf, findImage } from './resolve.ts';
import type { Container, State } from './state.ts';

export type ContainerListOptions = {
  readonly all: boolean;
  readonly size: boolean;
  readonly limit: number;
  readonly filters: Filters;
  /** For `/system/df`. */
  readonly usage?: boolean;
};

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];

/** Containers, newest first; only those that run, unless more is asked for. */
export function listContainers(
  state: State,
  { all, size, limit, filters, usage = false }: ContainerListOptions,
) {
  acceptOnly(
    state,
    filters,
    ...['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'name'],
    ...['network', 'publish', 'since', 'status', 'volume'],
  );
  for (const status of filters.get('status') ?? [])
    if (!STATES.includes(status)) {
      const why = `: invalid value for state (${status}): must be one of ${STATES.join(', ')}`;
      throw invalid(state, `status=${status}`, isLatest(state) ? why : '');
    }
  const fits = conditions(state, filters);
  const everything = all || limit > 0 || filters.has('status') || filters.has('exited');
  const shown = [...state.containers.values()]
    .filter((container) => (everything || isRunning(container)) && fits(container))
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  return (limit > 0 ? shown.slice(0, limit) : shown).map((container) =>
    summary(state, container, size, usage),
  );
}

// --- internal ---

function summary(state: State, container: Container, size: boolean, usage: boolean) {
  const { id, name, imageId, command, createdAt, labels, hostConfig } = container;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: shownImage(state, container),
    ImageID: imageId,
    ...(!usage && manifestDescriptor(container)),
    Command: command.join(' '),
    Created: Math.floor(createdAt.getTime() / 1000),
    Ports: [],
    ...(size && withoutZeroes(containerSize(state, container))),
    Labels: labels,
    State: container.state,
    Status: statusText(container),
    HostConfig: { NetworkMode: String(hostConfig.NetworkMode ?? 'default') },
    NetworkSettings: { Networks: {} },
    Mounts: mounts(state, container),
  };
}

/** As Go writes them where zero may be left out. */
function withoutZeroes(sizes: Readonly<Record<string, number>>) {
  return Object.fromEntries(Object.entries(sizes).filter(([, size]) => size !== 0));
}

function conditions(state: State, filters: Filters): (container: Container) => boolean {
  const any = (field: string, test: (value: string) => boolean) => {
    const values = filters.get(field);
    return !values || values.length === 0 || values.some(test);
  };
  const family = filters.has('ancestor') ? descendants(state, filters.get('ancestor') ?? []) : null;
  return (container) =>
    (!family || family.has(container.imageId)) &&
    labelsMatch(filters.get('label'), container.labels) &&
    any('status', (status) => status === container.state) &&
    any('id', (id) => container.id.startsWith(id)) &&
    any(
      'name',
      (name) => new RegExp(name).test(`/${container.name}`) || new RegExp(name).test(container.name),
    ) &&
    any('exited', (code) => container.state === 'exited' && Number(code) === container.exitCode);
}

function descendants(state: State, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (id: string) => {
    if (found.has(id)) return;
    found.add(id);
    for (const child of childrenOf(state, id)) add(child);
  };
  for (const name of names) {
    try {
      add(findImage(state, name).id);
    } catch {
      // An ancestor that is not there has no containers.
    }
  }
  return found;
}

function statusText({ state, startedAt, finishedAt, exitCode }: Container): string {
  if (state === 'created') return 'Created';
  if (state === 'exited') return `Exited (${exitCode}) ${duration(finishedAt)} ago`;
  return `Up ${duration(startedAt)}${state === 'paused' ? ' (Paused)' : ''}`;
}

function duration(since: Date | null): string {
  const seconds = Math.floor((Date.now() - (since?.getTime() ?? 0)) / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}

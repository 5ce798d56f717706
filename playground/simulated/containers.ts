import { ApiError, badRequest, conflict, notFound } from './api-error.ts';
import { descriptor } from './containerd/sizes.ts';
import { isLatest, isModern } from './generation.ts';
import { randomId } from './hash.ts';
import type { Image } from './images.ts';
import { findImage } from './resolve.ts';
import type { Container, ImageMount, State } from './state.ts';

type Request = Readonly<Record<string, unknown>>;

export function containerEvent(
  state: State,
  action: string,
  { id, image, name, labels }: Container,
  more: Readonly<Record<string, string>> = {},
): void {
  state.events.log({ type: 'container', action, id, attributes: { ...labels, ...more, image, name } });
}

/** By name, by ID, or by the beginning of one. */
export function findContainer(state: State, text: string): Container {
  const exact = state.containers.get(text);
  if (exact) return exact;
  const name = text.replace(/^\//, '');
  for (const container of state.containers.values()) if (container.name === name) return container;
  const found = [...state.containers.values()].filter(({ id }) => id.startsWith(text));
  if (found.length > 1) throw badRequest(`Multiple IDs found with provided prefix: ${text}`);
  if (!found[0]) throw notFound(`No such container: ${text}`);
  return found[0];
}

export function createContainer(state: State, request: Request, name: string): Container {
  if (Object.keys(request).length === 0)
    throw badRequest(`${isModern(state) ? 'c' : 'C'}onfig cannot be empty in order to create a container`);
  const asked = String(request.Image ?? '');
  const noCommand = `${isModern(state) ? 'n' : 'N'}o command specified`;
  if (asked === '') throw badRequest(noCommand);
  if (name !== '' && !/^\/?[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
    throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  const image = findImage(state, asked);
  const given = image.config.config ?? {};
  const words = (key: 'Cmd' | 'Entrypoint') => (request[key] ?? null) as string[] | null;
  const entrypoint = words('Entrypoint') ?? (given.Entrypoint as string[] | null) ?? [];
  const cmd = words('Cmd') ?? (words('Entrypoint') ? [] : (given.Cmd as string[] | null)) ?? [];
  if (entrypoint.length + cmd.length === 0) throw badRequest(noCommand);
  const mounts = mountedImages(state, request);
  const id = randomId();
  const container: Container = {
    id,
    name: freeName(state, name.replace(/^\//, '') || `quiet_${id.slice(0, 8)}`),
    imageId: image.id,
    image: asked,
    command: [...entrypoint, ...cmd],
    labels: { ...image.labels, ...(request.Labels as Record<string, string> | null) },
    config: { ...given, ...request, Cmd: cmd, HostConfig: undefined },
    hostConfig: (request.HostConfig ?? {}) as Request,
    mounts,
    chain: image.chains.at(-1) ?? null,
    manifest: image.manifest && {
      ...descriptor(image),
      platform: { architecture: image.config.architecture ?? '', os: image.config.os ?? '' },
    },
    createdAt: new Date(),
    state: 'created',
    exitCode: 0,
    startedAt: null,
    finishedAt: null,
    waiting: new Set(),
    timer: undefined,
  };
  for (const { chain } of [container, ...mounts]) state.layers.hold(chain);
  // As the real engine does it: the container is registered last of all.
  state.containers.set(id, container);
  containerEvent(state, 'create', container);
  return container;
}

export function renameContainer(state: State, container: Container, given: string): void {
  const name = given.replace(/^\//, '');
  if (name === '') throw badRequest('Neither old nor new names may be empty');
  if (name === container.name)
    throw badRequest('Renaming a container with the same name as its current name');
  try {
    freeName(state, name);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError(error.status, `Error when allocating new name: ${error.message}`);
  }
  const oldName = `/${container.name}`;
  container.name = name;
  containerEvent(state, 'rename', container, { oldName });
}

/** The image that a container shows: what it was asked for, while that still means the same image. */
export function shownImage(state: State, { image, imageId }: Container): string {
  if (image === imageId) return image;
  let now: Image | undefined;
  try {
    now = findImage(state, image);
  } catch {
    // Gone: the ID is shown.
  }
  return now?.id === imageId ? image : imageId;
}

// --- internal ---

/** What is mounted is looked up once; afterwards only the ID counts. */
function mountedImages(state: State, { HostConfig }: Request): readonly ImageMount[] {
  const { Mounts } = (HostConfig ?? {}) as { Mounts?: readonly { Type?: string }[] };
  const mounts = (Mounts ?? []).filter(({ Type }) => Type === 'image');
  if (mounts.length > 0 && !isLatest(state))
    throw badRequest('invalid mount config for type "image": mount type unknown');
  return (mounts as readonly { Source?: string; Target?: string }[]).map(({ Source = '', Target = '' }) => ({
    ...{ name: Source, target: Target, imageId: findImage(state, Source).id },
    chain: findImage(state, Source).chains.at(-1) ?? null,
  }));
}

function freeName(state: State, name: string): string {
  for (const other of state.containers.values())
    if (other.name === name)
      throw conflict(
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". ` +
          'You have to remove (or rename) that container to be able to reuse that name.',
      );
  return name;
}

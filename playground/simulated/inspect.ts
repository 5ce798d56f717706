import { ApiError, failure } from './api-error.ts';
import { historyInStore, inspectInStore } from './containerd/inspect.ts';
import { isModern } from './generation.ts';
import type { Image } from './images.ts';
import { familiarName } from './names.ts';
import { digestsOf, findImage, tagsOf } from './resolve.ts';
import type { State } from './state.ts';

/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z';

/** RFC 3339 as Go prints it: no more digits than needed. */
export function goTime(at: Date | string | null | undefined): string {
  if (!at) return NEVER;
  const text = typeof at === 'string' ? at : at.toISOString();
  return text.replace(/\.?0*Z$/, (tail) => (tail.startsWith('.') || text.includes('.') ? 'Z' : tail));
}

export function inspectImage(state: State, name: string, api: number): object {
  if (state.store === 'containerd') return inspectInStore(state, name, api);
  const image = found(state, name);
  return {
    ...imageFields(image, api),
    RepoTags: tagsOf(state, image.id).map(familiarName),
    RepoDigests: digestsOf(state, image.id).map(familiarName),
    DockerVersion: image.config.docker_version ?? '',
    Size: image.size,
    ...(api < 44 && { VirtualSize: image.size }),
    GraphDriver: graphDriver(state, image.chains),
    Metadata: { LastTagTime: goTime(image.taggedAt) },
  };
}

/** What an image's configuration says, on any store. */
export function imageFields({ id, parent, config }: Image, api: number) {
  const { rootfs } = config;
  return {
    Id: id,
    Parent: parent ?? '',
    Comment: config.comment ?? '',
    Created: goTime(config.created),
    ...(api < 45 && { Container: config.container ?? '' }),
    ...(api < 45 && { ContainerConfig: runConfig(config.container_config) }),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: config.config ? imageConfig(config.config, api) : null,
    Architecture: config.architecture ?? '',
    Os: config.os ?? '',
    RootFS: { Type: 'layers', ...(rootfs.diff_ids.length > 0 && { Layers: rootfs.diff_ids }) },
  };
}

/** Layer by layer, newest first; ancestors that are there as images are named. */
export function imageHistory(state: State, name: string): readonly object[] | null {
  if (state.store === 'containerd') return historyInStore(state, name);
  const image = findImage(state, name);
  const lines = historyLines(
    image,
    (chain) => state.layers.get(chain)?.size ?? 0,
    () => failure('too many non-empty layers in History section'),
  );
  let at: Image | undefined = image;
  for (const line of lines) {
    if (!at) break;
    line.Id = at.id;
    const tags = tagsOf(state, at.id).map(familiarName);
    line.Tags = tags.length > 0 ? tags : null;
    at = at.parent === null ? undefined : state.images.get(at.parent);
  }
  return lines;
}

/** An image's own history, without ancestors. */
export function historyLines(
  { config, chains }: Image,
  sizeOf: (chain: string) => number,
  tooMany: () => Error,
) {
  let layer = 0;
  const lines = (config.history ?? []).map((entry) => {
    if (!entry.empty_layer && layer >= chains.length) throw tooMany();
    const chain = entry.empty_layer ? undefined : chains[layer++];
    return {
      Comment: entry.comment ?? '',
      Created: Math.floor((Date.parse(entry.created ?? '') || 0) / 1000),
      CreatedBy: entry.created_by ?? '',
      Id: '<missing>',
      Size: chain === undefined ? 0 : sizeOf(chain),
      Tags: null as string[] | null,
    };
  });
  return lines.reverse();
}

// --- internal ---

/** Old engines say twice, here only, what is missing. */
function found(state: State, name: string): Image {
  try {
    return findImage(state, name);
  } catch (error) {
    if (!(error instanceof ApiError) || isModern(state)) throw error;
    throw new ApiError(error.status, `no such image: ${name}: ${error.message}`);
  }
}

/** Since API 1.50 without what only a container can have. */
function imageConfig(given: Readonly<Record<string, unknown>>, api: number): object {
  const fields = Object.entries(runConfig(given));
  return Object.fromEntries(api < 50 ? fields : fields.filter(([field]) => !CONTAINER_ONLY.has(field)));
}

const CONTAINER_ONLY = new Set(
  'Hostname Domainname AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce Image'.split(' '),
);

const RUN_CONFIG = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

export const runConfig = (given: Readonly<Record<string, unknown>> | null | undefined) => ({
  ...RUN_CONFIG,
  ...given,
});

function graphDriver({ root }: State, chains: readonly string[]) {
  const folders = chains.map((chain) => `${root}/overlay2/${chain.slice(7)}`).reverse();
  const [upper, ...lower] = folders;
  return {
    Data:
      upper === undefined
        ? null
        : {
            ...(lower.length > 0 && { LowerDir: lower.map((folder) => `${folder}/diff`).join(':') }),
            MergedDir: `${upper}/merged`,
            UpperDir: `${upper}/diff`,
            WorkDir: `${upper}/work`,
          },
    Name: 'overlay2',
  };
}

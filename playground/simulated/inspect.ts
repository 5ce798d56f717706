import { ApiError, failure } from './api-error.ts';
import { isModern } from './generation.ts';
import type { Image } from './images.ts';
import { sizeOf } from './list.ts';
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

export function inspectImage(state: State, name: string, api: number) {
  const image = found(state, name);
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: tagsOf(state, image.id).map(familiarName),
    RepoDigests: digestsOf(state, image.id).map(familiarName),
    Parent: image.parent ?? '',
    Comment: config.comment ?? '',
    Created: goTime(config.created),
    ...(api < 45 && { Container: config.container ?? '' }),
    ...(api < 45 && { ContainerConfig: runConfig(config.container_config) }),
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: config.config ? runConfig(config.config) : null,
    Architecture: config.architecture ?? '',
    Os: config.os ?? '',
    Size: sizeOf(state, image),
    ...(api < 44 && { VirtualSize: sizeOf(state, image) }),
    GraphDriver: graphDriver(state, image.chains),
    RootFS: { Type: 'layers', ...(config.rootfs.diff_ids.length > 0 && { Layers: config.rootfs.diff_ids }) },
    Metadata: { LastTagTime: goTime(image.taggedAt) },
  };
}

/** Layer by layer, newest first; ancestors that are there as images are named. */
export function imageHistory(state: State, name: string) {
  const image = findImage(state, name);
  let layer = 0;
  const lines = (image.config.history ?? []).map((entry) => {
    if (!entry.empty_layer && layer >= image.chains.length)
      throw failure('too many non-empty layers in History section');
    const chain = entry.empty_layer ? undefined : image.chains[layer++];
    return {
      Comment: entry.comment ?? '',
      Created: Math.floor((Date.parse(entry.created ?? '') || 0) / 1000),
      CreatedBy: entry.created_by ?? '',
      Id: '<missing>',
      Size: chain === undefined ? 0 : (state.layers.get(chain)?.size ?? 0),
      Tags: null as string[] | null,
    };
  });
  lines.reverse();
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

function graphDriver({ store, root }: State, chains: readonly string[]) {
  if (store === 'containerd') return { Data: null, Name: 'overlayfs' };
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

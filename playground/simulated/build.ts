import type { Buffer } from 'node:buffer';
import { ApiError, failure, notFound } from './api-error.ts';
import { type Instruction, parseDockerfile, parsePairs } from './dockerfile.ts';
import { randomId, sha256 } from './hash.ts';
import { tagImage } from './image-events.ts';
import type { Image, ImageConfig } from './images.ts';
import { type Name, parseName, short } from './names.ts';
import { findImage } from './resolve.ts';
import type { State } from './state.ts';
import { type TarFile, untar } from './untar.ts';

type RunConfig = Record<string, unknown>;

/**
 * The classic builder: each instruction makes an image whose parent is the one before. Nothing is really
 * run: `RUN` adds an empty layer, `COPY` and `ADD` one with the files. Resolves to the answer's lines.
 */
export function* build(
  state: State,
  context: Buffer,
  options: { tags: readonly string[]; file: string; labels: Readonly<Record<string, string>> },
): Generator<object> {
  for (const tag of options.tags) {
    const parsed = parseName(tag);
    if ('error' in parsed) throw failure(parsed.error);
  }
  const files = untar(context);
  if (!files) throw failure('unexpected EOF');
  const dockerfile = files.find(({ path }) => path === options.file);
  if (!dockerfile) throw failure(`Cannot locate specified Dockerfile: ${options.file}`);
  const steps = parseDockerfile(dockerfile.content.toString());
  const more = Object.entries(options.labels).map(
    ([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`,
  );
  if (more.length > 0) steps.push({ name: 'LABEL', text: more.join(' '), line: 0 });
  try {
    yield* run(state, steps, files, options.tags);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    yield { errorDetail: { message: error.message }, error: error.message };
  }
}

// --- internal ---

function* run(
  state: State,
  steps: readonly Instruction[],
  files: readonly TarFile[],
  tags: readonly string[],
) {
  let image: Image | null = null;
  for (const [i, step] of steps.entries()) {
    yield line(`Step ${i + 1}/${steps.length} : ${step.name} ${step.text}`);
    yield line('\n');
    if (step.name === 'FROM') image = startOf(state, step.text);
    else {
      const known: Image | undefined = cached(state, image, step);
      if (known) yield line(' ---> Using cache\n');
      else {
        const container = randomId();
        yield line(` ---> Running in ${short(container)}\n`);
        yield line(`Removing intermediate container ${short(container)}\n`);
      }
      image = known ?? commit(state, image, step, files);
    }
    yield line(` ---> ${image ? short(image.id) : ''}\n`);
  }
  if (!image) throw failure('No image was generated. Is your Dockerfile empty?');
  yield { aux: { ID: image.id } };
  yield line(`Successfully built ${short(image.id)}\n`);
  for (const tag of tags) {
    const name = (parseName(tag) as { name: Name }).name;
    tagImage(state, image.id, name.full, name.tag ?? 'latest');
    yield line(`Successfully tagged ${name.repo}:${name.tag ?? 'latest'}\n`);
  }
}

const line = (stream: string) => ({ stream });

function startOf(state: State, text: string): Image | null {
  const [name = ''] = text.split(/\s/);
  if (name === 'scratch') return null;
  try {
    return findImage(state, name);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw notFound(
      `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
  }
}

/** A child of the image that the same instruction made before. */
function cached(state: State, parent: Image | null, step: Instruction): Image | undefined {
  if (!parent || step.name === 'COPY' || step.name === 'ADD') return undefined;
  const made = createdBy(step);
  return state.images
    .children(parent.id)
    .map((id) => state.images.get(id))
    .find((child) => child?.config.docker_version && child.config.history?.at(-1)?.created_by === made);
}

function createdBy({ name, text }: Instruction): string {
  if (name === 'RUN') return `/bin/sh -c ${text}`;
  if (name !== 'LABEL' && name !== 'ENV') return `/bin/sh -c #(nop)  ${name} ${text}`;
  return `/bin/sh -c #(nop)  ${name} ${parsePairs(text)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')}`;
}

function commit(state: State, parent: Image | null, step: Instruction, files: readonly TarFile[]): Image {
  const created = new Date()
    .toISOString()
    .replace(/Z$/, `${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}Z`);
  const made = createdBy(step);
  const chain = parent?.chains.at(-1) ?? null;
  const layer = layerFor(state, step, files, `${chain} ${created}`);
  if (layer) state.layers.add(chain, layer);
  const container = randomId();
  const config: RunConfig = change({ ...parent?.config.config, ...(parent && { Image: parent.id }) }, step);
  const next: ImageConfig = {
    architecture: parent?.config.architecture ?? 'amd64',
    config,
    container,
    container_config: {
      ...config,
      Hostname: short(container),
      Cmd: ['/bin/sh', '-c', made.slice('/bin/sh -c '.length)],
    },
    created,
    docker_version: state.version,
    history: [
      ...(parent?.config.history ?? []),
      { created, created_by: made, ...(!layer && { empty_layer: true }) },
    ],
    os: 'linux',
    rootfs: {
      type: 'layers',
      diff_ids: [...(parent?.config.rootfs.diff_ids ?? []), ...(layer ? [layer.diffId] : [])],
    },
  };
  const image = state.images.create(JSON.stringify(next));
  if (parent) state.images.setParent(image.id, parent.id);
  return image;
}

function layerFor(_state: State, { name, text }: Instruction, files: readonly TarFile[], seed: string) {
  if (name === 'RUN') return { diffId: sha256(`run ${seed}`), size: 0, files: null, blob: null };
  if (name !== 'COPY' && name !== 'ADD') return null;
  const [source = ''] = text.split(/\s+/);
  const prefix = source.replace(/^\.?\/?/, '').replace(/\/$/, '');
  const taken = files.filter(({ path }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`));
  if (taken.length === 0)
    throw failure(`COPY failed: file not found in build context: stat ${source}: file does not exist`);
  const size = taken.reduce((sum, { content }) => sum + content.length, 0);
  const paths = new Set(taken.map(({ path }) => path));
  return { diffId: sha256(`copy ${seed} ${[...paths].join()}`), size, files: paths, blob: null };
}

function change(config: RunConfig, { name, text }: Instruction): RunConfig {
  if (name === 'LABEL')
    return {
      ...config,
      Labels: { ...(config.Labels as object | null), ...Object.fromEntries(parsePairs(text)) },
    };
  if (name === 'ENV')
    return {
      ...config,
      Env: [...((config.Env as string[] | null) ?? []), ...parsePairs(text).map((pair) => pair.join('='))],
    };
  if (name === 'CMD' || name === 'ENTRYPOINT') {
    const words = text.startsWith('[') ? (JSON.parse(text) as string[]) : ['/bin/sh', '-c', text];
    return { ...config, [name === 'CMD' ? 'Cmd' : 'Entrypoint']: words };
  }
  if (name === 'USER') return { ...config, User: text };
  if (name === 'WORKDIR') return { ...config, WorkingDir: text };
  if (name === 'STOPSIGNAL') return { ...config, StopSignal: text };
  return config;
}

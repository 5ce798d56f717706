import { Buffer } from 'node:buffer';
import { failure } from './api-error.ts';
import { keepNameless } from './containerd/records.ts';
import { type Instruction, parsePairs } from './dockerfile.ts';
import { randomId, sha256 } from './hash.ts';
import type { Image, ImageConfig } from './images.ts';
import { short } from './names.ts';
import type { State } from './state.ts';
import { diskUsage, type TarFile } from './untar.ts';

type RunConfig = Record<string, unknown>;

/** An instruction as the history shows it, with the digest of what it copies. */
export function createdBy(step: Instruction, files: readonly TarFile[]): string {
  const { name, text } = step;
  if (name === 'RUN') return `/bin/sh -c ${text}`;
  if (name === 'COPY' || name === 'ADD') {
    const [source = '', target = ''] = text.split(/\s+/);
    const digest = sha256(contentOf(filesFrom(files, source))).slice('sha256:'.length);
    return `/bin/sh -c #(nop) ${name} file:${digest} in ${target} `;
  }
  if (name !== 'LABEL' && name !== 'ENV') return `/bin/sh -c #(nop)  ${name} ${text}`;
  return `/bin/sh -c #(nop)  ${name} ${parsePairs(text)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')}`;
}

/** Makes the image that an instruction leads to. */
export function commit(
  state: State,
  parent: Image | null,
  step: Instruction,
  files: readonly TarFile[],
): Image {
  const created = new Date()
    .toISOString()
    .replace(/Z$/, `${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}Z`);
  const made = createdBy(step, files);
  const chain = parent?.chains.at(-1) ?? null;
  const layer = layerFor(step, files, `${chain} ${created}`);
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
  const above = parent?.id ?? null;
  if (state.store === 'containerd') keepNameless(state, { id: image.id, parent: above });
  else if (above !== null) state.images.setParent(image.id, above);
  return image;
}

/** What a source of `COPY` means in the context. */
export function filesFrom(files: readonly TarFile[], source: string): readonly TarFile[] {
  const prefix = source.replace(/^\.?\/?/, '').replace(/\/$/, '');
  const taken = files.filter(({ path }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`));
  if (taken.length === 0)
    throw failure(`COPY failed: file not found in build context: stat ${source}: file does not exist`);
  return taken;
}

export const contentOf = (files: readonly TarFile[]) =>
  Buffer.concat(files.flatMap(({ path, content }) => [Buffer.from(`${path}\n`), content]));

// --- internal ---

function layerFor({ name, text }: Instruction, files: readonly TarFile[], seed: string) {
  if (name === 'RUN') return { diffId: sha256(`run ${seed}`), size: 0, usage: 0, files: null, blob: null };
  if (name !== 'COPY' && name !== 'ADD') return null;
  const [source = ''] = text.split(/\s+/);
  const taken = filesFrom(files, source);
  const size = taken.reduce((sum, { content }) => sum + content.length, 0);
  const paths = new Set(taken.map(({ path }) => path));
  return {
    diffId: sha256(`copy ${seed} ${[...paths].join()}`),
    size,
    usage: diskUsage(taken),
    files: paths,
    blob: null,
  };
}

export function change(config: RunConfig, { name, text }: Instruction): RunConfig {
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

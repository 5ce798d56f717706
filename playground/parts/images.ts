import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { imageArchive } from './image-archive.ts';
import type { ImageSpec, LayerSpec } from './image-build.ts';
import { findProgram, isStatic } from './programs.ts';
import { finished } from './progress.ts';
import { tar } from './tar.ts';

export type { ImageSpec, LayerSpec } from './image-build.ts';

/**
 * Loads images in one go, without a registry. Resolves to their full IDs, by the keys of the specs.
 * A layer that the engine doesn't know yet costs some 40 ms, an image of known layers 1 or 2 ms: for thousands
 * of images, let them share layers and differ in `comment`.
 */
export async function loadImages<Key extends string>(
  docker: Docker,
  specs: Readonly<Record<Key, ImageSpec>>,
): Promise<Record<Key, string>> {
  const { ids, manifests, blocks } = imageArchive(specs);
  await finished(
    docker,
    await docker.loadImage(Readable.from(blocks(), { objectMode: false }), { quiet: true }),
  );
  return ((await hasContainerdStore(docker)) ? manifests : ids) as Record<Key, string>;
}

/** True, or a sentence that says what to install for containers that run. */
export function busyboxAvailable(): true | string {
  if (staticBusybox() !== undefined) return true;
  return 'There is no statically linked busybox: run `apt-get install busybox-static`.';
}

/** The layer that makes an image runnable: busybox, and some of its commands in `/bin`. */
function busyboxLayer(): LayerSpec {
  if (runnable) return runnable;
  const content = staticBusybox();
  if (content === undefined) throw new Error(String(busyboxAvailable()));
  const links = ['sh', 'sleep', 'true', 'false', 'echo', 'cat', 'ls', 'rm', 'dd', 'touch'];
  runnable = {
    name: 'busybox',
    files: [
      { path: 'bin/busybox', content },
      ...links.map((name) => ({ path: `bin/${name}`, link: 'busybox' })),
    ],
  };
  return runnable;
}

/** A runnable image, with more layers on top when wished. It sleeps unless told otherwise. */
export function busyboxImage(tags: readonly string[], more: Partial<ImageSpec> = {}): ImageSpec {
  return { cmd: ['sleep', '1000000'], ...more, tags, layers: [busyboxLayer(), ...(more.layers ?? [])] };
}

/** Builds an image on another one with the classic builder, which sets its Parent. Resolves to the full ID. */
export async function buildChild(
  docker: Docker,
  parent: string,
  options: { readonly tag?: string; readonly label: string },
): Promise<string> {
  const dockerfile = `FROM ${parent}\nLABEL dimg.child=${JSON.stringify(options.label)}\n`;
  const context = Readable.from([tar([{ path: 'Dockerfile', content: dockerfile }])], { objectMode: false });
  const stream = await docker.buildImage(context, { version: '1', ...(options.tag && { t: options.tag }) });
  const events = await finished(docker, stream);
  const id = events.map((event) => event.aux?.ID).findLast((found) => found !== undefined);
  if (id === undefined) throw new Error(`The build on ${parent} gave no image.`);
  return id;
}

// --- internal ---

const stores = new WeakMap<Docker, Promise<boolean>>();

/** Whether an engine keeps images in containerd's store rather than with a graph driver. */
function hasContainerdStore(docker: Docker): Promise<boolean> {
  const asked = stores.get(docker) ?? docker.info().then((info) => isContainerdStore(info.DriverStatus));
  stores.set(docker, asked);
  return asked;
}

// What Docker's own client looks for.
const isContainerdStore = (status: readonly (readonly [string, string])[] | null) =>
  status?.some(([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1') ?? false;

let busybox: Buffer | undefined;
let runnable: LayerSpec | undefined;

function staticBusybox(): Buffer | undefined {
  const path = findProgram('busybox');
  if (path !== undefined && isStatic(path)) busybox ??= readFileSync(path);
  return busybox;
}

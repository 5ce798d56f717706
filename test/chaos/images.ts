import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { busyboxImage, loadImages } from '../../playground/parts/images.ts';
import type { ImageDraw } from './schedule.ts';

/** Puts a schedule's images on an engine, and containers on some. Resolves to their IDs by their keys. */
export async function stock(docker: Docker, draws: readonly ImageDraw[]): Promise<Record<string, string>> {
  const specs = Object.fromEntries(
    draws.map(({ key, tags, layers, container }) => {
      // To load a layer takes some time, to load an image of known ones takes none.
      const comment = key;
      const own = layers.map((name) => ({ name, bytes: 1500 }));
      return [
        key,
        container === 'running'
          ? busyboxImage(tags, { layers: own, comment })
          : { tags, layers: own, comment, cmd: ['none'] },
      ];
    }),
  );
  const ids = await loadImages(docker, specs);
  await Promise.all(
    draws.flatMap(({ key, container }) =>
      container === undefined ? [] : [use(docker, ids[key] as string, container)],
    ),
  );
  return ids;
}

/** Takes everything away, by the engine's own prune, which dimg never uses. */
export async function empty(docker: Docker): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const containers = await docker.listContainers({ all: true });
      await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
      await docker.pruneImages({ filters: { dangling: ['false'] } });
      const left = await docker.listImages();
      if (left.length === 0) return;
      await Promise.all(left.map(({ Id }) => docker.getImage(Id).remove({ force: true })));
    } catch (error) {
      if (tries >= 5) throw error;
    }
    await sleep(200);
  }
}

// --- internal ---

async function use(docker: Docker, Image: string, how: 'running' | 'stopped'): Promise<void> {
  const container = await docker.createContainer({ Image, HostConfig: { NetworkMode: 'none' } });
  if (how === 'running') await container.start();
}

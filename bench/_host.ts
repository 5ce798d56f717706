import { runContainer } from '../playground/parts/containers.ts';
import { type Engine, startEngine } from '../playground/parts/engine.ts';
import { RELEASES, type Release } from '../playground/parts/engine-release.ts';
import { writeImages } from '../playground/parts/host-writer.ts';
import { type ImageSpec, loadImages } from '../playground/parts/images.ts';
import type { Scope } from '../playground/parts/scope.ts';

/** The kinds of engine there are. */
export const KINDS = Object.keys(RELEASES);

/** The release of this name. Throws with the names there are. */
function releaseOf(name: string): Release {
  if (!Object.hasOwn(RELEASES, name))
    throw new Error(`There is no engine ${name}, only ${KINDS.join(', ')}.`);
  return name as Release;
}

/**
 * Starts an engine that has these images, and a created container on each tag of `inUse`. A graph driver's are written
 * onto the disk; the containerd store gets them in one load, since there each call costs more than its images.
 */
export async function startHost(
  scope: Scope,
  kind: string,
  host: { specs: Readonly<Record<string, ImageSpec>>; inUse: readonly string[] },
): Promise<Engine> {
  const engine = await startEngine(scope, { name: 'host-1', release: releaseOf(kind) });
  if (engine.store === 'graph driver') {
    await engine.stop();
    writeImages(engine, host.specs);
    await engine.restart();
  } else await loadImages(engine.docker, host.specs);
  for (const image of host.inUse) await runContainer(engine.docker, { image, state: 'created' });
  return engine;
}

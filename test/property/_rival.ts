import type Docker from 'dockerode';
import { runContainer } from '../../playground/parts/containers.ts';
import { buildChild } from '../../playground/parts/images.ts';
import { pullImage } from '../../playground/parts/registry.ts';
import type { Random } from './_random.ts';

/** Something that another client did to an image of the plan; `ok`: the engine took it. */
export type Deed = {
  what: 'container' | 'run' | 'tag' | 'move' | 'untag' | 'delete' | 'build' | 'pull' | 'retag';
  image: string;
  /** The image that a moved or pulled name means from then on. */
  to?: string;
  /** What it gave or took, where it is a name; or the container's. */
  name: string;
  ok: boolean;
};

/**
 * Another client of the engine, that does to planned images what may come in between: containers, names given, moved
 * and taken away, builds, pulls and deletions. It keeps a record of its own.
 */
export function openRival(
  docker: Docker,
  random: Random,
  options: { runnable: string; pullable: { name: string; image: string } | null },
) {
  const deeds: Deed[] = [];
  // Names of their own each time: one that is given to an image in the instant of its deletion can outlive it in the
  // engine, and is there again with the next image of that ID.
  let count = random.below(1_000_000) * 1000;

  const attempt = async (deed: Omit<Deed, 'ok'>, work: () => Promise<unknown>): Promise<void> => {
    const entry = { ...deed, ok: true };
    deeds.push(entry);
    try {
      await work();
    } catch {
      entry.ok = false;
    }
  };

  /** One random deed on an image with these names. */
  const act = async (image: string, tags: readonly string[]): Promise<void> => {
    const n = ++count;
    const tag = tags.length > 0 ? random.pick(tags) : null;
    const what = random.pick([
      'container',
      'container',
      'tag',
      'retag',
      'move',
      'untag',
      'delete',
      'build',
      'pull',
      'run',
    ] as const);
    const it = docker.getImage(image);
    switch (what) {
      case 'container':
        return attempt({ what, image, name: `r${n}` }, () =>
          runContainer(docker, { image: tag ?? image, name: `r${n}`, state: 'created' }),
        );
      case 'run':
        if (image !== options.runnable)
          return attempt({ what: 'container', image, name: `r${n}` }, () =>
            runContainer(docker, { image, name: `r${n}`, state: 'created' }),
          );
        return attempt({ what, image, name: `r${n}` }, () => runContainer(docker, { image, name: `r${n}` }));
      case 'tag':
        return attempt({ what, image, name: `new:${n}` }, () => it.tag({ repo: 'new', tag: String(n) }));
      case 'retag':
        if (!tag) return act(image, tags);
        return attempt({ what, image, name: tag }, () => it.tag(split(tag)));
      case 'move':
        if (!tag || image === options.runnable) return act(image, tags);
        return attempt({ what, image, name: tag, to: options.runnable }, () =>
          docker.getImage(options.runnable).tag(split(tag)),
        );
      case 'untag':
        if (tags.length < 2 || !tag) return act(image, tags);
        return attempt({ what, image, name: tag }, () => docker.getImage(tag).remove({ noprune: true }));
      case 'delete':
        return attempt({ what, image, name: image }, () => it.remove({ force: true, noprune: true }));
      case 'build':
        return attempt({ what, image, name: `built:${n}` }, () =>
          buildChild(docker, tag ?? image, { label: `rival ${n}`, tag: `built:${n}` }),
        );
      case 'pull': {
        const { pullable } = options;
        if (!pullable) return act(image, tags);
        const { name, image: to } = pullable;
        return attempt({ what, image, name, to }, () => pullImage(docker, name));
      }
    }
  };
  return { deeds, act };
}

// --- internal ---

function split(reference: string): { repo: string; tag: string } {
  const colon = reference.lastIndexOf(':');
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

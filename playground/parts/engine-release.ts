import { spawnSync } from 'node:child_process';
import type { Suite } from './engine-root.ts';
import { findProgram } from './programs.ts';

/** The engines that the product is tested on, oldest first; 28.5 has both image stores. */
export const RELEASES = {
  '20.10': { suite: 'bookworm', containerd: false },
  '26.1': { suite: 'trixie', containerd: false },
  '28.5': { suite: 'sid', containerd: false },
  '28.5-containerd': { suite: 'sid', containerd: true },
} as const satisfies Record<string, { suite: Suite; containerd: boolean }>;
export type Release = keyof typeof RELEASES;

/** The release that a new engine is of: this machine's own is `undefined`, also where `DIMG_ENGINE` asks for just that. */
export function releaseAskedFor(): Release | undefined {
  const asked = process.env.DIMG_ENGINE;
  if (!asked) return undefined;
  if (!Object.hasOwn(RELEASES, asked))
    throw new Error(`DIMG_ENGINE: there is no ${asked}, only ${Object.keys(RELEASES).join(', ')}.`);
  return asked === ownRelease() ? undefined : (asked as Release);
}

/** What this machine's own engine is, as it is started here: on a graph driver. Nothing where it is none of ours. */
export function ownRelease(): Release | undefined {
  const dockerd = findProgram('dockerd');
  if (dockerd === undefined) return undefined;
  own ??= / version (\d+\.\d+)/.exec(spawnSync(dockerd, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
  return own !== undefined && Object.hasOwn(RELEASES, own) ? (own as Release) : undefined;
}

// --- internal ---

let own: string | undefined;

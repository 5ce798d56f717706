import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startAnyEngine } from '../../playground/parts/any-engine.ts';
import type { Child } from '../../playground/parts/child.ts';
import { finished } from '../../playground/parts/progress.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../playground/parts/registry.ts';
import { type Front, startFront } from '../../playground/parts/registry-front.ts';
import { openPusher, type Pushed } from '../../playground/parts/registry-push.ts';
import type { Scope } from '../../playground/parts/scope.ts';
import { openStage, type StageOptions } from './_world.ts';

const DAY = 86_400_000;
export const ago = (days: number): Date => new Date(Date.now() - days * DAY);
export const layers = (name: string, bytes = 20_000) => [{ name, bytes }];
/** As rows show a digest. */
export const short = ({ digest }: Pick<Pushed, 'digest'>): string => digest.slice(7, 19);

export interface There {
  name: string;
  url: string;
  repositories?: readonly string[];
  /** A file. */
  credentials?: string;
}

export type RegistryStage = Awaited<ReturnType<typeof openRegistryStage>>;

/**
 * A stage with a real registry, once as `main` and once as `front` through what can break it and adds to it, an agent without
 * an engine for both, and an engine of nobody's that pulls.
 */
export async function openRegistryStage(
  name: string,
  options: Partial<StageOptions> & {
    registry?: RegistryOptions;
    /** More registries that this agent serves. */
    more?(parts: { registry: Registry; front: Front; scope: Scope }): Promise<There[]> | There[];
    /** More of its configuration. */
    agent?(registry: Registry): object;
  } = {},
) {
  const { registry: how, more, agent, ...rest } = options;
  const stage = await openStage(name, { hosts: ['host-1'], ...rest });
  const [registry, puller] = await Promise.all([
    startRegistry(stage.scope, how),
    startAnyEngine(stage.scope, { name: 'puller', kind: 'real' }),
  ]);
  const front = await startFront(stage.scope, registry);
  const there: There[] = [
    { name: 'main', url: registry.url },
    { name: 'front', url: front.url },
    ...((await more?.({ registry, front, scope: stage.scope })) ?? []),
  ];
  const config = join(stage.scope.dir, 'beside.yaml');
  const registries = there.map((one) => ({ repositories: ['team/**'], ...one }));
  writeFileSync(config, JSON.stringify({ engine: false, 'min-age': '0s', ...agent?.(registry), registries }));
  let beside: Child | undefined;
  const startBeside = async (env: Record<string, string> = {}) => {
    beside = await stage.world.startAgent('beside', { DIMG_AGENT_CONFIG: config, ...env });
  };
  await startBeside();

  const ask = (path: string) => fetch(`${registry.url}/v2/${path}`, { headers: { accept: TYPES } });
  const pull = async (reference: string, platform?: string) => {
    for (const { Id } of await puller.docker.listImages({ all: true }))
      await puller.docker.getImage(Id).remove({ force: true });
    await finished(puller.docker, await puller.docker.pull(reference, platform ? { platform } : {}));
    return puller.docker.getImage(reference).inspect();
  };

  /** Tags with the digests that the registry gives for them. */
  const tagsIn = async (repository: string): Promise<Record<string, string>> => {
    const { tags } = (await (await ask(`${repository}/tags/list`)).json()) as { tags: string[] | null };
    const all: Record<string, string> = {};
    for (const tag of (tags ?? []).sort())
      all[tag] = (await ask(`${repository}/manifests/${tag}`)).headers.get('docker-content-digest') ?? '';
    return all;
  };

  /** All that belongs to it is there, and an engine pulls each of its platforms. */
  const expectWhole = async (repository: string, reference: string): Promise<void> => {
    const answer = await ask(`${repository}/manifests/${reference}`);
    expect([repository, reference, answer.status]).toEqual([repository, reference, 200]);
    const content = (await answer.json()) as Content;
    for (const { digest } of [...(content.config ? [content.config] : []), ...(content.layers ?? [])])
      expect([digest, (await ask(`${repository}/blobs/${digest}`)).status]).toEqual([digest, 200]);
    const name = `${registry.host}/${repository}:${reference}`;
    for (const child of content.manifests ?? []) {
      await expectWhole(repository, child.digest);
      const { os = 'unknown', architecture } = child.platform ?? {};
      if (os === 'unknown' || reference.startsWith('sha256:')) continue;
      expect(await pull(name, `${os}/${architecture}`)).toMatchObject({ Architecture: architecture });
    }
    if (
      content.layers?.some(({ mediaType }) => /tar.gzip$/.test(mediaType)) &&
      !/^sha256[-:]/.test(reference)
    )
      await pull(name);
  };

  return {
    ...stage,
    ...{ registry, front, puller, tagsIn, expectWhole, startBeside },
    pusher: openPusher({ url: registry.url }),
    beside() {
      if (!beside) throw new Error('The agent of the registry was not started.');
      return beside;
    },
    /** Whether a manifest is there. */
    has: async (repository: string, { digest }: Pick<Pushed, 'digest'>) =>
      (await ask(`${repository}/manifests/${digest}`)).status === 200,
    /** The tags, after a garbage collection of the registry's own: all of them are pulled by a real engine. */
    async collected(repository: string): Promise<Record<string, string>> {
      await registry.collectGarbage();
      const tags = await tagsIn(repository);
      for (const tag of Object.keys(tags)) await expectWhole(repository, tag);
      return tags;
    },
    /** Ends a plan that was only to be looked at. */
    async drop(card: Awaited<ReturnType<typeof stage.ana.asks>>) {
      await stage.ana.presses(card, 'Cancel');
      await card.ends();
      return card.versions().findLast(({ state }) => state === 'proposed') ?? card.now();
    },
    /** Asks, has bo approve, and gives how it was proposed and how it ended. */
    async does(line: string) {
      const card = await stage.ana.asks(line);
      const plan = card.now();
      if (plan.state !== 'proposed') throw new Error(plan.lines.join('\n'));
      await stage.bo.presses(card, 'Approve');
      return { card, plan: plan.lines.join('\n'), end: await card.ends() };
    },
    /** What `registry tags` says, once it says this too: hosts tell a moment later what they have. */
    async toldOnce(line: string, what: RegExp): Promise<string> {
      for (const end = performance.now() + 15_000; ; ) {
        const told = await stage.ana.told(line);
        if (what.test(told) || performance.now() > end) {
          expect(told).toMatch(what);
          return told;
        }
      }
    },
  };
}

// --- internal ---

const TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

type Content = {
  config?: Pushed;
  layers?: Pushed[];
  manifests?: (Pushed & { platform?: { os: string; architecture: string } })[];
};

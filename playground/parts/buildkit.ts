import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import { type TarEntry, tar } from './tar.ts';

export type CacheRecord = {
  readonly ID: string;
  readonly LastUsedAt: string | null;
  readonly Size: number;
  readonly InUse: boolean;
  readonly Shared: boolean;
};

/** The build cache as the engine lists it. */
export async function cacheRecords({ docker }: Pick<Engine, 'docker'>): Promise<readonly CacheRecord[]> {
  const { BuildCache } = (await docker.df()) as unknown as { BuildCache: CacheRecord[] | null };
  return BuildCache ?? [];
}

/**
 * Builds with BuildKit, which leaves records in the build cache: `FROM scratch`, and a `COPY` for each file. Resolves
 * when the image is there and no record is in use any more; rejects with what the engine said.
 */
export async function buildWithCache(
  engine: Pick<Engine, 'socket' | 'docker'>,
  options: {
    readonly tag: string;
    readonly files: readonly { readonly name: string; readonly bytes: number }[];
  },
): Promise<void> {
  const { tag, files } = options;
  const copies = files.map(({ name }) => `COPY ${name} /${name}`);
  const context: TarEntry[] = [
    { path: 'Dockerfile', content: ['FROM scratch', ...copies, ''].join('\n') },
    ...files.map(({ name, bytes }) => ({ path: name, content: Buffer.alloc(bytes, `${name} `) })),
  ];
  await post(engine.socket, tag, tar(context));
  // Records take their last form, with another ID, once the build has let go of them.
  while ((await cacheRecords(engine)).some(({ InUse }) => InUse)) await sleep(20);
}

// --- internal ---

function post(socketPath: string, tag: string, context: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ socketPath, method: 'POST', agent: false },
        // Without a session the context comes with the request, as with the classic builder.
        path: `/build?version=2&t=${encodeURIComponent(tag)}`,
        headers: { host: 'docker', 'content-type': 'application/x-tar' },
      },
      (response) => {
        response.toArray().then((chunks) => {
          const text = chunks.join('');
          if (response.statusCode === 200 && !text.includes('"error"')) resolve();
          else reject(new Error(`The build of ${tag} failed: ${text.slice(-500)}`));
        }, reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(context);
  });
}

import { request } from 'node:http';
import type { Engine } from './engine.ts';
import { type TarEntry, tar } from './tar.ts';

/**
 * Builds with BuildKit, which leaves records in the build cache: `FROM scratch`, and a `COPY` for each file. Resolves
 * when the image is there; rejects with what the engine said.
 */
export function buildWithCache(
  { socket }: Pick<Engine, 'socket'>,
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
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ socketPath: socket, method: 'POST', agent: false },
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
    outgoing.end(tar(context));
  });
}

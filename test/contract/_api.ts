import { request } from 'node:http';
import type { Engine } from '../../playground/parts/engine.ts';
import type { Said } from './dialect/index.ts';

/** What the contract needs of an engine: both kinds have it. */
export type Subject = Pick<Engine, 'name' | 'socket' | 'docker'>;

export type Reply = { readonly status: number; readonly body: unknown; readonly text: string };

export type Api = ReturnType<typeof openApi>;

/** The Engine API as it is on the wire: no client that smooths anything over. */
export function openApi({ socket }: Pick<Subject, 'socket'>) {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    new Promise<Reply>((resolve, reject) => {
      const content = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
      const type = body instanceof Uint8Array ? 'application/x-tar' : 'application/json';
      const outgoing = request(
        {
          socketPath: socket,
          method,
          path,
          agent: false,
          headers: { host: 'docker', ...(body !== undefined && { 'content-type': type }), ...headers },
        },
        (response) => {
          response.toArray().then((chunks) => {
            const text = chunks.join('');
            resolve({ status: response.statusCode ?? 0, body: parse(text), text });
          }, reject);
        },
      );
      outgoing.once('error', reject);
      outgoing.end(content);
    });
  return {
    get: (path: string) => call('GET', path),
    post: (path: string, body?: unknown, headers?: Record<string, string>) =>
      call('POST', path, body, headers),
    delete: (path: string) => call('DELETE', path),
    call,
    /** The images with everything, as `{id, tags, …}` in the order of their IDs. */
    async images(query = 'all=1'): Promise<ListedImage[]> {
      const { body } = await call('GET', `/images/json?${query}`);
      return (body as ListedImage[]).sort((a, b) => (a.Id < b.Id ? -1 : 1));
    },
  };
}

export type ListedImage = {
  Id: string;
  ParentId: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Created: number;
  Size: number;
  SharedSize: number;
  VirtualSize?: number;
  Containers: number;
  Labels: Record<string, string> | null;
};

export const filters = (value: object) => `filters=${encodeURIComponent(JSON.stringify(value))}`;

/** A refusal in the engine's words, with what stands in them. */
export function saying({ status, says }: Said, names: Readonly<Record<string, string>> = {}) {
  const message = says.replace(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
  return { status, body: { message } };
}

export const short = (id: string) => id.replace('sha256:', '').slice(0, 12);

/** Takes everything away, so that the next test begins with nothing. */
export async function empty(api: Api): Promise<void> {
  const containers = (await api.get('/containers/json?all=1')).body as { Id: string }[];
  for (const { Id } of containers) await api.delete(`/containers/${Id}?force=1&v=1`);
  for (let round = 0, left = await api.images(); left.length > 0 && round < 20; round++) {
    for (const { Id } of left) await api.delete(`/images/${Id}?force=1`);
    left = await api.images();
  }
}

// --- internal ---

/** One JSON value, or a line each, or just text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const lines = text.trim().split('\n');
    try {
      return lines.map((line) => JSON.parse(line));
    } catch {
      return text;
    }
  }
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import type { Slack } from '../slack/index.ts';
import { bundle } from './bundle.ts';
import { deedSchema, perform } from './deeds.ts';
import { HEADERS, isForeign, PAGE } from './guard.ts';
import { type Engines, watchHosts } from './hosts.ts';
import type { Registries } from './registries.ts';
import { fileFor } from './scene.ts';
import type { Deed, HostsScene } from './shapes.ts';
import { createStreams } from './streams.ts';

interface PageOptions {
  slack: Slack;
  /** Looked up again at every poll, so engines may come later. */
  engines: Engines;
  /** None by default. */
  registries?: Registries;
  kind: HostsScene['kind'];
  /** Tried first; another one is taken where somebody has it. */
  port?: number;
}

/** Serves the page on 127.0.0.1: the channel as each person sees it, and beside it what the engines say themselves. */
export async function startPage({ slack, engines, registries = new Map(), kind, port = 0 }: PageOptions) {
  const { script, style } = await bundle();
  const streams = createStreams(slack);
  const hosts = watchHosts({
    engines,
    registries,
    kind,
    watched: streams.watched,
    changed: streams.tellHosts,
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = isForeign(request);
    if (foreign) return send(response, 403, 'text/plain', foreign);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const me = url.searchParams.get('as') ?? '';
    const route = `${request.method} ${url.pathname.replace(/(?<=^\/files\/).+/, ':id')}`;
    switch (route) {
      case 'GET /':
        return send(response, 200, 'text/html', PAGE);
      case 'GET /page.js':
        return send(response, 200, 'text/javascript', script);
      case 'GET /style.css':
        return send(response, 200, 'text/css', style);
      case 'GET /favicon.ico':
        return send(response, 204, 'image/x-icon', '');
      case 'GET /scene':
        if (!isPerson(slack, me)) return send(response, 404, 'text/plain', 'There is no such person here.');
        return streams.open(me, response, hosts.scene());
      case 'GET /files/:id': {
        const file = fileFor(slack, me, decodeURIComponent(url.pathname.slice('/files/'.length)));
        if (!file) return send(response, 404, 'text/plain', 'There is no such file here.');
        const name = file.name.replace(/[^\w.-]/g, '_');
        response.setHeader('content-disposition', `attachment; filename="${name}"`);
        return send(response, 200, 'application/octet-stream', file.content);
      }
      case 'POST /deeds': {
        if (!isPerson(slack, me)) return send(response, 404, 'text/plain', 'There is no such person here.');
        const deed = deedSchema.safeParse(JSON.parse(await readAll(request)));
        if (!deed.success) return send(response, 400, 'text/plain', 'This is nothing that a page does.');
        const result = await perform(slack, me, deed.data as Deed).catch((error: Error) => ({
          error: error.message,
        }));
        return send(response, 200, 'application/json', JSON.stringify(result));
      }
      default:
        return send(response, 404, 'text/plain', 'There is nothing here.');
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, 'text/plain', error.message);
    });
  });
  await listen(server, port).catch(() => listen(server, 0));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close(): Promise<void> {
      hosts.close();
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// --- internal ---

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  const text = type.startsWith('text/') || type === 'application/json';
  response
    .writeHead(status, { ...HEADERS, 'content-type': text ? `${type}; charset=utf-8` : type })
    .end(body);
}

function isPerson(slack: Slack, id: string): boolean {
  const user = slack.world.users.get(id);
  return user !== undefined && !user.is_bot && !user.deleted;
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

import type { ServerResponse } from 'node:http';
import type { Slack } from '../slack/index.ts';
import { HEADERS } from './guard.ts';
import { sceneFor } from './scene.ts';
import type { HostsScene } from './shapes.ts';

/** Many entries of the record belong to one change. */
const TOGETHER_MS = 50;
const ALIVE_MS = 15_000;

/** Open pages, each with the person who looks: all of them hear at once of what they see. */
export function createStreams(slack: Slack) {
  const open = new Map<ServerResponse, string>();
  let timer: NodeJS.Timeout | undefined;

  const stop = slack.onChange(({ kind }) => {
    if (kind !== 'message' && kind !== 'view' && kind !== 'file') return;
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const [response, me] of open) tell(response, 'scene', sceneFor(slack, me));
    }, TOGETHER_MS);
  });
  const alive = setInterval(() => {
    for (const response of open.keys()) response.write(':\n\n');
  }, ALIVE_MS);

  return {
    open(me: string, response: ServerResponse, hosts: HostsScene): void {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
      open.set(response, me);
      response.on('close', () => open.delete(response));
      response.write('retry: 500\n\n');
      tell(response, 'scene', sceneFor(slack, me));
      tell(response, 'hosts', hosts);
    },
    tellHosts(scene: HostsScene): void {
      for (const response of open.keys()) tell(response, 'hosts', scene);
    },
    watched: () => open.size > 0,
    close(): void {
      stop();
      clearTimeout(timer);
      clearInterval(alive);
      for (const response of open.keys()) response.end();
    },
  };
}

// --- internal ---

function tell(response: ServerResponse, event: 'scene' | 'hosts', data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

import { badRequest, failure } from './api-error.ts';
import { inspectContainer } from './container-inspect.ts';
import * as lifecycle from './container-lifecycle.ts';
import * as containers from './containers.ts';
import { listContainers } from './containers-list.ts';
import { isRunning } from './delete-records.ts';
import { type Answer, type Exchange, isTrue, jsonBody } from './exchange.ts';
import { acceptOnly, labelsMatch, parseFilters, parseMoment } from './filters.ts';
import { isModern } from './generation.ts';
import type { Route } from './routes.ts';
import type { Container } from './state.ts';

export const containerRoutes: readonly Route[] = [
  [
    'GET',
    /^\/containers\/json$/,
    ({ state, query }) => ({
      json: listContainers(state, {
        all: isTrue(query, 'all'),
        size: isTrue(query, 'size'),
        limit: Number(query.get('limit') ?? 0),
        filters: parseFilters(state, query.get('filters')),
      }),
    }),
  ],
  [
    'POST',
    /^\/containers\/create$/,
    async (exchange) => {
      const request = await jsonBody(exchange);
      if (request === null)
        throw isModern(exchange.state)
          ? badRequest('invalid JSON: got EOF while reading request body')
          : failure('EOF');
      const { id } = containers.createContainer(exchange.state, request, exchange.query.get('name') ?? '');
      return { json: { Id: id, Warnings: [] }, status: 201 };
    },
  ],
  ['POST', /^\/containers\/prune$/, prune],
  [
    'GET',
    /^\/containers\/([^/]+)\/json$/,
    on(({ state, query }, container) => ({
      json: inspectContainer(state, container, isTrue(query, 'size')),
    })),
  ],
  [
    'POST',
    /^\/containers\/([^/]+)\/start$/,
    on(({ state }, container) => changed(lifecycle.startContainer(state, container))),
  ],
  [
    'POST',
    /^\/containers\/([^/]+)\/stop$/,
    on(({ state }, container) => changed(lifecycle.stopContainer(state, container))),
  ],
  [
    'POST',
    /^\/containers\/([^/]+)\/restart$/,
    on(({ state }, container) => {
      lifecycle.stopContainer(state, container);
      lifecycle.startContainer(state, container);
      return { empty: 204 };
    }),
  ],
  [
    'POST',
    /^\/containers\/([^/]+)\/kill$/,
    ({ state, query, params: [name = ''] }) => {
      lifecycle.killContainer(state, name, query.get('signal') || 'SIGKILL');
      return { empty: 204 };
    },
  ],
  ['POST', /^\/containers\/([^/]+)\/pause$/, on(done(lifecycle.pauseContainer))],
  ['POST', /^\/containers\/([^/]+)\/unpause$/, on(done(lifecycle.unpauseContainer))],
  [
    'POST',
    /^\/containers\/([^/]+)\/rename$/,
    on(({ state, query }, container) => {
      containers.renameContainer(state, container, query.get('name') ?? '');
      return { empty: 204 };
    }),
  ],
  ['POST', /^\/containers\/([^/]+)\/wait$/, on(wait)],
  [
    'DELETE',
    /^\/containers\/([^/]+)$/,
    on(({ state, query, params: [asked = ''] }, container) => {
      lifecycle.removeContainer(state, container, isTrue(query, 'force'), asked);
      return { empty: 204 };
    }),
  ],
];

// --- internal ---

type OnContainer = (exchange: Exchange, container: Container) => Answer;

function on(handler: OnContainer) {
  return (exchange: Exchange) =>
    handler(exchange, containers.findContainer(exchange.state, exchange.params[0] ?? ''));
}

function done(change: (state: Exchange['state'], container: Container) => void): OnContainer {
  return ({ state }, container) => {
    change(state, container);
    return { empty: 204 };
  };
}

const changed = (yes: boolean): Answer => ({ empty: yes ? 204 : 304 });

/** The head is sent at once, the exit code when there is one. */
function wait({ state, query, response }: Exchange, container: Container): Answer {
  const asked = query.get('condition') || 'not-running';
  const known = ['not-running', 'next-exit', 'removed'].includes(asked);
  if (!known && isModern(state)) throw badRequest(`invalid condition: ${JSON.stringify(asked)}`);
  const condition = known ? asked : 'not-running';
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const finish = () => response.end(`${JSON.stringify({ Error: null, StatusCode: container.exitCode })}\n`);
  if (condition === 'not-running' && !isRunning(container)) {
    finish();
    return 'streaming';
  }
  const tell = (event: 'exited' | 'removed') => {
    if (condition === 'removed' && event !== 'removed') return;
    container.waiting.delete(tell);
    finish();
  };
  container.waiting.add(tell);
  response.once('close', () => container.waiting.delete(tell));
  return 'streaming';
}

function prune({ state, query }: Exchange): Answer {
  const filters = parseFilters(state, query.get('filters'));
  acceptOnly(state, filters, 'label', 'label!', 'until');
  const [text] = filters.get('until') ?? [];
  const until = text === undefined ? Date.now() : (parseMoment(text, Date.now()) ?? 0);
  const unwanted = filters.get('label!');
  const gone = [...state.containers.values()].filter(
    (container) =>
      !isRunning(container) &&
      container.createdAt.getTime() <= until &&
      labelsMatch(filters.get('label'), container.labels) &&
      !(unwanted && labelsMatch(unwanted, container.labels)),
  );
  for (const container of gone) lifecycle.removeContainer(state, container, false, container.name);
  state.events.log({ type: 'container', action: 'prune', id: '', attributes: { reclaimed: '0' } });
  return {
    json: { ContainersDeleted: gone.length > 0 ? gone.map(({ id }) => id) : null, SpaceReclaimed: 0 },
  };
}

import { badRequest } from './api-error.ts';
import { build } from './build.ts';
import { buildKit } from './buildkit.ts';
import { commitContainer } from './commit.ts';
import { deleteImage } from './delete.ts';
import { type Exchange, isTrue, jsonBody } from './exchange.ts';
import { type Filters, parseFilters } from './filters.ts';
import { isModern } from './generation.ts';
import { tagImage } from './image-events.ts';
import { imageHistory, inspectImage } from './inspect.ts';
import { listImages } from './list.ts';
import { loadArchive } from './load.ts';
import { pruneImages } from './prune.ts';
import { distribution, pull } from './pull.ts';
import { push } from './push.ts';
import type { Route } from './routes.ts';

export const imageRoutes: readonly Route[] = [
  ['GET', /^\/images\/json$/, (exchange) => ({ json: list(exchange) })],
  [
    'GET',
    /^\/images\/(.*)\/json$/,
    ({ state, api, params: [name = ''] }) => ({ json: inspectImage(state, name, api) }),
  ],
  [
    'GET',
    /^\/images\/(.*)\/history$/,
    ({ state, params: [name = ''] }) => ({ json: imageHistory(state, name) }),
  ],
  [
    'POST',
    /^\/images\/load$/,
    async ({ state, body }) => {
      // All at once, so that nobody sees half of it; errors are lines of an answer that began with 200.
      const archive = await body();
      return { lines: [...loadArchive(state, archive)] };
    },
  ],
  ['POST', /^\/images\/create$/, pull],
  [
    'POST',
    /^\/images\/prune$/,
    ({ state, query }) => ({ json: pruneImages(state, parseFilters(state, query.get('filters'))) }),
  ],
  ['POST', /^\/images\/(.*)\/push$/, push],
  [
    'POST',
    /^\/images\/(.*)\/tag$/,
    ({ state, query, params: [name = ''] }) => {
      const repo = query.get('repo') ?? '';
      // Newer engines take no name for no tag.
      if (repo === '' && isModern(state)) return { empty: 200 };
      tagImage(state, name, repo, query.get('tag') ?? '');
      return { empty: 201 };
    },
  ],
  [
    'DELETE',
    /^\/images\/(.*)$/,
    ({ state, query, params: [name = ''] }) => {
      if (name.trim() === '') throw badRequest('image name cannot be blank');
      const options = { force: isTrue(query, 'force'), noprune: isTrue(query, 'noprune') };
      return { json: deleteImage(state, name, options) };
    },
  ],
  ['GET', /^\/distribution\/(.*)\/json$/, distribution],
  [
    'POST',
    /^\/build$/,
    async ({ state, query, body }) => {
      const context = await body();
      const labels = JSON.parse(query.get('labels') || '{}') as Record<string, string>;
      const file = query.get('dockerfile') || 'Dockerfile';
      const options = { tags: query.getAll('t'), file, labels };
      const builder = query.get('version') === '2' ? buildKit : build;
      return { lines: [...builder(state, context, options)] };
    },
  ],
  [
    'POST',
    /^\/commit$/,
    async (exchange) => ({
      json: { Id: commitContainer(exchange.state, exchange.query, await jsonBody(exchange)) },
      status: 201,
    }),
  ],
];

// --- internal ---

function list({ state, api, query }: Exchange) {
  const filters: Filters = parseFilters(state, query.get('filters'));
  const name = api < 28 ? query.get('filter') : null;
  return listImages(state, {
    all: isTrue(query, 'all'),
    filters: name ? new Map([...filters, ['reference', [name]]]) : filters,
    api,
    counts: { containers: false, sharedSize: api >= 42 && isTrue(query, 'shared-size') },
  });
}

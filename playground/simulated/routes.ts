import { diskUsage, info, version } from './about.ts';
import { badRequest } from './api-error.ts';
import { pruneCache } from './build-cache-routes.ts';
import { containerRoutes } from './container-routes.ts';
import { streamEvents } from './event-stream.ts';
import type { Handler } from './exchange.ts';
import { imageRoutes } from './image-routes.ts';

export type Route = readonly [method: string, path: RegExp, handler: Handler];

/** Every call that the engine knows. */
export const ROUTES: readonly Route[] = [
  ['GET', /^\/_ping$/, () => ({ text: 'OK' })],
  ['HEAD', /^\/_ping$/, () => ({ text: '' })],
  ['GET', /^\/version$/, ({ state }) => ({ json: version(state) })],
  ['GET', /^\/info$/, ({ state }) => ({ json: info(state) })],
  ['GET', /^\/events$/, streamEvents],
  [
    'GET',
    /^\/system\/df$/,
    ({ state, api, query, response }) => {
      const types = api < 42 ? [] : query.getAll('type');
      const unknown = types.find((type) => !['container', 'image', 'volume', 'build-cache'].includes(type));
      if (unknown !== undefined) throw badRequest(`unknown object type: ${unknown}`);
      // Docker 26 fails over images that it did not count.
      const counted = types.some((type) => type !== 'build-cache');
      if (state.api === 45 && api < 44 && types.length > 0 && !counted) {
        response.destroy();
        return 'streaming';
      }
      return { json: diskUsage(state, api, types) };
    },
  ],
  ['POST', /^\/build\/prune$/, pruneCache],
  ['GET', /^\/volumes$/, () => ({ json: { Volumes: [], Warnings: null } })],
  ['GET', /^\/networks$/, () => ({ json: [] })],
  ...imageRoutes,
  ...containerRoutes,
];

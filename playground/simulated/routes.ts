import { diskUsage, info, version } from './about.ts';
import { badRequest } from './api-error.ts';
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
    ({ state, api, query }) => {
      const types = api < 42 ? [] : query.getAll('type');
      const unknown = types.find((type) => !['container', 'image', 'volume', 'build-cache'].includes(type));
      if (unknown !== undefined) throw badRequest(`unknown object type: ${unknown}`);
      return { json: diskUsage(state, api, types) };
    },
  ],
  ['POST', /^\/build\/prune$/, () => ({ json: { CachesDeleted: null, SpaceReclaimed: 0 } })],
  ['GET', /^\/volumes$/, () => ({ json: { Volumes: [], Warnings: null } })],
  ['GET', /^\/networks$/, () => ({ json: [] })],
  ...imageRoutes,
  ...containerRoutes,
];

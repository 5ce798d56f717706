import type { Browser, Page } from 'playwright-core';
import type { Scope } from '../parts/scope.ts';
import type { startWorld } from '../world.ts';
import type { stageOf } from './stage.ts';

type World = Awaited<ReturnType<typeof startWorld>>;

/** All that a picture is taken of. */
export interface Shooting {
  world: World;
  scope: Scope;
  /** What is put here is shown beside the hosts. */
  registries: Map<string, { readonly url: string }>;
  docker(host: string): ReturnType<World['engine']>['docker'];
  /** Of host-1. */
  agent: Awaited<ReturnType<World['startAgent']>> | undefined;
  bot: Awaited<ReturnType<World['startBot']>> | undefined;
  browser: Browser;
  page: Page;
  url: string;
  stage: ReturnType<typeof stageOf>;
  /** Whether docs/card.png is made anew. */
  readme: boolean;
}

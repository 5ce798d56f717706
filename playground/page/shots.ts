import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lacking } from '../parts/available.ts';
import { loadImages } from '../parts/images.ts';
import { createScope } from '../parts/scope.ts';
import { loadSamples } from '../samples.ts';
import { startWorld } from '../world.ts';
import { chromiumAvailable, openChromium } from './chromium.ts';
import { approved, brought, changed, first } from './scenes-of-decisions.ts';
import { dressed, failing, long } from './scenes-of-limits.ts';
import { elsewhere } from './scenes-of-registries.ts';
import { startPage } from './server.ts';
import type { Shooting } from './shooting.ts';
import { dangling, stageOf } from './stage.ts';

const HOSTS = ['host-1', 'host-2', 'host-3'];
/** In this order; those before `elsewhere` build on each other. */
const SCENES = { first, changed, approved, brought, long, elsewhere, dressed, failing };
const USAGE = `Usage: node --import tsx playground/page/shots.ts [--readme] [--only SCENE] [DIR]
Takes a picture of every state of a card, and of what else the page shows, for somebody to look at.
--readme also writes docs/card.png. --only SCENE takes those of one: ${Object.keys(SCENES).join(', ')}.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { readme: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chromium = chromiumAvailable();
  const missing =
    lacking('redis', 'engines', 'busybox', 'registry') ?? (chromium === true ? undefined : chromium);
  if (missing !== undefined) {
    console.error(missing);
    return 1;
  }
  const dir = positionals[0] ?? 'shots';
  mkdirSync(dir, { recursive: true });
  const scenes = Object.entries(SCENES).flatMap(([name, show]) =>
    values.only === undefined || name === values.only ? [show] : [],
  );
  await take(dir, scenes, values.readme === true);
  return 0;
}

// --- internal ---

type Scene = (shooting: Shooting) => Promise<void>;

async function take(dir: string, scenes: readonly Scene[], readme: boolean): Promise<void> {
  const scope = createScope('shots');
  try {
    const world = await startWorld(scope, { hosts: HOSTS });
    const docker = (host: string) => world.engine(host).docker;
    await Promise.all(HOSTS.map((host) => loadSamples(docker(host), host, Date.now())));
    await loadImages(docker('host-2'), dangling('few', 40));
    await loadImages(docker('host-3'), dangling('many', 160));
    const [bot, agent] = await Promise.all([
      world.startBot(),
      ...HOSTS.map((host) => world.startAgent(host)),
    ]);
    const registries: Shooting['registries'] = new Map();
    const served = await startPage({ slack: world.slack, engines: world.engines, registries, kind: 'real' });
    scope.defer(() => served.close());
    const browser = await openChromium();
    scope.defer(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
    await page.goto(served.url);
    const stage = stageOf(page, dir);
    const shooting: Shooting = {
      world,
      scope,
      registries,
      docker,
      agent,
      bot,
      browser,
      page,
      url: served.url,
      stage,
      readme,
    };
    for (const show of scenes) await show(shooting);
  } finally {
    await scope.close();
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Every source of the product: `path` from the root, with `/`. */
interface Source {
  path: string;
  text: string;
}

const sources: Source[] = ['src', 'agents'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[mc]?[jt]s$/.test(file))
    .map((file) => {
      const path = join(folder, file).replaceAll('\\', '/');
      return { path, text: readFileSync(join(root, path), 'utf8') };
    }),
);

/** What a file imports, statically, by re-export, by `import()` or by `require`. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const patterns = [
    /(?:^|[\s;}])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/g,
    /(?:^|[\s;}])import\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"`]([^'"`$]+)['"`]/g,
  ];
  return [
    ...new Set(patterns.flatMap((pattern) => [...code.matchAll(pattern)].map(([, name]) => name ?? ''))),
  ];
}

/** A floor of the house (design §2): what of the product, of packages and of Node its files may import. */
interface Floor {
  name: string;
  of: RegExp;
  inside: RegExp;
  packages: RegExp;
  node: RegExp;
}
const NOTHING = /^$/;
const ANY = /^/;
const FLOORS: Floor[] = [
  {
    name: 'wiring',
    of: /^src\/(config|main|bin|drain|edge|start-(redis|slack|mirror)|options|verify-file)\.ts$/,
    inside: /^(src|agents)\//,
    packages: ANY,
    node: ANY,
  },
  {
    name: 'domain',
    of: /^src\/(domain\/|ports\.ts$)/,
    inside: /^src\/(domain\/|ports\.ts$)/,
    packages: /^zod$/,
    node: NOTHING,
  },
  {
    name: 'commands',
    of: /^src\/commands\//,
    inside: /^src\/(commands\/|domain\/|ports\.ts$)/,
    packages: /^zod$/,
    node: /^node:fs\/promises$/,
  },
  {
    name: 'flows',
    of: /^src\/flows\//,
    inside: /^src\/(flows\/|commands\/|domain\/|ports\.ts$)/,
    packages: NOTHING,
    node: NOTHING,
  },
  {
    name: 'agents',
    of: /^agents\//,
    inside: /^(agents\/|src\/domain\/)/,
    packages: /^(?!@slack\/)/,
    node: /^node:(?!child_process|cluster|vm)/,
  },
];
/** Any other folder of src is an adapter: it may import itself and what is below, never another adapter. */
function floorOf(path: string): Floor {
  const known = FLOORS.find(({ of }) => of.test(path));
  if (known) return known;
  const folder = /^src\/[^/]+\//.exec(path)?.[0] ?? `${path} is on no floor`;
  return {
    name: 'adapter',
    of: ANY,
    inside: new RegExp(`^(${folder.replaceAll('.', '\\.')}|src/domain/|src/ports\\.ts$)`),
    packages: ANY,
    node: /^node:(?!child_process|cluster|vm)/,
  };
}

/** Packages that only these files may import. */
const OWNED: [RegExp, RegExp][] = [
  [/^@slack\//, /^src\/(slack\/|start-slack\.ts$)/],
  [/^(bullmq|ioredis)$/, /^(src\/(queue|store)\/|agents\/host\/queue\.ts$)/],
  [/^dockerode$/, /^agents\/host\/engine-line\.ts$/],
];
/** What may be imported by one file only, though its floor may not. */
const EXCEPT: [string, string][] = [
  ['src/domain/hash.ts', 'node:crypto'],
  // Docker's credential programs are asked as processes.
  ['agents/registry/credential-program.ts', 'node:child_process'],
];
/** Time, ids and randomness are arguments of floors 0 to 2; the lowest knows neither timers nor a process. */
const IMPURE: [RegExp, RegExp][] = [
  [
    /^src\/(domain\/|ports\.ts$|commands\/|flows\/)/,
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\bperformance\.now\b/,
  ],
  [
    /^src\/(domain\/|ports\.ts$)/,
    /\bprocess\.|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\(|\bglobalThis\b|\basync\b|\bawait\b/,
  ],
];

/** How this file breaks the rules of the house. */
function breaches({ path, text }: Source): string[] {
  const floor = floorOf(path);
  const found: string[] = [];
  for (const name of importsOf(text)) {
    const say = (why: string) => found.push(`${path} imports ${name}: ${why}`);
    if (EXCEPT.some(([file, allowed]) => file === path && allowed === name)) continue;
    if (name.startsWith('.')) {
      const target = relative(root, join(root, dirname(path), name)).replaceAll('\\', '/');
      if (/^(playground|test|bench)\//.test(target)) say('the product stands alone');
      else if (!floor.inside.test(target)) say(`${floor.name} may not reach there`);
      else if (!name.endsWith('.ts')) say('files are named with .ts');
    } else if (name.startsWith('node:')) {
      if (!floor.node.test(name)) say(`${floor.name} may not use this of Node`);
    } else {
      if (!floor.packages.test(name)) say(`${floor.name} may not use this package`);
      for (const [owned, by] of OWNED) if (owned.test(name) && !by.test(path)) say('it is for other files');
    }
  }
  for (const [where, what] of IMPURE) {
    const mention = where.test(path) ? what.exec(stripped(text))?.[0] : undefined;
    if (mention !== undefined) found.push(`${path} mentions ${mention}`);
  }
  return found;
}

/** Without comments, and without the types that name a promise of a port. */
const stripped = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

describe('the house', () => {
  test('has files on every floor', () => {
    const names = new Set(sources.map(({ path }) => floorOf(path).name));
    expect([...names].sort()).toEqual(['adapter', 'agents', 'commands', 'domain', 'flows', 'wiring']);
    for (const { name, of } of FLOORS)
      expect([name, sources.some(({ path }) => of.test(path))]).toEqual([name, true]);
  });

  test.each(sources.map((source) => [source.path, source] as const))('%s keeps to its floor', (_, source) => {
    expect(breaches(source)).toEqual([]);
  });

  test('talks to the engine in exactly one file, and to Redis in one file of the agents', () => {
    const importing = (name: string, under: RegExp) =>
      sources
        .filter(({ path, text }) => under.test(path) && importsOf(text).includes(name))
        .map(({ path }) => path);
    expect(importing('dockerode', ANY)).toEqual(['agents/host/engine-line.ts']);
    for (const name of ['bullmq', 'ioredis'])
      expect(importing(name, /^agents\//)).toEqual(['agents/host/queue.ts']);
  });

  test('reads imports of every spelling', () => {
    expect(
      importsOf(`
        import a, { type B } from './a.ts';
        import type { C } from "./c.ts";
        import {
          d,
        } from './d.ts';
        import './e.ts';
        export { f } from './f.ts';
        export * from './g.ts';
        const h = await import('./h.ts');
        const i = require("./i.ts");
        // import './no-1.ts';
        /* import './no-2.ts'; */
        const j = \`from './no-3.ts'\`;
      `).sort(),
    ).toEqual(['a', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name) => `./${name}.ts`));
  });
});

describe('a breach is found', () => {
  test.each<[string, string]>([
    ['src/domain/x.ts', "import { parse } from '../commands/_parse.ts';"],
    ['src/domain/x.ts', "import { Redis } from 'ioredis';"],
    ['src/domain/x.ts', "import { readFile } from 'node:fs/promises';"],
    ['src/domain/x.ts', "import { createHash } from 'node:crypto';"],
    ['src/domain/hash.ts', "import { readFileSync } from 'node:fs';"],
    ['src/domain/x.ts', "export * from '../slack/card.ts';"],
    ['src/domain/x.ts', 'const now = Date.now();'],
    ['src/domain/x.ts', 'const now = new Date();'],
    ['src/domain/x.ts', 'const id = Math.random();'],
    ['src/domain/x.ts', 'const level = process.env.LOG_LEVEL;'],
    ['src/domain/x.ts', 'setTimeout(() => {}, 1);'],
    ['src/domain/x.ts', 'export async function f() {}'],
    ['src/ports.ts', "import type { Deps } from './flows/_deps.ts';"],
    ['src/commands/x.ts', "import { advance } from '../flows/advance.ts';"],
    ['src/commands/x.ts', "import { renderCard } from '../slack/card.ts';"],
    ['src/commands/x.ts', 'const now = Date.now();'],
    ['src/flows/x.ts', "import { openWriter } from '../slack/writer.ts';"],
    ['src/flows/x.ts', "import type { Redis } from 'ioredis';"],
    ['src/flows/x.ts', "import { randomUUID } from 'node:crypto';"],
    ['src/slack/x.ts', "import { openRuns } from '../store/runs.ts';"],
    ['src/slack/x.ts', "import { openJobs } from '../queue/jobs.ts';"],
    ['src/slack/x.ts', "import { decide } from '../flows/decide.ts';"],
    ['src/slack/x.ts', "import { parse } from '../commands/_parse.ts';"],
    ['src/slack/x.ts', "import { Redis } from 'ioredis';"],
    ['src/queue/x.ts', "import { key } from '../store/keys.ts';"],
    ['src/store/x.ts', "import { WebClient } from '@slack/web-api';"],
    ['src/store/x.ts', "import type { Card } from '../slack/card.ts';"],
    ['src/store/x.ts', "import { settings } from '../config.ts';"],
    ['src/later/x.ts', "import { openRuns } from '../store/runs.ts';"],
    ['src/later/x.ts', "import { Queue } from 'bullmq';"],
    ['src/stray.ts', "import { say } from './domain/markup.ts'; import './store/runs.ts';"],
    ['src/config.ts', "import { startSlack } from '../playground/slack/index.ts';"],
    ['src/main.ts', "const b = await import('../test/domain/_build.ts');"],
    ['src/config.ts', "import bolt from '@slack/bolt';"],
    ['agents/host/x.ts', "import { openRuns } from '../../src/store/runs.ts';"],
    ['agents/host/x.ts', "import type { Log } from '../../src/ports.ts';"],
    ['agents/host/x.ts', "import { exec } from 'node:child_process';"],
    ['agents/host/x.ts', "const { exec } = await import('node:child_process');"],
    ['agents/host/x.ts', "import { Redis } from 'ioredis';"],
    ['agents/host/x.ts', "import Docker from 'dockerode';"],
    ['agents/registry/x.ts', "import { Worker } from 'bullmq';"],
    ['agents/registry/x.ts', "import { spawn } from 'node:child_process';"],
    ['agents/host/x.ts', "import { WebClient } from '@slack/web-api';"],
    ['agents/host/x.ts', "import { startEngine } from '../../playground/parts/engine.ts';"],
  ])('%s with %s', (path, text) => {
    expect(breaches({ path, text })).not.toEqual([]);
  });

  test.each<[string, string]>([
    ['src/domain/x.ts', "import { z } from 'zod'; import { say } from './markup.ts';"],
    ['src/domain/hash.ts', "import { createHash } from 'node:crypto';"],
    ['src/domain/x.ts', '// Never Date.now() here.\nconst at = new Date(ms);'],
    [
      'src/commands/x.ts',
      "import { say } from '../domain/markup.ts'; import type { Answer } from '../ports.ts';",
    ],
    ['src/flows/x.ts', "import { parse } from '../commands/_parse.ts';"],
    ['src/slack/x.ts', "import bolt from '@slack/bolt'; import type { Log } from '../ports.ts';"],
    ['src/store/x.ts', "import { Redis } from 'ioredis'; import { key } from './keys.ts';"],
    [
      'src/start-slack.ts',
      "import './store/runs.ts'; import '../agents/host/log.ts'; import '@slack/web-api';",
    ],
    ['agents/host/queue.ts', "import { Worker } from 'bullmq';"],
    ['agents/host/engine-line.ts', "import Docker from 'dockerode';"],
    ['agents/registry/credential-program.ts', "import { spawn } from 'node:child_process';"],
    ['agents/host/x.ts', "import { choose } from '../../src/domain/choose.ts';"],
  ])('but not in %s with %s', (path, text) => {
    expect(breaches({ path, text })).toEqual([]);
  });
});

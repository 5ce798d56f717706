import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const COMMANDS = join(ROOT, 'src/commands');

/**
 * A program with all that it imports as one file of JavaScript, in a folder that is gone when this process ends: it runs
 * twice as fast as what is translated while it is loaded, which keeps each function's name by hand.
 */
export async function bundled(entry: string): Promise<string> {
  const { build } = await import('esbuild');
  const folder = mkdtempSync(join(tmpdir(), 'dimg-simulate-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'simulate.mjs');
  await build({
    ...{ entryPoints: [entry], bundle: true, outfile, logLevel: 'warning' },
    ...{ platform: 'node', format: 'esm', target: 'node20', external: ['esbuild'] },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    // Commands are found by reading their folder, which a bundle does not have.
    plugins: [
      {
        name: 'dimg',
        setup(made) {
          made.onLoad({ filter: /src\/commands\/_load\.ts$/ }, () => ({
            ...{ loader: 'ts', resolveDir: COMMANDS, contents: loadingAll() },
          }));
          // Nobody here talks to an engine of Docker, and its client has parts that are no JavaScript.
          made.onResolve({ filter: /^dockerode$/ }, () => ({ path: 'dockerode', namespace: 'nothing' }));
          made.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: 'export default null;' }));
        },
      },
    ],
  });
  return outfile;
}

// --- internal ---

function loadingAll(): string {
  const names = readdirSync(COMMANDS).flatMap((file) => /^([a-z][a-z-]*)\.ts$/.exec(file)?.[1] ?? []);
  const imports = names.sort().map((name, i) => `import c${i} from './${name}.ts';\n`);
  const entries = names.map(
    (name, i) => `['${name.replace('-', ' ')}', { ...c${i}, name: '${name.replace('-', ' ')}' }]`,
  );
  return `${imports.join('')}export const loadCommands = async () => new Map([${entries.join()}]);`;
}

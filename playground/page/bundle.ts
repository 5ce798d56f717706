import { join } from 'node:path';
import { build } from 'esbuild';

interface Bundle {
  script: string;
  style: string;
}

let bundled: Promise<Bundle> | undefined;

/** The page's script and styles, made once in a process. */
export function bundle(): Promise<Bundle> {
  bundled ??= make();
  return bundled;
}

// --- internal ---

async function make(): Promise<Bundle> {
  const client = join(import.meta.dirname, 'client');
  const { outputFiles } = await build({
    entryPoints: { page: join(client, 'main.tsx'), style: join(client, 'style.css') },
    tsconfig: join(client, 'tsconfig.json'),
    outdir: '/',
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
}

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Patch {
  /** In the built product. */
  file: string;
  /** Stands there exactly once. */
  from: string;
  to: string;
}

/** Bots keep to Slack's limits, so that after some schedules each waits for the next card of the one before it. */
export const HASTE: readonly Patch[] = [
  {
    file: 'src/slack/buckets.js',
    from: 'const POST = { perSecond: 1, burst: 3 };',
    to: 'const POST = { perSecond: 100, burst: 100 };',
  },
  {
    file: 'src/slack/buckets.js',
    from: 'const TIER_3 = { perSecond: 0.8, burst: 40 };',
    to: 'const TIER_3 = { perSecond: 100, burst: 100 };',
  },
];

/** A copy of the built product with some patches. Throws where what is to be replaced does not stand there once. */
export function patched(
  name: string,
  patches: readonly Patch[],
  dist: string,
): { dist: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), `dimg-${name}-`));
  const root = join(dist, '..');
  cpSync(dist, join(dir, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const { file, from, to } of patches) {
    const path = join(dir, 'dist', file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2)
      throw new Error(`${name}: what it takes away stands ${parts.length - 1} times in ${file}: ${from}`);
    writeFileSync(path, parts.join(to));
  }
  return { dist: join(dir, 'dist'), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Builds a former commit in a temporary folder, with the packages of this one. Returns that folder and its program. */
export function buildFormer(commit: string): { dir: string; bin: string } {
  const dir = mkdtempSync(join(tmpdir(), 'dimg-former-'));
  mkdirSync(join(dir, 'source'));
  const source = join(dir, 'source');
  const archive = join(dir, 'former.tar');
  execFileSync('git', ['archive', '--output', archive, commit], { cwd: ROOT });
  execFileSync('tar', ['-xf', archive, '-C', source]);
  symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    cwd: source,
    stdio: 'inherit',
  });
  const bin = join(source, 'dist', 'src', 'bin.js');
  if (!existsSync(bin)) throw new Error(`${commit} was not built.`);
  return { dir, bin };
}

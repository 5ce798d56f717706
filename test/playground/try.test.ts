import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { parseScript, withoutRegistry } from '../../playground/script.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOUR = readFileSync(join(ROOT, 'playground/tour.txt'), 'utf8');

/** Plays a script with the built product, as `npm run try` does. */
function tries(script: string, ...args: string[]): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const words = ['--import', 'tsx', 'playground/try.ts', '--script', '-', ...args];
    const child = execFile(process.execPath, words, { cwd: ROOT }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out: `${out}${err}` }),
    );
    child.stdin?.end(script);
  });
}

describe('the tour', () => {
  const lines = parseScript(TOUR);
  const sources = (of: typeof lines) => of.map(({ source }) => source);

  test('ends before the registry where there is none', () => {
    const short = withoutRegistry(lines);
    expect(sources(short).join('\n')).not.toContain('registry');
    expect(sources(short).at(-1)).toBe('ana: /dimg history --since 1h');
    expect(sources(lines.slice(short.length))[0]).toBe('ana: /dimg registry tags main/team/app');
    expect(withoutRegistry(short)).toEqual(short);
  });

  test.skipIf(skipWithout('the tour’s registry', 'redis', 'engines', 'busybox', 'registry'))(
    'prunes a real registry once somebody else approves, and keeps what a host uses',
    async () => {
      const there = lines.slice(withoutRegistry(lines).length);
      const { code, out } = await tries(sources(there).join('\n'));
      expect([code, out]).toEqual([0, expect.stringContaining('A registry as well: main')]);
      expect(out).toContain('`team/app:1.0`');
      expect(out).toContain('goes with `team/app:1.0`');
      expect(out).toMatch(/Deleted 8 of 8, nothing freed yet\n.*main 8 of 8 gone · 2 kept/);
      expect(out).toContain('registry prune main/team/web --until 90d');
      expect(out).toContain('stays: used on `host-2`');
      expect(out).toContain("`host-2` has it and can't pull it from here again");
      expect(out).toContain('Denied: the shop on host-2 still needs it. Nothing was deleted.');
    },
    120_000,
  );

  test.skipIf(skipWithout('try with simulated engines', 'redis'))(
    'is said to be without a registry where engines are simulated',
    async () => {
      const { code, out } = await tries('ana: /dimg registry tags main/team/app', '--simulated');
      expect(code).toBe(0);
      expect(out).toMatch(/^Slack stand-in, .*\nThe registry is left out: .*\n/);
      expect(out).toContain('No registry is known yet');
    },
    60_000,
  );
});

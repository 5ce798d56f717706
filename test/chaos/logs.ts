import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What no log may ever say, whatever goes wrong around it. */
const WRONG =
  /a promise was left rejected|UnhandledPromiseRejection|uncaught|TypeError|RangeError|ReferenceError|ZodError|Maximum call stack|heap out of memory/i;

/** Reads what bots and agents write, each line once. None of the secrets may stand there. */
export function openLogs(dir: string, secrets: readonly string[]) {
  const read = new Map<string, number>();
  return {
    /** Lines since the last time that must not be there. */
    wrong(): string[] {
      return files(dir).flatMap((name) => {
        const path = join(dir, name);
        const from = read.get(name) ?? 0;
        if (statSync(path).size <= from) return [];
        const text = readFileSync(path).subarray(from);
        read.set(name, from + text.length);
        return text
          .toString()
          .split('\n')
          .filter((line) => WRONG.test(line) || secrets.some((secret) => line.includes(secret)))
          .map((line) => `${name}: ${line.slice(0, 600)}`);
      });
    },
  };
}

/** Files below a folder in which a secret stands. */
export function leaks(dir: string, secrets: readonly string[]): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.log$|\.aof$|\.rdb$|jsonl?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return secrets.some((secret) => bytes.includes(secret));
    })
    .map((path) => `a secret stands in ${path}`);
}

// --- internal ---

const files = (dir: string): string[] =>
  readdirSync(dir).filter((name) => /^(bot|agent)-.*\.log$/.test(name));

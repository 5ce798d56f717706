/** One line of a script; `at` counts from 1. */
export type Line = { at: number; source: string } & Said;
type Said =
  | { kind: 'command'; user: string; text: string; wait: boolean }
  | {
      kind: 'press';
      user: string;
      label: string;
      run?: number;
      reason?: string;
      wait: boolean;
    }
  | { kind: 'say'; user: string; text: string }
  | { kind: 'pause'; ms: number };

/** A script that can't be read: says the line and what it may look like. */
export class ScriptError extends Error {}

/**
 * Reads a script: `ana: /dimg prune host-3 -a`, `ana: [Delete]`, `bo: [Approve #1042]`, `bo: [Deny] not today`,
 * `wait 2s`, `# a comment`. A press takes the newest card that has such a button. ` &` at the end goes on without
 * waiting for the run to settle.
 */
export function parseScript(text: string): Line[] {
  return text.split('\n').flatMap((raw, i): Line[] => {
    const source = raw.trim();
    const place = { at: i + 1, source };
    if (source === '' || source.startsWith('#')) return [];
    const pause = /^wait (\d+(?:\.\d+)?)(ms|s)$/.exec(source);
    if (pause) return [{ ...place, kind: 'pause', ms: Number(pause[1]) * (pause[2] === 's' ? 1000 : 1) }];
    const [, user, said] = /^([a-z][a-z0-9_-]*):\s+(.+)$/.exec(source) ?? [];
    if (user === undefined || said === undefined)
      throw new ScriptError(
        `Line ${i + 1} is not understood: ${source}\nWrite "ana: /dimg help", "ana: [Delete]", "bo: [Approve]", "wait 2s" or "# a comment".`,
      );
    const wait = !said.endsWith(' &');
    const words = wait ? said : said.slice(0, -2).trimEnd();
    const press = /^\[([^\]#]+?)\s*(?:#(\d+))?\](?:\s+(.+))?$/.exec(words);
    if (press?.[1] !== undefined)
      return [
        {
          ...place,
          ...{ kind: 'press', user, label: press[1], wait },
          ...(press[2] && { run: Number(press[2]) }),
          ...(press[3] && { reason: press[3] }),
        },
      ];
    if (words.startsWith('/')) return [{ ...place, kind: 'command', user, text: words, wait }];
    return [{ ...place, kind: 'say', user, text: words }];
  });
}

/** The lines before the first that needs a registry, where there is none. */
export function withoutRegistry(lines: readonly Line[]): Line[] {
  const end = lines.findIndex((line) => line.kind === 'command' && line.text.startsWith('/dimg registry '));
  return lines.slice(0, end < 0 ? lines.length : end);
}

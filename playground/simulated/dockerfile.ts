import { badRequest } from './api-error.ts';

export type Instruction = { readonly name: string; readonly text: string; readonly line: number };

const KNOWN = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);

/** The instructions of a Dockerfile, continued lines joined and comments left out. */
export function parseDockerfile(text: string): Instruction[] {
  const found: Instruction[] = [];
  let pending = '';
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    if (line.endsWith('\\')) {
      pending += line.slice(0, -1);
      return;
    }
    const whole = pending + line;
    pending = '';
    const [word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(whole)?.slice(1) ?? [];
    const name = word.toUpperCase();
    if (!KNOWN.has(name))
      throw badRequest(`dockerfile parse error line ${i + 1}: unknown instruction: ${name}`);
    found.push({ name, text: rest, line: i + 1 });
  });
  if (found.length === 0) throw badRequest('the Dockerfile cannot be empty');
  if (found[0]?.name !== 'FROM') throw badRequest('no build stage in current context');
  return found;
}

/** `a=b c="d e"` as pairs; the old form `a b c` is one pair. */
export function parsePairs(text: string): readonly (readonly [string, string])[] {
  const words = [...text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)].map(([word]) =>
    unquote(word),
  );
  if (!(words[0] ?? '').includes('=')) return [[words[0] ?? '', words.slice(1).join(' ')]];
  return words.map((word) => {
    const at = word.indexOf('=');
    return [at < 0 ? word : word.slice(0, at), at < 0 ? '' : word.slice(at + 1)] as const;
  });
}

// --- internal ---

function unquote(word: string): string {
  return word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, (_, double, single, char) =>
    double === undefined ? (single ?? char) : double.replace(/\\(.)/g, '$1'),
  );
}

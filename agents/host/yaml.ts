import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from './config-error.ts';

/**
 * Reads YAML by a schema. Throws a `ConfigError` that names the variable, the file, line and column, and
 * the key: `DIMG_CONFIG: /etc/dimg.yaml:3:5: approval.count must be a number`.
 */
export function readYaml<S extends z.ZodType>(
  variable: string,
  file: string,
  text: string,
  schema: S,
): z.output<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number, words: string) => {
    const { line, col } = lines.linePos(offset);
    return new ConfigError(`${variable}: ${file}:${line}:${col}: ${words}`);
  };
  const broken = [...document.errors, ...document.warnings][0];
  if (broken) throw fail(broken.pos[0], broken.message);
  const parsed = schema.safeParse(toValue(document, fail) ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const said = unknown === undefined ? (issue?.message ?? 'is not valid') : 'is not a key of this file';
  throw fail(
    offsetOf(document, path, unknown !== undefined),
    `${path.length > 0 ? path.join('.') : 'the file'} ${said}`,
  );
}

// --- internal ---

type Document = ReturnType<typeof parseDocument>;

function toValue(document: Document, fail: (offset: number, words: string) => ConfigError): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw fail(0, (error as Error).message);
  }
}

/** Where the value at `path` stands, or for an unknown key the key. */
function offsetOf(document: Document, path: readonly PropertyKey[], unknown: boolean): number {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (unknown && isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0;
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isNode(node)) return node.range?.[0] ?? 0;
  // A key that is missing is missing where its map stands.
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), false);
}

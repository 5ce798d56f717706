import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { Duration, Rules } from '../../src/domain/rules.ts';
import { ConfigError } from './config-error.ts';

const bool = z.boolean('must be true or false');

/** The host's own rules as its file spells them. */
const AgentConfig = z.strictObject({
  protect: z
    .array(
      z.string('must be a glob').min(1, 'must not be empty').max(256, 'is too long'),
      'must be a list of globs',
    )
    .optional(),
  'min-age': z.string('must be a duration such as 90s, 15m, 24h or 7d').pipe(Duration).optional(),
  allow: z
    .strictObject(
      {
        force: bool.optional(),
        // They restrict what no job asks for yet: accepted, so that a file stays valid when one does.
        'stopped-containers': bool.optional(),
        'build-cache': bool.optional(),
      },
      { error: (issue) => (issue.code === 'invalid_type' ? 'must hold keys such as force' : undefined) },
    )
    .optional(),
});

/** Reads the agent's YAML into the host's rules. Throws a `ConfigError` with file, line and column. */
export function parseConfig(file: string, text: string): Rules {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const broken = [...document.errors, ...document.warnings][0];
  if (broken) throw new ConfigError(`DIMG_AGENT_CONFIG: ${at(broken.pos[0])}: ${broken.message}`);
  const parsed = AgentConfig.safeParse(toValue(document, at) ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    if (!issue) throw new ConfigError(`DIMG_AGENT_CONFIG: ${file}: is not valid`);
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = unknown === undefined ? issue.path : [...issue.path, unknown];
    const said = unknown === undefined ? issue.message : `is not a key of the agent's configuration`;
    const name = path.length > 0 ? path.join('.') : 'the file';
    const words = issue.path.length === 0 && unknown === undefined ? 'must hold keys such as protect' : said;
    throw new ConfigError(
      `DIMG_AGENT_CONFIG: ${at(offsetOf(document, path, unknown !== undefined))}: ${name} ${words}`,
    );
  }
  const { protect, 'min-age': minAge, allow } = parsed.data;
  return Rules.parse({
    protect,
    minAge,
    ...(allow?.force !== undefined && { allow: { force: allow.force } }),
  });
}

// --- internal ---

type Document = ReturnType<typeof parseDocument>;

function toValue(document: Document, at: (offset: number) => string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError(`DIMG_AGENT_CONFIG: ${at(0)}: ${(error as Error).message}`);
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
  return (isNode(node) && node.range?.[0]) || 0;
}

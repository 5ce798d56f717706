import { z } from 'zod';
import { Duration, Rules } from '../../src/domain/rules.ts';
import { readYaml } from './yaml.ts';

const bool = z.boolean('must be true or false');

/** The host's own rules as its file spells them. */
const AgentConfig = z.strictObject(
  {
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
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must hold keys such as protect' : undefined) },
);

/** Reads the agent's YAML into the host's rules. Throws a `ConfigError` with file, line and column. */
export function parseConfig(file: string, text: string): Rules {
  const { protect, 'min-age': minAge, allow } = readYaml('DIMG_AGENT_CONFIG', file, text, AgentConfig);
  return Rules.parse({
    protect,
    minAge,
    ...(allow?.force !== undefined && { allow: { force: allow.force } }),
  });
}

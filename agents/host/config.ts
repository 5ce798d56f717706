import { z } from 'zod';
import { Duration, Rules, Size } from '../../src/domain/rules.ts';
import { labelOf } from '../../src/domain/selection.ts';
import { readYaml } from './yaml.ts';

const bool = z.boolean('must be true or false');

/** The host's own rules as its file spells them. */
const AgentConfig = z.strictObject(
  {
    protect: z
      .array(
        z
          .string('must be a glob or label=…')
          .min(1, 'must not be empty')
          .max(256, 'is too long')
          // A rule that nothing can match would protect nothing, in silence.
          .refine(
            (rule) => !rule.includes('=') || labelOf(rule) !== null,
            'is neither a glob nor label=key[=value]',
          ),
        'must be a list of globs and labels',
      )
      .optional(),
    'min-age': z.string('must be a duration such as 90s, 15m, 24h or 7d').pipe(Duration).optional(),
    allow: z
      .strictObject(
        {
          force: bool.optional(),
          'stopped-containers': bool.optional(),
          'build-cache': bool.optional(),
        },
        { error: (issue) => (issue.code === 'invalid_type' ? 'must hold keys such as force' : undefined) },
      )
      .optional(),
    limits: z
      .strictObject(
        {
          'per-hour': z.strictObject(
            {
              images: z.int('must be a whole number').nonnegative('must be 0 or more').optional(),
              bytes: Size.optional(),
            },
            {
              error: (issue) =>
                issue.code === 'invalid_type' ? 'must hold images, bytes, or both' : undefined,
            },
          ),
        },
        { error: (issue) => (issue.code === 'invalid_type' ? 'must hold the key per-hour' : undefined) },
      )
      .optional(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must hold keys such as protect' : undefined) },
);

/** Reads the agent's YAML into the host's rules. Throws a `ConfigError` with file, line and column. */
export function parseConfig(file: string, text: string): Rules {
  const config = readYaml('DIMG_AGENT_CONFIG', file, text, AgentConfig);
  const { protect, 'min-age': minAge, allow = {}, limits } = config;
  return Rules.parse({
    protect,
    minAge,
    allow: {
      force: allow.force,
      stoppedContainers: allow['stopped-containers'],
      buildCache: allow['build-cache'],
    },
    perHour: limits?.['per-hour'],
  });
}

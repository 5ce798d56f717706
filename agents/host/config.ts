import { z } from 'zod';
import { DEFAULT_RULES, Duration, Rules, Size } from '../../src/domain/rules.ts';
import { labelOf } from '../../src/domain/selection.ts';
import { Registries, type RegistrySettings, registriesOf } from '../registry/config.ts';
import { ConfigError } from './config-error.ts';
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
    engine: bool.optional(),
    registries: Registries.optional(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must hold keys such as protect' : undefined) },
);

export type AgentSettings = {
  rules: Rules;
  /** Whether there is an engine beside it; without one it serves registries alone. */
  hasEngine: boolean;
  registries: RegistrySettings[];
};

/** What an agent without a file goes by. */
export const PLAIN: AgentSettings = { rules: DEFAULT_RULES, hasEngine: true, registries: [] };

/**
 * Reads the agent's YAML: the host's rules, and its registries, whose credentials are in the folder `dockerConfig` where the file
 * names no other. Throws a `ConfigError` with file, line and column.
 */
export function parseConfig(file: string, text: string, dockerConfig: string): AgentSettings {
  const config = readYaml('DIMG_AGENT_CONFIG', file, text, AgentConfig);
  const { protect, 'min-age': minAge, allow = {}, limits, engine = true, registries = [] } = config;
  if (!engine && registries.length === 0)
    throw new ConfigError(`DIMG_AGENT_CONFIG: ${file}: without an engine there must be registries.`);
  const rules = Rules.parse({
    protect,
    minAge,
    allow: {
      force: allow.force,
      stoppedContainers: allow['stopped-containers'],
      buildCache: allow['build-cache'],
    },
    perHour: limits?.['per-hour'],
  });
  return { rules, hasEngine: engine, registries: registriesOf(registries, dockerConfig) };
}

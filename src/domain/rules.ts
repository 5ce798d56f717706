import { z } from 'zod';
import { parsePercent, parseSize } from './size.ts';
import { parseDuration } from './time.ts';

/** A host's own rules, from its agent's configuration; they hold whatever the bot asks. */
export const Rules = z.strictObject({
  /** Globs of references, and labels as `label=key[=value]`, of images that are never deleted. */
  protect: z.array(z.string().min(1).max(256)).default([]),
  /** `prune` leaves images younger than this, in milliseconds. */
  minAge: z.number().nonnegative().default(3_600_000),
  allow: z
    .strictObject({
      force: z.boolean().default(true),
      stoppedContainers: z.boolean().default(true),
      buildCache: z.boolean().default(true),
    })
    .prefault({}),
  /** The most that may be deleted in any hour. */
  perHour: z
    .strictObject({
      images: z.number().int().nonnegative().optional(),
      bytes: z.number().nonnegative().optional(),
    })
    .optional(),
});
export type Rules = z.infer<typeof Rules>;

/** The same for a registry that the agent serves. */
export type RulesThere = Rules & {
  /** What people write before its repositories, and so in `protect`: its address, and its name here. */
  prefixes?: readonly string[];
};

export const DEFAULT_RULES: Rules = Rules.parse({});

/** A duration in a configuration file, as milliseconds. */
export const Duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms === null) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a duration such as 90s, 15m, 24h or 7d` });
    return z.NEVER;
  }
  return ms;
});

/** A size in a configuration file, as bytes. */
export const Size = z.string('must be a size such as 500MB or 20GB').transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== null) return bytes;
  context.addIssue({ code: 'custom', message: `"${text}" is not a size such as 500MB or 20GB` });
  return z.NEVER;
});

/** A share in a configuration file, as a fraction of 1. */
export const Share = z.string('must be a share such as 50%').transform((text, context) => {
  const percent = parsePercent(text);
  if (percent !== null) return percent / 100;
  context.addIssue({ code: 'custom', message: `"${text}" is not a share such as 50%` });
  return z.NEVER;
});

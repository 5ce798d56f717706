import { enginesAvailable } from './engine.ts';
import { busyboxAvailable } from './images.ts';
import { pythonAvailable } from './python.ts';
import { redisAvailable } from './redis.ts';
import { registryAvailable } from './registry.ts';
import { skopeoAvailable } from './skopeo.ts';

const checks = {
  redis: redisAvailable,
  engines: enginesAvailable,
  busybox: busyboxAvailable,
  registry: registryAvailable,
  python: pythonAvailable,
  skopeo: skopeoAvailable,
} as const;

export type Part = keyof typeof checks;

/** Why these parts can't be had here, or undefined when all are there. */
export function lacking(...parts: readonly Part[]): string | undefined {
  const sentences = parts.map((part) => checks[part]()).filter((answer) => answer !== true);
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

/**
 * For `describe.skipIf(skipWithout('…', 'engines'))`: true where parts are missing, saying what was not tested.
 * With `CI=true` nothing is skipped, so the tests fail with the reason.
 */
export function skipWithout(what: string, ...parts: readonly Part[]): boolean {
  const reason = lacking(...parts);
  if (reason === undefined || !['', '0', 'false'].includes(process.env.CI ?? '')) return false;
  console.log(`Not tested: ${what}. ${reason}`);
  return true;
}

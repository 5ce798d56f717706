import type { z } from 'zod';
import type { Failure } from './engine-errors.ts';
import { EngineTrouble } from './ports.ts';

export type Call = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number>;
  auth?: string;
};

/** The engine's own refusal, or that none came. */
export class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, cause: unknown) {
    super('the call failed', { cause });
    this.failure = failure;
  }
}

export function toTrouble(error: unknown): unknown {
  if (!(error instanceof CallFailed)) return error;
  const { failure } = error;
  const problem =
    failure.kind === 'trouble' ? failure.problem : { kind: 'engine' as const, message: failure.message };
  return new EngineTrouble(problem, { cause: error.cause });
}

/** Throws `EngineTrouble` where the engine's answer is of no shape that is known here. */
export function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EngineTrouble({
    kind: 'engine',
    message: `it answered in an unknown shape (${issue?.path.join('.')}: ${issue?.message})`,
  });
}

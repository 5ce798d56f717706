import { expect } from 'vitest';
import { openRegistry, type RegistryOptions } from '../../../agents/registry/client.ts';
import type { Credentials } from '../../../agents/registry/credentials.ts';
import type { Limits } from '../../../agents/registry/limits.ts';
import { type Registry, RegistryTrouble } from '../../../agents/registry/ports.ts';
import type { Scope } from '../../../playground/parts/scope.ts';
import { ImageId } from '../../../src/domain/ids.ts';

export const NOWHERE = ImageId.parse(`sha256:${'0'.repeat(64)}`);
export const id = (digest: string) => ImageId.parse(digest);

/** Short, so that a fault is over soon, and long enough for a busy machine. */
const SHORT: Partial<Limits> = {
  connectMs: 5000,
  silentMs: 700,
  wholeMs: 5000,
  deletionMs: 1200,
  repeats: 2,
};

/** A client, closed with the scope. */
export function open(scope: Scope, url: string, options: Partial<RegistryOptions> = {}): Registry {
  const { limits, ...others } = options;
  const registry = openRegistry({
    ...{ url, credentials: async () => null, limits: { ...SHORT, ...limits } },
    ...others,
  });
  scope.defer(() => registry.close());
  return registry;
}

export const as = (username: string, password: string) => async (): Promise<Credentials> => ({
  ...{ kind: 'password', username, password },
});

/** What a question came to that was not answered. */
export async function refused(question: Promise<unknown>) {
  const error = await question.then(
    (value) => expect.fail(`It gave ${JSON.stringify(value)}.`),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(RegistryTrouble);
  return (error as RegistryTrouble).problem;
}

/** Everything that an error could tell, its causes and own fields too. */
export async function toldBy(question: Promise<unknown>): Promise<string> {
  const told: unknown = await question.catch((error) => error);
  if (!(told instanceof Error)) return JSON.stringify(told);
  const cause = told.cause instanceof Error ? told.cause.stack : JSON.stringify(told.cause);
  return `${told.stack} ${JSON.stringify(told)} ${cause}`;
}

import { z } from 'zod';
import { repositoryOf } from '../../src/domain/reference.ts';
import { CallFailed } from './engine-call.ts';
import type { Line } from './engine-line.ts';
import { EngineTrouble } from './ports.ts';

const Progress = z.object({ error: z.string().optional() });

/** Pulls by digest, with the credentials for its repository. Resolves to `null`, or to why it could not be pulled. */
export function openPull(
  { lines }: Pick<Line, 'lines'>,
  inUrl: (name: string) => string,
  registryAuth: (repository: string) => string | null,
  limitMs: number,
): (digest: string) => Promise<string | null> {
  return async (digest) => {
    const repository = repositoryOf(inUrl(digest));
    const auth = registryAuth(repository);
    const query = { fromImage: repository, tag: digest.slice(repository.length + 1) };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), limitMs);
    let problem: string | null = null;
    try {
      await lines(
        { method: 'POST', path: '/images/create', query, ...(auth && { auth }) },
        () => {},
        (line) => {
          problem ??= Progress.safeParse(line).data?.error ?? null;
        },
        late.signal,
      );
      return late.signal.aborted ? `it took longer than ${Math.round(limitMs / 60_000)} minutes` : problem;
    } catch (error) {
      if (error instanceof CallFailed && error.failure.kind === 'answer') return error.failure.message;
      if (error instanceof CallFailed || error instanceof EngineTrouble) return 'the engine did not answer';
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

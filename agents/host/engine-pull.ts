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
          const error = Progress.safeParse(line).data?.error;
          if (error !== undefined) problem ??= pullWords(error);
        },
        late.signal,
      );
      return late.signal.aborted ? `it took longer than ${Math.round(limitMs / 60_000)} minutes` : problem;
    } catch (error) {
      if (error instanceof CallFailed && error.failure.kind === 'answer')
        return pullWords(error.failure.message);
      if (error instanceof CallFailed || error instanceof EngineTrouble) return 'the engine did not answer';
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}

// --- internal ---

/** The engine's words hold addresses, at times signed ones, which are for nobody's eyes. Docker's own log has them. */
function pullWords(error: string): string {
  if (/no space left/i.test(error)) return 'the disk is full';
  if (/unauthorized|denied|authentication|forbidden|no basic auth/i.test(error))
    return 'the registry wants other credentials than the agent has in DOCKER_CONFIG';
  if (/not found|unknown|does not exist/i.test(error)) return 'its registry no longer has it';
  if (/dial|lookup|refused|timeout|timed out|EOF|tls|x509|certificate|no such host|reset/i.test(error))
    return 'its registry can’t be reached';
  return 'Docker could not; its own log on the host says why';
}

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

/** The engine's words hold addresses, at times signed ones, which are for nobody's eyes. Docker's own log has them. */
export function pullWords(error: string): string {
  return (
    WORDS.find(([pattern]) => pattern.test(error))?.[1] ??
    'Docker could not; its own log on the host says why'
  );
}

// --- internal ---

/** The first that fits counts: what can't be reached may be `unknown` too, as a certificate's authority. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/no space left/i, 'the disk is full'],
  [
    /\bdial\b|\blookup\b|connection (refused|reset)|time(d )?out|\bEOF\b|\btls\b|x509|certificate|no such host/i,
    'its registry can’t be reached',
  ],
  [
    /unauthorized|denied|authentication|forbidden|no basic auth/i,
    'the registry wants other credentials than the agent has in DOCKER_CONFIG',
  ],
  [/not found|\bunknown\b|does not exist/i, 'its registry no longer has it'],
];

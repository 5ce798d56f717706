import { ConfigError } from '../agents/host/config-error.ts';
import { plain } from './domain/markup.ts';
import { openMirror } from './mirror/mirror.ts';
import type { Audit, Keeping, Log, Voice } from './ports.ts';
import { type Redis, reaching } from './store/connect.ts';
import { own } from './store/keys.ts';
import { takeLock } from './store/lock.ts';
import { openTold } from './store/told.ts';

interface Mirrored {
  file: string;
  redis: Redis;
  audit: Audit;
  keeping: Pick<Keeping, 'isWhole'>;
  voice: Pick<Voice, 'post'>;
  /** Told where the mirror can't be trusted. */
  channel: string | undefined;
  log: Log;
}

/** The mirror of the audit, in this file. Throws a `ConfigError` where it can't be written. */
export async function startMirror({ file, redis, audit, keeping, voice, channel, log }: Mirrored) {
  const told = openTold(redis);
  try {
    return await openMirror({
      ...{ file, audit, log },
      // What Redis lost is put back from the mirror: until then it has nothing to say to it.
      lock: async (name, ms) =>
        (await keeping.isWhole()) ? reaching(() => takeLock(redis, own.mirrorLock(name), ms)) : null,
      async tell(name, problem) {
        if (channel === undefined) return true;
        return told.once(name, plain(problem), () => voice.post(channel, { lines: [problem] }));
      },
      over: (name) => told.forget(name),
    });
  } catch (error) {
    throw new ConfigError(`audit.file: can't be written: ${(error as Error).message}.`, { cause: error });
  }
}

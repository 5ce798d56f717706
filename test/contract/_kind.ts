import { lacking } from '../../playground/parts/available.ts';
import { ownRelease, releaseAskedFor } from '../../playground/parts/engine-release.ts';
import type { Kind } from './dialect/index.ts';

/** What a real engine started here is: this machine's own, or what `DIMG_ENGINE` names. */
export function realKind(): Kind {
  const kind = releaseAskedFor() ?? ownRelease();
  // Where there is no engine at all the tests are skipped, but still named.
  if (kind !== undefined || lacking('engines')) return kind ?? '20.10';
  throw new Error(
    'This machine’s engine is none that the contract has a dialect for; DIMG_ENGINE names one.',
  );
}

import { findProgram } from './programs.ts';

/** True, or why there is no Python. */
export function pythonAvailable(): true | string {
  return findProgram('python3') ? true : 'There is no Python 3: run `apt-get install python3`.';
}

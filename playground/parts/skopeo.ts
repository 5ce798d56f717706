import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './programs.ts';

/** True, or a sentence that says how to get skopeo. */
export function skopeoAvailable(): true | string {
  return findProgram('skopeo') ? true : 'There is no skopeo: run `apt-get install skopeo`.';
}

/** Copies an image, as `docker://127.0.0.1:5000/team/app:1` or `oci:FOLDER:TAG`, to and from registries without TLS. */
export async function skopeoCopy(from: string, to: string, ...options: readonly string[]): Promise<void> {
  const program = findProgram('skopeo');
  if (program === undefined) throw new Error(String(skopeoAvailable()));
  const open = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  // Debian's package alone brings no policy.
  await promisify(execFile)(program, ['--insecure-policy', 'copy', '--quiet', ...open, ...options, from, to]);
}

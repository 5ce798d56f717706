import type { ImageId } from '../../src/domain/ids.ts';
import type { Descriptor, Manifest, RegistryProblem } from '../../src/domain/registry.ts';
import { EngineTrouble } from '../host/ports.ts';

/** A registry that did not do what it was asked. */
export class RegistryTrouble extends EngineTrouble {
  declare readonly problem: RegistryProblem;
  constructor(problem: RegistryProblem) {
    super(problem);
    this.message = problem.message ?? problem.what;
    this.name = 'RegistryTrouble';
  }
}

/** What became of a request to delete. */
export type Removal =
  | { kind: 'done' }
  | { kind: 'absent' }
  /** `begun`: it may have done it all the same. `againMs`: it has not, and may be asked again after so many milliseconds. */
  | { kind: 'trouble'; problem: RegistryProblem; begun: boolean; againMs?: number };

/** One registry, by its API (OCI distribution 1.1 and Docker's v2). All reject with `RegistryTrouble`. */
export type Registry = {
  /** Whether it is there and lets us in. */
  ping(): Promise<void>;
  /** Names of repositories, where it lists them; `null` where it does not. */
  repositories(): Promise<string[] | null>;
  /** `null`: there is no such repository. */
  tags(repository: string): Promise<string[] | null>;
  /** What a tag means now; `null` for none. */
  resolve(repository: string, tag: string): Promise<ImageId | null>;
  /** `null` where it is not there. Its bytes have been checked against the digest. */
  manifest(repository: string, digest: ImageId): Promise<Manifest | null>;
  /** Manifests that say something about this one, by the Referrers API; `null` where the registry has none. */
  referrers(repository: string, digest: ImageId): Promise<Descriptor[] | null>;
  /** Deletes a manifest by digest, and with it every tag on it. `once`: for who looks again before it is asked again. */
  removeManifest(repository: string, digest: ImageId, once?: 'once'): Promise<Removal>;
  /** Deletes one tag and nothing else. Never overwrites it, never deletes by digest instead. */
  removeTag(repository: string, tag: string, once?: 'once'): Promise<Removal>;
  close(): void;
};

import { DIGEST, LONGEST, REPOSITORY, TAG } from '../../src/domain/grammar.ts';
import { RegistryTrouble } from './ports.ts';

/**
 * Addresses of the API under a registry's own. Nothing that passes can mean anything else in a URL; what a registry could
 * not have is refused with a `RegistryTrouble`, unasked.
 */
export function openNames(registry: URL) {
  const base = new URL(`${registry.pathname.replace(/\/+$/, '')}/v2/`, registry.origin);
  const under = (repository: string, rest: string) => {
    if (!isA(REPOSITORY, repository) || repository.length > LONGEST)
      throw wrong('no repository can have this name');
    return new URL(`${repository}/${rest}`, base);
  };
  const known = (digest: string) => {
    if (!isA(DIGEST, digest)) throw wrong('this is no digest');
    return digest;
  };
  return {
    base,
    catalog: new URL('_catalog', base),
    tags: (repository: string) => under(repository, 'tags/list'),
    tag(repository: string, tag: string) {
      if (!isA(TAG, tag)) throw wrong('no tag can have this name');
      return under(repository, `manifests/${tag}`);
    },
    manifest: (repository: string, digest: string) => under(repository, `manifests/${known(digest)}`),
    blob: (repository: string, digest: string) => under(repository, `blobs/${known(digest)}`),
    referrers: (repository: string, digest: string) => under(repository, `referrers/${known(digest)}`),
  };
}
export type Names = ReturnType<typeof openNames>;

// --- internal ---

const isA = (grammar: string, text: string): boolean => new RegExp(`^(?:${grammar})$`).test(text);

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });

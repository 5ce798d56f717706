import { RegistryTrouble } from './ports.ts';

/**
 * Addresses of the API under a registry's own. Nothing that passes can mean anything else in a URL; what a registry could
 * not have is refused with a `RegistryTrouble`, unasked.
 */
export function openNames(registry: URL) {
  const base = new URL(`${registry.pathname.replace(/\/+$/, '')}/v2/`, registry.origin);
  const under = (repository: string, rest: string) => {
    if (!REPOSITORY.test(repository) || repository.length > 255)
      throw wrong('no repository can have this name');
    return new URL(`${repository}/${rest}`, base);
  };
  const known = (digest: string) => {
    if (!DIGEST.test(digest)) throw wrong('this is no digest');
    return digest;
  };
  return {
    base,
    catalog: new URL('_catalog', base),
    tags: (repository: string) => under(repository, 'tags/list'),
    tag(repository: string, tag: string) {
      if (!TAG.test(tag)) throw wrong('no tag can have this name');
      return under(repository, `manifests/${tag}`);
    },
    manifest: (repository: string, digest: string) => under(repository, `manifests/${known(digest)}`),
    blob: (repository: string, digest: string) => under(repository, `blobs/${known(digest)}`),
    referrers: (repository: string, digest: string) => under(repository, `referrers/${known(digest)}`),
  };
}
export type Names = ReturnType<typeof openNames>;

// --- internal ---

// The grammar of distribution's `reference` package.
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });

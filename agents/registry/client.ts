import { ConfigError } from '../host/config-error.ts';
import { isAbsent, lacksScope, problemOf } from './answers.ts';
import { openAuth, type Place } from './auth.ts';
import type { ReadCredentials } from './credentials.ts';
import { LIMITS, type Limits } from './limits.ts';
import { type Ask, openLine } from './line.ts';
import { openManifests, type Question } from './manifests.ts';
import { openNames } from './names.ts';
import { readPages } from './paging.ts';
import { insistently, patiently } from './patience.ts';
import { type Registry, RegistryTrouble, type Removal } from './ports.ts';
import { follow } from './redirects.ts';
import { readFailure, readRemoval } from './removal.ts';
import { Catalog, INDEX_TYPES, Referrers, readBody, TagList } from './shapes.ts';

export type RegistryOptions = {
  /** `https://registry.example.com:5000`; plain http is taken as it is meant. */
  url: string;
  credentials: ReadCredentials;
  /** Of an authority that Node does not know, as PEM; for the registry and for its realm. */
  ca?: string | undefined;
  limits?: Partial<Limits>;
};

/** The API of one registry. It reads and deletes; it never writes. Throws a `ConfigError` for what is no address. */
export function openRegistry(options: RegistryOptions): Registry {
  const registry = addressOf(options.url);
  const limits = { ...LIMITS, ...options.limits };
  const names = openNames(registry);
  const line = openLine(options.ca, limits);
  const closing = new AbortController();
  const patient = (what: Ask) =>
    what.method === 'DELETE'
      ? follow(line, what)
      : patiently(() => follow(line, what), limits, closing.signal);
  const authorised = openAuth(registry, patient, options.credentials);

  const ask: Question = (method, url, place, accept) =>
    authorised({ method, url, headers: accept === undefined ? {} : { accept } }, place);
  const get = (place: Place, accept?: string) => (url: URL) => ask('GET', url, place, accept);

  const remove = (of: 'manifest' | 'tag', url: () => URL, repository: string, once?: 'once') => {
    const attempt = async (): Promise<Removal> => {
      try {
        const what: Ask = { method: 'DELETE', url: url(), headers: {} };
        return readRemoval(await authorised(what, `delete ${repository}`), of, limits.waitMs);
      } catch (error) {
        return readFailure(error);
      }
    };
    return once ? attempt() : insistently(attempt, limits.repeats, closing.signal);
  };

  return {
    ...openManifests(ask, names),
    async ping() {
      const answer = await ask('GET', names.base, 'base');
      if (answer.status === 200) return;
      const problem = problemOf(answer);
      throw new RegistryTrouble(
        answer.status === 404 ? { ...problem, message: 'there is no registry at this address' } : problem,
      );
    },
    repositories: () =>
      readPages(
        get('catalog'),
        names.catalog,
        // Without `n`: distribution refuses one above what it is configured for.
        (body) => readBody(Catalog, body).repositories ?? [],
        (answer) => [403, ...NOT_OFFERED].includes(answer.status) || lacksScope(answer),
        limits.pages,
      ),
    tags: (repository) =>
      attempt(() =>
        readPages(
          get(`pull ${repository}`),
          names.tags(repository),
          (body) => readBody(TagList, body).tags ?? [],
          isAbsent,
          limits.pages,
        ),
      ),
    referrers: (repository, digest) =>
      attempt(() =>
        readPages(
          get(`pull ${repository}`, INDEX_TYPES[0]),
          names.referrers(repository, digest),
          (body) => readBody(Referrers, body).manifests ?? [],
          ({ status }) => NOT_OFFERED.includes(status),
          limits.pages,
        ),
      ),
    removeManifest: (repository, digest, once) =>
      remove('manifest', () => names.manifest(repository, digest), repository, once),
    removeTag: (repository, tag, once) => remove('tag', () => names.tag(repository, tag), repository, once),
    close() {
      closing.abort();
      line.close();
    },
  };
}

// --- internal ---

/** How a registry says that it has no such API. */
const NOT_OFFERED = [404, 405, 501];

/** Rejects with what a name is refused for, like with all else. */
const attempt = async <T>(work: () => Promise<T>): Promise<T> => work();

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    // Not quoted: it may hold a password.
    throw new ConfigError(
      'The address of a registry must be like https://registry.example.com, without more.',
    );
  return url;
}

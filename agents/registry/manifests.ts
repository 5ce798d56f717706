import { ImageId } from '../../src/domain/ids.ts';
import type { Manifest } from '../../src/domain/registry.ts';
import { type Heard, isAbsent, problemOf } from './answers.ts';
import type { Place } from './auth.ts';
import type { Names } from './names.ts';
import { type Registry, RegistryTrouble } from './ports.ts';
import { digestOf, readManifest, withConfig } from './read-manifest.ts';
import { ACCEPT, Config, readBody } from './shapes.ts';

/** One question that changes nothing. */
export type Question = (method: 'GET' | 'HEAD', url: URL, place: Place, accept?: string) => Promise<Heard>;

/** What a tag means, and what a manifest says. */
export function openManifests(ask: Question, names: Names): Pick<Registry, 'resolve' | 'manifest'> {
  /** `null` where it is not there. */
  const bodyOf = async (url: URL, repository: string, accept?: string) => {
    const answer = await ask('GET', url, `pull ${repository}`, accept);
    if (isAbsent(answer)) return null;
    if (answer.status !== 200) throw new RegistryTrouble(problemOf(answer));
    return answer;
  };

  return {
    async resolve(repository, tag) {
      const url = names.tag(repository, tag);
      const head = await ask('HEAD', url, `pull ${repository}`, ACCEPT);
      if (isAbsent(head)) return null;
      if (head.status >= 400 && head.status !== 404) throw new RegistryTrouble(problemOf(head));
      // Some redirect a question about a manifest, or answer without its digest: then its bytes say it. And a 404 to it has no
      // words of the registry's own.
      const told = head.status === 200 ? head.headers['docker-content-digest'] : undefined;
      if (told === undefined) {
        const answer = await bodyOf(url, repository, ACCEPT);
        return answer && digestOf(answer.body);
      }
      const digest = ImageId.safeParse(told);
      if (!digest.success) throw wrong(`it gives ${tag} a digest that is none`);
      return digest.data;
    },

    /**
     * With the time and the labels of an image's configuration. An index has neither: its children have. Rejects where
     * the configuration is not there, since its labels may be what protects the image.
     */
    async manifest(repository, digest): Promise<Manifest | null> {
      const answer = await bodyOf(names.manifest(repository, digest), repository, ACCEPT);
      if (answer === null) return null;
      checked(answer.body, digest);
      const { manifest, config } = readManifest(digest, answer.body, answer.headers['content-type']);
      if (config === null) return manifest;
      const blob = await bodyOf(names.blob(repository, config.digest), repository);
      if (blob === null) throw wrong(`it does not have the configuration ${config.digest} of ${digest}`);
      checked(blob.body, config.digest);
      return withConfig(manifest, readBody(Config, blob.body));
    },
  };
}

// --- internal ---

function checked(body: Buffer, digest: ImageId): void {
  if (digestOf(body) !== digest) throw wrong(`what it gave for ${digest} has another digest`);
}

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });

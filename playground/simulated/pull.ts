import { ApiError, badRequest, failure, notFound } from './api-error.ts';
import { dropNameless, keepNameless, recordOf } from './containerd/records.ts';
import type { Answer, Exchange } from './exchange.ts';
import { layerOf } from './load.ts';
import type { Blob } from './manifest.ts';
import { familiarName, fullName, type Name, parseName, reason, withDefaultTag } from './names.ts';
import { type Remote, type RemoteManifest, registryOf, unpacked } from './registry-client.ts';
import type { State } from './state.ts';

/** `POST /images/create?fromImage=…`: a pull by tag or digest from a registry on loopback. */
export async function pull({ state, query }: Exchange): Promise<Answer> {
  const parsed = parseName(query.get('fromImage') ?? '');
  if ('error' in parsed) throw badRequest(reason(state, parsed));
  const tag = query.get('tag') ?? '';
  const name = withDefaultTag(
    tag === '' ? parsed.name : tag.includes(':') ? { ...parsed.name, digest: tag } : { ...parsed.name, tag },
  );
  const remote = registryOf(name);
  const manifest = await found(state, remote, name);
  const config = (await remote.blob(manifest.config)).toString();
  const blobs: Blob[] = [];
  let chain: string | null = null;
  for (const digest of manifest.layers) {
    const content = await remote.blob(digest);
    blobs.push({ digest, size: content.length, content });
    chain = state.layers.add(chain, layerOf(unpacked(content))).chain;
  }
  const known = state.references.get(name) ?? null;
  const { digest, mediaType, text } = manifest;
  const image = state.images.create(config, { digest, mediaType, text, layers: blobs });
  if (state.store === 'containerd') arrive(state, name, image.id);
  else {
    const byDigest = { ...name, tag: null, digest };
    if (state.references.get(byDigest) !== image.id) state.references.set(byDigest, image.id);
    if (name.tag !== null && name.digest === null) {
      state.references.set(name, image.id);
      image.taggedAt = new Date();
    }
  }
  const attributes = { ...image.labels, name: name.repo };
  state.events.log({ type: 'image', action: 'pull', id: familiarName(name), attributes });
  const result = known === image.id ? 'Image is up to date for' : 'Downloaded newer image for';
  return {
    lines: [
      { status: `Pulling from ${remote.path}`, id: name.digest === null ? name.tag : familiarName(name) },
      { status: `Digest: ${digest}` },
      { status: `Status: ${result} ${familiarName(name)}` },
    ],
  };
}

/** `GET /distribution/{name}/json`: whether a registry has it. */
export async function distribution({ state, params: [text = ''] }: Exchange): Promise<Answer> {
  const parsed = parseName(text);
  if ('error' in parsed) throw badRequest(reason(state, parsed));
  const name = withDefaultTag(parsed.name);
  const manifest = await registryOf(name).manifest(name.digest ?? name.tag ?? '');
  if (!manifest) throw notFound('manifest unknown: manifest unknown');
  const { mediaType, digest, size } = manifest;
  return {
    json: { Descriptor: { mediaType, digest, size }, Platforms: [{ architecture: 'amd64', os: 'linux' }] },
  };
}

// --- internal ---

/** The manifest, or an error in the words of the engine. */
async function found(state: State, remote: Remote, name: Name): Promise<RemoteManifest> {
  const text = familiarName(name);
  const resolving = `failed to resolve reference ${JSON.stringify(fullName(name))}`;
  try {
    const manifest = await remote.manifest(name.digest ?? name.tag ?? '');
    if (manifest) return manifest;
  } catch (error) {
    if (state.store === 'graph driver' || !(error instanceof ApiError)) throw error;
    // The last thing that is tried is TLS.
    const host = name.full.slice(0, name.full.indexOf('/'));
    const url = `https://${host}/v2/${remote.path}/manifests/${name.digest ?? name.tag}`;
    const why = error.message.replace(/^Get "[^"]*": /, '');
    throw failure(`${resolving}: failed to do request: Head ${JSON.stringify(url)}: ${why}`);
  }
  throw notFound(
    state.store === 'containerd'
      ? `${resolving}: ${fullName(name)}: not found`
      : `manifest for ${text} not found: manifest unknown: manifest unknown`,
  );
}

/** In the containerd store the name that was pulled is all there is; the image that had it is kept without. */
function arrive(state: State, name: Name, id: string): void {
  const before = recordOf(state, name);
  if (before && before.id !== id) keepNameless(state, before);
  if (before?.id !== id) state.references.set(name, id);
  dropNameless(state, id);
}

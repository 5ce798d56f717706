import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { ApiError, badRequest, failure, notFound } from './api-error.ts';
import type { Answer, Exchange } from './exchange.ts';
import { isLatest, isModern } from './generation.ts';
import { sha256 } from './hash.ts';
import type { Image } from './images.ts';
import { layerOf } from './load.ts';
import { familiarName, type Name, parseName, reason, short, withDefaultTag } from './names.ts';
import { type Remote, registryOf } from './registry-client.ts';
import { tagsOf } from './resolve.ts';
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
  const manifest = await remote.manifest(name.digest ?? name.tag ?? '');
  if (!manifest)
    throw notFound(`manifest for ${familiarName(name)} not found: manifest unknown: manifest unknown`);
  const config = (await remote.blob(manifest.config)).toString();
  const known = state.references.get(name) ?? null;
  let chain: string | null = null;
  for (const digest of manifest.layers) {
    const layer = layerOf(await remote.unpacked(digest));
    chain = state.layers.add(chain, layer).chain;
  }
  const image = state.images.create(config);
  const digest = { ...name, tag: null, digest: manifest.digest };
  if (state.references.get(digest) !== image.id) state.references.set(digest, image.id);
  if (name.tag !== null && name.digest === null) {
    state.references.set(name, image.id);
    image.taggedAt = new Date();
  }
  const { labels } = image;
  const attributes = { ...labels, name: name.repo };
  state.events.log({ type: 'image', action: 'pull', id: familiarName(name), attributes });
  const result = known === image.id ? 'Image is up to date for' : 'Downloaded newer image for';
  return {
    lines: [
      { status: `Pulling from ${remote.path}`, id: name.digest === null ? name.tag : familiarName(name) },
      { status: `Digest: ${manifest.digest}` },
      { status: `Status: ${result} ${familiarName(name)}` },
    ],
  };
}

/** `POST /images/{name}/push`, all tags of the repository where none is named. */
export function push({ state, query, header, params: [text = ''] }: Exchange): Answer {
  // Since Docker 28 it may be left out.
  if (!header('x-registry-auth') && !isLatest(state))
    throw badRequest(
      isModern(state)
        ? 'bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF'
        : 'Bad parameters and missing X-Registry-Auth: EOF',
    );
  const parsed = parseName(text);
  if ('error' in parsed) throw badRequest(reason(state, parsed));
  const tag = query.get('tag') || null;
  return { lines: pushLines(state, { ...parsed.name, tag }) };
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

async function* pushLines(state: State, asked: Name): AsyncGenerator<object> {
  yield { status: `The push refers to repository [${asked.repo}]` };
  const names = taggedIn(state, asked);
  try {
    if (names.length === 0) throw notFound(`An image does not exist locally with the tag: ${asked.repo}`);
    const remote = registryOf(asked);
    for (const { name, image } of names) yield* pushOne(state, remote, name, image);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    yield { errorDetail: { message: error.message }, error: error.message };
  }
}

function taggedIn(state: State, { full, tag }: Name): { name: Name; image: Image }[] {
  return [...state.images.all()].flatMap((image) =>
    tagsOf(state, image.id)
      .filter((name) => name.full === full && (tag === null || name.tag === tag))
      .map((name) => ({ name, image })),
  );
}

async function* pushOne(state: State, remote: Remote, name: Name, image: Image): AsyncGenerator<object> {
  const layers = [];
  for (const chain of image.chains) {
    const layer = state.layers.get(chain);
    if (!layer?.blob) throw failure('a simulated layer without content can’t be pushed');
    const packed = gzipSync(layer.blob);
    const sent = await remote.upload(packed);
    yield { status: sent ? 'Pushed' : 'Layer already exists', progressDetail: {}, id: short(layer.diffId) };
    const mediaType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
    layers.push({ mediaType, size: packed.length, digest: sha256(packed) });
  }
  const text = Buffer.from(image.text);
  await remote.upload(text);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: text.length,
      digest: sha256(text),
    },
    layers,
  });
  await remote.putManifest(name.tag ?? '', manifest);
  const digest = sha256(manifest);
  const reference = { ...name, tag: null, digest };
  if (state.references.get(reference) !== image.id) state.references.set(reference, image.id);
  const attributes = { ...image.labels, name: name.repo };
  state.events.log({ type: 'image', action: 'push', id: familiarName(name), attributes });
  yield { status: `${name.tag}: digest: ${digest} size: ${manifest.length}` };
  yield { progressDetail: {}, aux: { Tag: name.tag, Digest: digest, Size: manifest.length } };
}

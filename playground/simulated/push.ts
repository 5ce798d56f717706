import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { ApiError, badRequest, failure, notFound } from './api-error.ts';
import type { Answer, Exchange } from './exchange.ts';
import { isLatest, isModern } from './generation.ts';
import { sha256 } from './hash.ts';
import type { Image } from './images.ts';
import type { Blob, Manifest } from './manifest.ts';
import { familiarName, type Name, parseName, reason, short } from './names.ts';
import { type Remote, registryOf } from './registry-client.ts';
import { tagsOf } from './resolve.ts';
import type { State } from './state.ts';

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

// --- internal ---

async function* pushLines(state: State, asked: Name): AsyncGenerator<object> {
  yield { status: `The push refers to repository [${asked.repo}]` };
  const names = taggedIn(state, asked);
  try {
    if (names.length === 0)
      throw notFound(
        state.store === 'containerd' && asked.tag !== null
          ? `tag does not exist: ${familiarName(asked)}`
          : `An image does not exist locally with the tag: ${asked.repo}`,
      );
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
  const manifest = image.manifest ?? packed(state, image);
  for (const [i, { content }] of manifest.layers.entries()) {
    if (!content) throw failure('a simulated layer without content can’t be pushed');
    const sent = await remote.upload(content);
    const id = short(image.config.rootfs.diff_ids[i] ?? '');
    yield { status: sent ? 'Pushed' : 'Layer already exists', progressDetail: {}, id };
  }
  await remote.upload(Buffer.from(image.text));
  const { digest, mediaType, text } = manifest;
  await remote.putManifest(name.tag ?? '', text, mediaType);
  const attributes = { ...image.labels, name: name.repo };
  const event = { type: 'image', action: 'push', id: familiarName(name), attributes } as const;
  if (state.store === 'graph driver') {
    const reference = { ...name, tag: null, digest };
    if (state.references.get(reference) !== image.id) state.references.set(reference, image.id);
  }
  state.events.log(event);
  yield { status: `${name.tag}: digest: ${digest} size: ${text.length}` };
  // The containerd store says it in words only.
  if (state.store === 'graph driver')
    yield { progressDetail: {}, aux: { Tag: name.tag, Digest: digest, Size: text.length } };
}

/** What a graph driver makes of its layers for a registry. */
function packed(state: State, image: Image): Manifest {
  const layers = image.chains.map((chain): Blob => {
    const blob = state.layers.get(chain)?.blob ?? null;
    const content = blob && gzipSync(blob);
    return { digest: sha256(content ?? ''), size: content?.length ?? 0, content };
  });
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: Buffer.byteLength(image.text),
      digest: sha256(image.text),
    },
    layers: layers.map(({ digest, size }) => ({
      ...{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size, digest },
    })),
  });
  return { digest: sha256(text), mediaType, text, layers };
}

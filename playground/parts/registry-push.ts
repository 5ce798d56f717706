import { gzipSync } from 'node:zlib';
import { call } from './http-call.ts';
import { buildImages, type LayerSpec, layerFiles, sha256 } from './image-build.ts';
import { tar } from './tar.ts';

/** What a manifest says of another one, or of a blob. */
export type Pushed = { readonly digest: string; readonly mediaType: string; readonly size: number };

export type PushedManifest = Pushed & {
  readonly text: string;
  /** What an index says of it. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
};

type Common = {
  readonly tags?: readonly string[];
  /** In Docker's types instead of OCI's. */
  readonly docker?: boolean;
  readonly subject?: Pushed;
  readonly annotations?: Readonly<Record<string, string>>;
};

export type PushedImage = Common & {
  readonly layers?: readonly LayerSpec[];
  readonly created?: Date;
  readonly labels?: Readonly<Record<string, string>>;
  /** `linux/arm64/v8`; this machine's by default. */
  readonly platform?: string;
};

/** Pushes made-up content by the API, as no engine has to be there for it. Equal content has equal digests. */
export type Pusher = {
  blob(repository: string, content: Buffer | string): Promise<{ digest: string; size: number }>;
  /** Any text as a manifest, under its digest and these tags. */
  manifest(repository: string, mediaType: string, text: string, tags?: readonly string[]): Promise<Pushed>;
  /** With layers that an engine can unpack. */
  image(repository: string, image?: PushedImage): Promise<PushedManifest>;
  index(repository: string, children: readonly PushedManifest[], common?: Common): Promise<PushedManifest>;
  /** A manifest of OCI 1.1 about another one, with a type of its own. */
  artifact(
    repository: string,
    artifactType: string,
    common?: Common & { body?: string },
  ): Promise<PushedManifest>;
  /** As cosign signs: an image by its types, whose tag says what it is about. */
  signature(repository: string, digest: string): Promise<PushedManifest>;
  /** What buildkit says of an image, to stand beside it in an index. */
  attestation(repository: string, image: Pushed): Promise<PushedManifest>;
};

export type PusherOptions = {
  readonly url: string;
  readonly ca?: string | undefined;
  /** The header for one repository. */
  readonly authorization?: (repository: string) => string;
};

export function openPusher({ url, ca, authorization }: PusherOptions): Pusher {
  const ask = async (
    method: string,
    to: URL,
    repository: string,
    status: number,
    body?: Buffer,
    type = BYTES,
  ) => {
    const headers = {
      ...(authorization && { authorization: authorization(repository) }),
      ...(body && { 'content-type': type, 'content-length': String(body.length) }),
    };
    const answer = await call(to, { method, headers, ca, ...(body && { body }) });
    if (answer.status !== status)
      throw new Error(`${method} ${to.pathname} gave ${answer.status}: ${answer.body.toString('utf8')}`);
    return answer;
  };

  const blob: Pusher['blob'] = async (repository, content) => {
    const body = Buffer.from(content);
    const digest = `sha256:${sha256(body)}`;
    const start = await ask('POST', new URL(`/v2/${repository}/blobs/uploads/`, url), repository, 202);
    const to = new URL(start.headers.location ?? '', url);
    to.searchParams.set('digest', digest);
    await ask('PUT', to, repository, 201, body);
    return { digest, size: body.length };
  };

  const manifest: Pusher['manifest'] = async (repository, mediaType, text, tags = []) => {
    const body = Buffer.from(text);
    const digest = `sha256:${sha256(body)}`;
    for (const reference of [digest, ...tags])
      await ask(
        'PUT',
        new URL(`/v2/${repository}/manifests/${reference}`, url),
        repository,
        201,
        body,
        mediaType,
      );
    return { digest, mediaType, size: body.length };
  };

  /** The manifest with what all kinds have in common. */
  const put = async (repository: string, mediaType: string, content: object, common: Common) => {
    const { subject, annotations, tags } = common;
    const text = JSON.stringify({
      ...{ schemaVersion: 2, mediaType, ...content },
      ...(subject && { subject: described(subject) }),
      ...(annotations && { annotations }),
    });
    return { ...(await manifest(repository, mediaType, text, tags)), text };
  };

  /** A configuration of an image's type, and layers of any. */
  const manifestOf = async (
    repository: string,
    config: string,
    layers: readonly { mediaType: string; content: Buffer | string }[],
    common: Common,
  ) => {
    const types = common.docker ? DOCKER : OCI;
    const pushed: Pushed[] = [];
    for (const { mediaType, content } of layers)
      pushed.push({ mediaType, ...(await blob(repository, content)) });
    const described = { mediaType: types.config, ...(await blob(repository, config)) };
    return put(repository, types.manifest, { config: described, layers: pushed }, common);
  };

  return {
    blob,
    manifest,
    async image(repository, image = {}) {
      const layers = image.layers ?? [{ name: repository, bytes: 1000 }];
      const built = buildImages({
        one: {
          ...{ layers, tags: [] },
          ...(image.labels && { labels: image.labels }),
          ...(image.created && { created: image.created }),
        },
      }).get('one');
      const config = JSON.parse(built?.config ?? '{}');
      const [os = config.os, architecture = config.architecture, variant] = image.platform?.split('/') ?? [];
      const platform = { os, architecture, ...(variant !== undefined && { variant }) };
      const mediaType = image.docker ? DOCKER.layer : OCI.layer;
      const contents = layers.map((layer) => ({ mediaType, content: gzipSync(tar(layerFiles(layer))) }));
      const text = JSON.stringify({ ...config, ...platform });
      return { ...(await manifestOf(repository, text, contents, image)), platform };
    },
    index(repository, children, common = {}) {
      const manifests = children.map(({ platform, annotations, ...child }) => ({
        ...described(child),
        ...(platform && { platform }),
        ...(annotations && { annotations }),
      }));
      return put(repository, common.docker ? DOCKER.index : OCI.index, { manifests }, common);
    },
    async artifact(repository, artifactType, { body = artifactType, ...common } = {}) {
      const config = { mediaType: EMPTY, ...(await blob(repository, '{}')) };
      const layers = [{ mediaType: artifactType, ...(await blob(repository, body)) }];
      return put(repository, OCI.manifest, { artifactType, config, layers }, common);
    },
    signature(repository, digest) {
      const layers = [{ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', content: digest }];
      const config = JSON.stringify({ created: '0001-01-01T00:00:00Z', os: '', rootfs: { type: 'layers' } });
      return manifestOf(repository, config, layers, { tags: [`${digest.replace(':', '-')}.sig`] });
    },
    async attestation(repository, { digest }) {
      const layers = [{ mediaType: 'application/vnd.in-toto+json', content: `about ${digest}` }];
      const config = JSON.stringify({ architecture: 'unknown', os: 'unknown', rootfs: { type: 'layers' } });
      return {
        ...(await manifestOf(repository, config, layers, {})),
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: {
          'vnd.docker.reference.digest': digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
      };
    },
  };
}

// --- internal ---

const BYTES = 'application/octet-stream';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const OCI = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};
const DOCKER = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

const described = ({ digest, mediaType, size }: Pushed) => ({ mediaType, digest, size });

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { type Called, call } from './http-call.ts';
import type { Registry } from './registry.ts';

export type Extras = {
  /** Lists come in pages of this size, ordered, as distribution 3 and others page tags; `null` as the registry does. */
  page(size: number | null): void;
  /** Whether there is a Referrers API (OCI 1.1), over all that was pushed. */
  referrers(on: boolean): void;
  /** Whether single tags can be deleted, as in distribution 3; not where deletion is off. */
  tagDeletion(on: boolean): void;
};

type Answer = (method: string, path: string, headers: IncomingHttpHeaders) => Promise<Called | null>;

/** What registries newer than 2.8 can, made of what this one has stored. `null`: it is for the registry itself. */
export function openExtras(registry: Registry): Extras & { answer: Answer } {
  let size: number | null = null;
  let referrers = false;
  let tagDeletion = false;
  const repositoryDir = (name: string) => join(registry.dataDir, 'repositories', name, '_manifests');
  const ask = (method: string, path: string, headers: IncomingHttpHeaders) => {
    const { authorization, accept } = headers;
    return call(`${registry.url}${path}`, {
      method,
      headers: { ...(authorization && { authorization }), ...(accept && { accept }) },
      ca: registry.ca,
    });
  };

  const paged = async (path: string, headers: IncomingHttpHeaders, most: number): Promise<Called> => {
    const url = new URL(path, registry.url);
    const whole = await ask('GET', url.pathname, headers);
    if (whole.status !== 200) return whole;
    const body = JSON.parse(whole.body.toString('utf8'));
    const field = 'tags' in body ? 'tags' : 'repositories';
    const last = url.searchParams.get('last') ?? '';
    const rest = [...(body[field] ?? [])].sort().filter((one) => one > last);
    const shown = rest.slice(0, most);
    const next = `${url.pathname}?last=${encodeURIComponent(String(shown.at(-1)))}&n=${most}`;
    return json(
      200,
      { ...body, [field]: shown },
      rest.length > most ? { link: `<${next}>; rel="next"` } : {},
    );
  };

  const refer = async (name: string, digest: string, path: string, headers: IncomingHttpHeaders) => {
    // Only who may pull may ask.
    const allowed = await ask('GET', `/v2/${name}/tags/list`, headers);
    if (allowed.status === 401) return allowed;
    const wanted = new URL(path, registry.url).searchParams.get('artifactType');
    const manifests = manifestsOf(registry, repositoryDir(name))
      .filter(({ content }) => content.subject?.digest === digest)
      .map(({ content, ...described }) => ({
        ...described,
        artifactType: content.artifactType ?? content.config?.mediaType,
        ...(content.annotations && { annotations: content.annotations }),
      }))
      .filter(({ artifactType }) => wanted === null || artifactType === wanted);
    return json(200, { schemaVersion: 2, mediaType: INDEX, manifests }, { 'content-type': INDEX });
  };

  const untag = async (name: string, tag: string, headers: IncomingHttpHeaders): Promise<Called> => {
    // Of a manifest that can't be: it says whether this one may delete, and whether anybody may.
    const allowed = await ask('DELETE', `/v2/${name}/manifests/sha256:${'0'.repeat(64)}`, headers);
    if (allowed.status !== 404) return allowed;
    const dir = join(repositoryDir(name), 'tags', tag);
    if (!existsSync(dir))
      return json(404, { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] });
    rmSync(dir, { recursive: true });
    return json(202, {});
  };

  return {
    page(most) {
      size = most;
    },
    referrers(on) {
      referrers = on;
    },
    tagDeletion(on) {
      tagDeletion = on;
    },
    async answer(method, path, headers) {
      const list = /^\/v2\/(?:_catalog|.+\/tags\/list)(?:\?|$)/.test(path);
      if (method === 'GET' && list && size !== null) return paged(path, headers, size);
      const [, about, subject] = /^\/v2\/(.+)\/referrers\/(sha256:[0-9a-f]{64})/.exec(path) ?? [];
      if (method === 'GET' && about && subject && referrers) return refer(about, subject, path, headers);
      const [, name, tag] = /^\/v2\/(.+)\/manifests\/([\w.-]+)$/.exec(path) ?? [];
      if (method === 'DELETE' && name && tag && tagDeletion) return untag(name, tag, headers);
      return null;
    },
  };
}

// --- internal ---

const INDEX = 'application/vnd.oci.image.index.v1+json';

type Stored = {
  subject?: { digest: string };
  artifactType?: string;
  mediaType?: string;
  config?: { mediaType: string };
  annotations?: object;
};

/** All of a repository, as it lies on disk. */
function manifestsOf({ dataDir }: Registry, dir: string) {
  const revisions = join(dir, 'revisions/sha256');
  const linked = existsSync(revisions)
    ? readdirSync(revisions).filter((hex) => existsSync(join(revisions, hex, 'link')))
    : [];
  return linked.map((hex) => {
    const body = readFileSync(join(dataDir, 'blobs/sha256', hex.slice(0, 2), hex, 'data'));
    const content: Stored = JSON.parse(body.toString('utf8'));
    return { mediaType: content.mediaType ?? '', digest: `sha256:${hex}`, size: body.length, content };
  });
}

function json(status: number, body: object, headers: Record<string, string> = {}): Called {
  const text = Buffer.from(JSON.stringify(body));
  const all = { 'content-type': 'application/json', 'content-length': String(text.length), ...headers };
  return { status, headers: all, body: text };
}

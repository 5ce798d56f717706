import { Buffer } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { failure } from './api-error.ts';
import { sha256 } from './hash.ts';
import type { Name } from './names.ts';

/** A manifest as a registry has it. */
export type RemoteManifest = {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly text: string;
  readonly config: string;
  readonly layers: readonly string[];
};

/** One repository in a registry, spoken to by the registry's v2 API. */
export type Remote = {
  readonly path: string;
  manifest(reference: string): Promise<RemoteManifest | null>;
  blob(digest: string): Promise<Buffer>;
  /** False where it was there already. */
  upload(content: Buffer): Promise<boolean>;
  putManifest(tag: string, text: string, mediaType: string): Promise<void>;
};

const MEDIA_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

export function registryOf({ full }: Name): Remote {
  const host = full.slice(0, full.indexOf('/'));
  const path = full.slice(host.length + 1);
  const base = `http://${host}/v2/${path}`;
  const ask = async (url: string, init: RequestInit = {}) => {
    // A simulation reaches no further than this machine.
    if (!/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host))
      throw failure(
        `Get "https://${host === 'docker.io' ? 'registry-1.docker.io' : host}/v2/": dial tcp: lookup failed: no such host`,
      );
    try {
      return await fetch(url, init);
    } catch {
      throw failure(`Get "http://${host}/v2/": dial tcp ${host}: connect: connection refused`);
    }
  };
  const blob = async (digest: string) => {
    const response = await ask(`${base}/blobs/${digest}`);
    if (!response.ok) throw failure(`blob unknown: ${digest}`);
    return Buffer.from(await response.arrayBuffer());
  };
  return {
    path,
    blob,
    async manifest(reference) {
      const response = await ask(`${base}/manifests/${reference}`, { headers: { accept: MEDIA_TYPE } });
      const body = Buffer.from(await response.arrayBuffer());
      if (response.status === 404) return null;
      if (!response.ok) throw failure(`unexpected status from GET request to ${base}: ${response.status}`);
      const { config, layers } = JSON.parse(body.toString()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      return {
        digest: sha256(body),
        mediaType: MEDIA_TYPE,
        size: body.length,
        text: body.toString(),
        config: config.digest,
        layers: layers.map(({ digest }) => digest),
      };
    },
    async upload(content) {
      const digest = sha256(content);
      const there = await ask(`${base}/blobs/${digest}`, { method: 'HEAD' });
      if (there.ok) return false;
      const begun = await ask(`${base}/blobs/uploads/`, { method: 'POST' });
      const to = new URL(begun.headers.get('location') ?? '', base);
      to.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      const put = await ask(String(to), { method: 'PUT', body: new Uint8Array(content), headers });
      if (!put.ok) throw failure(`unexpected status from PUT request to ${base}: ${put.status}`);
      return true;
    },
    async putManifest(tag, text, mediaType) {
      const headers = { 'content-type': mediaType };
      const put = await ask(`${base}/manifests/${tag}`, { method: 'PUT', body: text, headers });
      if (!put.ok) throw failure(`unexpected status from PUT request to ${base}: ${put.status}`);
    },
  };
}

/** A layer without its packing. */
export function unpacked(layer: Buffer): Buffer {
  return layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer;
}

import { imageArchive } from '../../playground/parts/image-archive.ts';
import type { ImageSpec } from '../../playground/parts/images.ts';
import { tar } from '../../playground/parts/tar.ts';
import type { Api, Reply } from './_api.ts';

/** Loads images; the answer tells of it line by line. */
export function load(api: Api, specs: Readonly<Record<string, ImageSpec>>): Promise<Reply> {
  return api.post('/images/load?quiet=1', Buffer.concat([...imageArchive(specs).blocks()]));
}

export type Context = Readonly<Record<string, string>>;

/** Builds by the classic builder, which makes an image of every step. Resolves to the last one's ID. */
export const buildClassic = (api: Api, dockerfile: string, tag?: string, files: Context = {}) =>
  build(api, `version=1${tag === undefined ? '' : `&t=${tag}`}`, dockerfile, files);

/** Builds by BuildKit, which fills its cache. Resolves to the image's ID. */
export const buildKit = (api: Api, dockerfile: string, tag?: string, files: Context = {}) =>
  build(api, `version=2${tag === undefined ? '' : `&t=${tag}`}`, dockerfile, files);

// --- internal ---

async function build(api: Api, query: string, dockerfile: string, files: Context): Promise<string> {
  const entries = Object.entries({ Dockerfile: dockerfile, ...files });
  const { body, text } = await api.post(
    `/build?${query}`,
    tar(entries.map(([path, content]) => ({ path, content }))),
  );
  const lines = (Array.isArray(body) ? body : [body]) as { aux?: { ID?: string } }[];
  const id = lines.findLast(({ aux }) => aux?.ID !== undefined)?.aux?.ID;
  if (id === undefined) throw new Error(`The build gave no image: ${text}`);
  return id;
}

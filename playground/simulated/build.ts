import type { Buffer } from 'node:buffer';
import { ApiError, failure, notFound } from './api-error.ts';
import { commit, createdBy } from './build-step.ts';
import { type Instruction, parseDockerfile } from './dockerfile.ts';
import { isLatest, isModern } from './generation.ts';
import { randomId } from './hash.ts';
import { imageEvent, tagImage } from './image-events.ts';
import type { Image } from './images.ts';
import { type Name, parseName, short } from './names.ts';
import { childrenOf, findImage } from './resolve.ts';
import type { State } from './state.ts';
import { type TarFile, untar } from './untar.ts';

/**
 * The classic builder: each instruction makes an image whose parent is the one before. Nothing is really
 * run: `RUN` adds an empty layer, `COPY` and `ADD` one with the files. Resolves to the answer's lines.
 */
export function* build(
  state: State,
  context: Buffer,
  options: { tags: readonly string[]; file: string; labels: Readonly<Record<string, string>> },
): Generator<object> {
  for (const tag of options.tags) {
    const parsed = parseName(tag);
    if ('error' in parsed) throw failure(parsed.error);
  }
  const files = untar(context);
  if (!files) throw failure('unexpected EOF');
  const dockerfile = files.find(({ path }) => path === options.file);
  if (!dockerfile) throw failure(`Cannot locate specified Dockerfile: ${options.file}`);
  const steps = parseDockerfile(dockerfile.content.toString());
  const more = Object.entries(options.labels).map(
    ([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`,
  );
  if (more.length > 0) steps.push({ name: 'LABEL', text: more.join(' '), line: 0 });
  try {
    yield* run(state, steps, files, options.tags);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    yield { errorDetail: { message: error.message }, error: error.message };
  }
}

// --- internal ---

function* run(
  state: State,
  steps: readonly Instruction[],
  files: readonly TarFile[],
  tags: readonly string[],
) {
  let image: Image | null = null;
  for (const [i, step] of steps.entries()) {
    yield line(`Step ${i + 1}/${steps.length} : ${step.name} ${step.text}`);
    yield line('\n');
    if (step.name === 'FROM') image = startOf(state, step.text);
    else {
      const made = createdBy(step, files);
      const known: Image | undefined = cached(state, image, made);
      if (known) yield line(' ---> Using cache\n');
      else {
        const container = randomId();
        yield line(` ---> Running in ${short(container)}\n`);
        yield line(
          isModern(state)
            ? ` ---> Removed intermediate container ${short(container)}\n`
            : `Removing intermediate container ${short(container)}\n`,
        );
      }
      image = known ?? commit(state, image, step, files);
      if (!known && isLatest(state)) imageEvent(state, 'create', image.id);
    }
    yield line(` ---> ${image ? short(image.id) : ''}\n`);
  }
  if (!image) throw failure('No image was generated. Is your Dockerfile empty?');
  yield { aux: { ID: image.id } };
  yield line(`Successfully built ${short(image.id)}\n`);
  for (const tag of tags) {
    const name = (parseName(tag) as { name: Name }).name;
    tagImage(state, image.id, name.full, name.tag ?? 'latest');
    yield line(`Successfully tagged ${name.repo}:${name.tag ?? 'latest'}\n`);
  }
}

const line = (stream: string) => ({ stream });

function startOf(state: State, text: string): Image | null {
  const [name = ''] = text.split(/\s/);
  if (name === 'scratch') return null;
  try {
    return findImage(state, name);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw notFound(
      `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
  }
}

/** What the same instruction made of the same image, or of none, before. */
function cached(state: State, parent: Image | null, made: string): Image | undefined {
  const candidates = parent
    ? childrenOf(state, parent.id).map((id) => state.images.get(id))
    : [...state.images.all()].filter(({ config }) => config.history?.length === 1);
  return candidates.find(
    (image) => image?.config.docker_version && image.config.history?.at(-1)?.created_by === made,
  );
}

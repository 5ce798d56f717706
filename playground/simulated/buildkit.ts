import type { Buffer } from 'node:buffer';
import { ApiError, failure } from './api-error.ts';
import type { CacheRecord } from './build-cache.ts';
import { change, contentOf, filesFrom } from './build-step.ts';
import { keepNameless, removeRecord } from './containerd/records.ts';
import { type Instruction, parseDockerfile } from './dockerfile.ts';
import { isLatest, isModern } from './generation.ts';
import { sha256 } from './hash.ts';
import { imageEvent, tagImage } from './image-events.ts';
import type { HistoryEntry, Image, ImageConfig } from './images.ts';
import { type Name, parseName, withDefaultTag } from './names.ts';
import { findImage } from './resolve.ts';
import type { State } from './state.ts';
import { diskUsage, type TarFile, untar } from './untar.ts';

/**
 * BuildKit: one image without a parent, and records of all that it did. Nothing is really run. Resolves to the
 * answer's lines, of which those that trace the build are left out.
 */
export function* buildKit(
  state: State,
  context: Buffer,
  options: { tags: readonly string[]; file: string },
): Generator<object> {
  try {
    const files = untar(context);
    const dockerfile = files?.find(({ path }) => path === options.file);
    if (!files || !dockerfile) throw failure(`failed to read dockerfile: open ${options.file}: no such file`);
    const image = solve(state, context.length, parseDockerfile(dockerfile.content.toString()), files);
    for (const tag of options.tags) {
      const parsed = parseName(tag);
      if ('error' in parsed) throw failure(parsed.error);
      const name = withDefaultTag(parsed.name);
      if (state.store === 'containerd') takeName(state, name);
      tagImage(state, image.id, name.full, name.tag ?? '');
    }
    if (state.store === 'containerd' && options.tags.length === 0)
      keepNameless(state, { id: image.id, parent: null });
    if (isLatest(state)) imageEvent(state, 'create', image.id);
    yield { id: 'moby.image.id', aux: { ID: image.id } };
    if (!isModern(state)) for (const tag of options.tags) yield { stream: `Successfully tagged ${tag}\n` };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    yield { errorDetail: { message: error.message }, error: error.message };
  }
}

// --- internal ---

/** In the containerd store a build takes a name without a thought for the image that had it. */
function takeName(state: State, name: Name): void {
  const id = state.references.get(name);
  if (id !== null) removeRecord(state, { name, id });
}

type Step = { readonly instruction: Instruction; readonly files: readonly TarFile[] };

function solve(
  state: State,
  contextSize: number,
  [from, ...instructions]: readonly Instruction[],
  files: readonly TarFile[],
): Image {
  const base = from?.text === 'scratch' ? null : findImage(state, from?.text ?? '');
  const modern = isModern(state);
  state.cache.add({ description: `http url http://build-context-${Date.now()}`, size: contextSize });
  state.cache.add({
    description: modern ? 'copy /context /' : 'fileop target',
    size: files.reduce((sum, { size }) => sum + size, 0),
  });
  const steps = instructions.map((instruction): Step => {
    const copies = instruction.name === 'COPY' || instruction.name === 'ADD';
    return { instruction, files: copies ? filesFrom(files, instruction.text.split(/\s+/)[0] ?? '') : [] };
  });
  return assemble(state, base, steps);
}

/** Puts layer on layer, each once for the same content on the same ground. */
function assemble(state: State, base: Image | null, steps: readonly Step[]): Image {
  const adding = steps.filter(adds);
  let config = { ...(base?.config.config ?? { Env: [PATH] }) };
  let chain = base?.chains.at(-1) ?? null;
  let below: CacheRecord | null = null;
  let created = base?.config.created ?? '';
  const history: HistoryEntry[] = [...(base?.config.history ?? [])];
  const diffIds = [...(base?.config.rootfs.diff_ids ?? [])];
  for (const step of steps) {
    const { instruction } = step;
    if (!adds(step)) {
      config = change(config, instruction);
      history.push(entry(created || now(), instruction, true));
      continue;
    }
    const made = contentOf(step.files);
    const diffId = sha256(`${instruction.name} ${instruction.text} ${sha256(made)}`);
    const size = step.files.reduce((sum, file) => sum + file.size, 0);
    const paths = new Set(step.files.map(({ path }) => path));
    const layer = state.layers.add(chain, {
      diffId,
      size,
      usage: diskUsage(step.files),
      files: paths,
      blob: null,
    });
    const known = state.cache.ofLayer(layer.chain);
    const place = `[${adding.indexOf(step) + 1}/${adding.length}]`;
    if (known) state.cache.use(known);
    const record: CacheRecord =
      known ??
      state.cache.add({
        ...{ size, chain: layer.chain, parent: below?.id ?? null },
        description: isModern(state) ? `${place} ${instruction.name} ${instruction.text}` : 'fileop target',
      });
    created = record.createdAt.toISOString();
    history.push(entry(created, instruction, false));
    diffIds.push(diffId);
    [chain, below] = [layer.chain, record];
  }
  const next: ImageConfig = {
    ...{ architecture: 'amd64', os: 'linux', config, created: created || now(), history },
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  return state.images.create(JSON.stringify(next));
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const now = () => new Date().toISOString();

const adds = ({ instruction: { name } }: Step) => ['COPY', 'ADD', 'RUN'].includes(name);

const entry = (created: string, { name, text }: Instruction, empty: boolean): HistoryEntry => ({
  ...{ created, created_by: `${name} ${text}${empty ? '' : ' # buildkit'}` },
  ...{ comment: 'buildkit.dockerfile.v0', ...(empty && { empty_layer: true }) },
});

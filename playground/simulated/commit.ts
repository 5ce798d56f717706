import { keepNameless } from './containerd/records.ts';
import { containerEvent, findContainer } from './containers.ts';
import { tagImage } from './image-events.ts';
import type { ImageConfig } from './images.ts';
import { short } from './names.ts';
import type { State } from './state.ts';

/** Makes an image of a container, whose own layer is empty here. Resolves to its ID. */
export function commitContainer(
  state: State,
  query: URLSearchParams,
  changes: Readonly<Record<string, unknown>> | null,
): string {
  const container = findContainer(state, query.get('container') ?? '');
  const image = state.images.get(container.imageId);
  const created = new Date().toISOString();
  const [comment, author] = [query.get('comment') ?? '', query.get('author') ?? ''];
  const config = { ...image?.config.config, Cmd: container.command, ...changes };
  const next: ImageConfig = {
    architecture: 'amd64',
    author,
    comment,
    config,
    container: container.id,
    container_config: { ...config, Hostname: short(container.id), Image: container.image },
    created,
    docker_version: state.version,
    history: [
      ...(image?.config.history ?? []),
      { created, created_by: container.command.join(' '), comment, empty_layer: true },
    ],
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: image?.config.rootfs.diff_ids ?? [] },
  };
  const { id } = state.images.create(JSON.stringify(next));
  if (state.store === 'containerd') keepNameless(state, { id, parent: image?.id ?? null });
  else if (image) state.images.setParent(id, image.id);
  const repo = query.get('repo') ?? '';
  if (repo !== '') tagImage(state, id, repo, query.get('tag') ?? '');
  containerEvent(state, 'commit', container, { comment, imageID: id });
  return id;
}

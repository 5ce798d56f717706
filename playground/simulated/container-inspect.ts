import { containerSize } from './container-size.ts';
import { isRunning } from './delete-records.ts';
import { goTime, runConfig } from './inspect.ts';
import type { Container, State } from './state.ts';

export function inspectContainer(state: State, container: Container, size: boolean) {
  const { id, command, name, exitCode, config } = container;
  const running = isRunning(container);
  return {
    Id: id,
    Created: goTime(container.createdAt),
    Path: command[0] ?? '',
    Args: command.slice(1),
    State: {
      Status: container.state,
      Running: running,
      Paused: container.state === 'paused',
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: running ? 4711 : 0,
      ExitCode: exitCode,
      Error: '',
      StartedAt: goTime(container.startedAt),
      FinishedAt: goTime(container.finishedAt),
    },
    Image: container.imageId,
    ...manifestDescriptor(container),
    Name: `/${name}`,
    RestartCount: 0,
    Driver: state.store === 'containerd' ? 'overlayfs' : 'overlay2',
    Platform: 'linux',
    HostConfig: container.hostConfig,
    ...(size && containerSize(state, container)),
    Mounts: mounts(state, container),
    Config: {
      ...runConfig(config),
      Hostname: id.slice(0, 12),
      Image: container.image,
      Labels: container.labels,
    },
    NetworkSettings: { Networks: {} },
  };
}

/** Which manifest a container was made of; it outlives the image. */
export function manifestDescriptor({ manifest }: Container) {
  return manifest && { ImageManifestDescriptor: manifest };
}

/** Images that are mounted; other mounts are nothing that images are held by. */
export function mounts({ root }: State, { id, mounts }: Container) {
  return mounts.map(({ name, target }) => ({
    ...{ Type: 'image', Name: name, Source: `${root}/mounts/${id}/${name}`, Destination: target },
    ...{ Mode: '', RW: false, Propagation: 'rprivate' },
  }));
}

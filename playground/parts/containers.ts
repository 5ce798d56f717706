import type Docker from 'dockerode';

export type ContainerOptions = {
  /** A reference or an ID. */
  readonly image: string;
  readonly name?: string;
  /** Running by default. `stopped` has run to its end; `created` never ran, so its image needs no program. */
  readonly state?: 'running' | 'stopped' | 'created';
  /** Replaces the image's command. */
  readonly cmd?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
};

/** Makes a container without network. A running one needs an image with busybox in it. */
export async function runContainer(docker: Docker, options: ContainerOptions): Promise<Docker.Container> {
  const { image, name, state = 'running', labels } = options;
  const cmd = options.cmd ?? (state === 'stopped' ? ['true'] : undefined);
  const container = await docker.createContainer({
    Image: image,
    // A shell as process 1 ignores SIGTERM: every stop would wait for its limit.
    StopSignal: 'SIGKILL',
    HostConfig: { NetworkMode: 'none' },
    ...(name !== undefined && { name }),
    ...(cmd && { Cmd: [...cmd] }),
    ...(labels && { Labels: { ...labels } }),
  });
  if (state === 'created') return container;
  await container.start();
  if (state === 'stopped') await container.wait();
  return container;
}

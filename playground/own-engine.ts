import Docker from 'dockerode';

/** An engine that somebody brings along, under the name `mine`, with the host rules that any agent has by default. */
export function ownEngine(address: string): { name: string; env: Record<string, string>; docker: Docker } {
  const unix = /^unix:\/\/(\/.+)$/.exec(address)?.[1];
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^:/]+):(\d+)$/.exec(address);
  if (unix === undefined && !tcp)
    throw new Error(`--engine ${address}: write unix:///var/run/docker.sock or tcp://127.0.0.1:2375.`);
  const docker =
    unix === undefined
      ? new Docker({ protocol: 'http', host: tcp?.[1] ?? '', port: Number(tcp?.[2]) })
      : new Docker({ socketPath: unix });
  // Its images did not arrive just now, so the playground's `min-age: 0s` is not for it.
  return { name: 'mine', env: { DOCKER_HOST: address, DIMG_AGENT_CONFIG: '' }, docker };
}

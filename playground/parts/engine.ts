import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { basename, join } from 'node:path';
import Docker from 'dockerode';
import { mountsBelow, unmountBelow } from './cleanup.ts';
import { ownRelease, RELEASES, type Release, releaseAskedFor } from './engine-release.ts';
import { openRoot, type Root } from './engine-root.ts';
import { findProgram } from './programs.ts';
import type { Scope } from './scope.ts';
import { type Service, startService } from './service.ts';

export type EngineOptions = {
  /** The host's name, unique in its scope; letters, digits and dashes. */
  readonly name: string;
  /** `overlay2` becomes `vfs` where the file system can't carry it. */
  readonly storageDriver?: 'overlay2' | 'vfs';
  /** This machine's own by default, or what `DIMG_ENGINE` names; others run from a root folder that is downloaded once. */
  readonly release?: Release | undefined;
  /** A folder that outlives the scope; inside the scope by default. */
  readonly dataRoot?: string;
  /** The daemon's feature switches, such as `{ 'containerd-snapshotter': true }`. */
  readonly features?: Readonly<Record<string, boolean>>;
  /** Further options of dockerd. */
  readonly args?: readonly string[];
};

export type Engine = Service & {
  readonly name: string;
  readonly socket: string;
  /** What `DOCKER_HOST` takes. */
  readonly host: string;
  readonly docker: Docker;
  readonly store: 'graph driver' | 'containerd';
  /** Where its files are: the engine's own, and those of its containerd. */
  readonly folders: { readonly data: string; readonly containerd: string };
  /** As the engine said at its first start. */
  readonly info: { readonly version: string; readonly apiVersion: string; readonly storageDriver: string };
};

const CAP_SYS_ADMIN = 1n << 21n;

/** True where engines can be started, or a sentence that says why not. */
export function enginesAvailable(): true | string {
  if (process.platform !== 'linux') return 'Engines of our own need Linux.';
  if (process.getuid?.() !== 0) return 'Engines of our own need root.';
  const capabilities = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  if ((BigInt(`0x${capabilities}`) & CAP_SYS_ADMIN) === 0n) {
    return 'This root may not mount (a container without --privileged?), which engines need.';
  }
  for (const program of ['dockerd', 'containerd', 'runc']) {
    if (findProgram(program) === undefined)
      return `There is no ${program}: run \`apt-get install docker.io\`.`;
  }
  return true;
}

/** Starts a Docker engine of its own, apart from any other: own data, socket, containerd, and no network. */
export async function startEngine(scope: Scope, options: EngineOptions): Promise<Engine> {
  const available = enginesAvailable();
  if (available !== true) throw new Error(available);
  const { name, release = releaseAskedFor() } = options;
  const dir = join(scope.dir, name);
  mkdirSync(dir);
  const features: Record<string, boolean> = {
    ...(release && { 'containerd-snapshotter': RELEASES[release].containerd }),
    ...options.features,
  };
  const containerdStore = features['containerd-snapshotter'] === true;
  const { storageDriver = containerdStore ? 'overlayfs' : 'overlay2' } = options;
  const within =
    release && release !== ownRelease() ? await openRoot(scope, RELEASES[release].suite, dir) : here;
  const dataRoot = options.dataRoot ?? join(dir, 'data');
  const mountedBefore = mountsBelow(dataRoot).length;
  // After SIGKILL dockerd's mount of its own data folder stays.
  scope.defer(() => unmountBelow(dataRoot, mountedBefore));
  const containerd = await startContainerd(scope, within, name, dir);
  const socket = join(dir, 'docker.sock');
  const docker = new Docker({ socketPath: socket });

  const start = (driver: string) => {
    const [command, args] = within('dockerd', [
      ...dockerdArgs({ scope, name, dir, dataRoot, socket, containerd, driver }),
      ...(options.args ?? []),
    ]);
    return startService(scope, {
      ...{ command, args, name: join(name, 'dockerd'), env: withSystemPath() },
      ready: () => answers(socket),
    });
  };
  writeFileSync(join(dir, 'daemon.json'), JSON.stringify({ features }));
  const service = await start(storageDriver).catch((error: unknown) => {
    if (storageDriver === 'vfs' || !/driver not supported|overlay/i.test(String(error))) throw error;
    return start('vfs');
  });

  const [version, info] = await Promise.all([docker.version(), docker.info()]);
  return {
    ...service,
    name,
    socket,
    host: `unix://${socket}`,
    docker,
    store: containerdStore ? 'containerd' : 'graph driver',
    folders: { data: dataRoot, containerd: join(dir, 'containerd') },
    info: { version: version.Version, apiVersion: version.ApiVersion, storageDriver: info.Driver },
  };
}

// --- internal ---

const here: Root = (command, args) => [findProgram(command) ?? command, [...args]];

// Left to itself dockerd joins a system's containerd where it sees one, even a dead one's socket.
// With our own, a killed dockerd leaves its containers running, as on a real host.
async function startContainerd(scope: Scope, within: Root, name: string, dir: string): Promise<string> {
  const socket = join(dir, 'containerd.sock');
  const config = join(dir, 'containerd.toml');
  writeFileSync(
    config,
    [
      'version = 2',
      `root = ${JSON.stringify(join(dir, 'containerd'))}`,
      `state = ${JSON.stringify(join(dir, 'state'))}`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
      `[grpc]\naddress = ${JSON.stringify(socket)}`,
    ].join('\n'),
  );
  // Nobody waits for it here: dockerd does, and starting both at once is quicker.
  await scope.spawn(...within('containerd', ['--config', config]), {
    name: join(name, 'containerd'),
    env: withSystemPath(),
  });
  return socket;
}

type DockerdPlace = Record<'name' | 'dir' | 'dataRoot' | 'socket' | 'containerd' | 'driver', string> & {
  scope: Scope;
};

function dockerdArgs({ scope, name, dir, dataRoot, socket, containerd, driver }: DockerdPlace): string[] {
  const namespace = `${basename(scope.dir)}-${name}`;
  return [
    ...['--config-file', join(dir, 'daemon.json'), '--data-root', dataRoot, '--exec-root', join(dir, 'exec')],
    ...['--host', `unix://${socket}`, '--pidfile', join(dir, 'pid'), '--storage-driver', driver],
    ...['--containerd', containerd, '--containerd-namespace', namespace],
    ...['--containerd-plugins-namespace', `${namespace}p`],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--bridge=none'],
    // The systemd driver, the default on cgroup v2 hosts, needs a bus that containers and CI don't have.
    ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--shutdown-timeout', '3'],
  ];
}

// Shims and runc are looked up on the PATH, which in a user's shell may lack the servers' folders.
function withSystemPath(): { PATH: string } {
  return {
    PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin`,
  };
}

// Not by dockerode: its promise never settles when the engine dies in mid-answer.
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('error', () => resolve(false));
    request.once('timeout', () => request.destroy());
    request.once('close', () => resolve(false));
  });
}

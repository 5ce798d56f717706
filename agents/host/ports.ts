import type { HostName, ImageId, RunId } from '../../src/domain/ids.ts';
import type { CacheRecord, ContainerState } from '../../src/domain/inventory.ts';
import type { EngineProblem } from '../../src/domain/outcome.ts';
import type { Heartbeat, Known, Report } from '../../src/domain/protocol.ts';
import type { Holder } from '../../src/domain/registry.ts';

/** One entry of the engine's list of images; names and digests of `<none>` are left out. */
export type RawImage = {
  id: ImageId;
  tags: readonly string[];
  digests: readonly string[];
  parent: ImageId | null;
  createdAt: number;
  size: number;
  labels: Readonly<Record<string, string>>;
};

/** What only the inspection of one image tells. */
export type ImageDetails = {
  id: ImageId;
  tags: readonly string[];
  digests: readonly string[];
  createdAt: number;
  /** When it was last tagged here, where the engine tells. */
  taggedAt: number | null;
  diffIds: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Bytes by the engine's account: of its layers, or in the containerd store of its packed content. */
  size: number;
  /** Folders of its layers, uppermost first, where a graph driver tells. */
  folders: readonly string[];
};

export type RawContainer = {
  id: string;
  name: string;
  imageId: ImageId | null;
  state: ContainerState;
  labels: Readonly<Record<string, string>>;
  /** What image mounts name: an ID or a reference. */
  mounts: readonly string[];
};

/** What only the inspection of one container tells. */
export type ContainerDetails = {
  id: string;
  name: string;
  imageId: ImageId | null;
  state: ContainerState;
  /** When it ended, or was made and never ran; `null` while it runs. */
  stoppedAt: number | null;
  /** Bytes that it wrote itself. */
  size: number;
  /** Folders of the layers below it, uppermost first, where a graph driver tells. */
  folders: readonly string[];
};

/** A record of the build cache as the engine lists it. */
export type RawRecord = Omit<CacheRecord, 'chains' | 'own'>;

/** One piece of the containerd store's content, with the digests of what it refers to. */
export type Blob = {
  size: number;
  refs: readonly string[];
  /** What a packed layer is unpacked, where this is one. */
  diffId: string | null;
  /** Of an image's configuration, the chain ID of the unpacked layers that it keeps. */
  unpacked: string | null;
};

/** What the engine says happened. `id` is an image's or container's ID, or a name where the engine tells no ID. */
export type EngineEvent = {
  type: 'image' | 'container';
  action: string;
  id: string;
  /** Of a container, the image as it was asked for. */
  image: string | null;
  /** Milliseconds since 1970 by the engine's clock. */
  at: number;
};

export type Listing = { images: readonly RawImage[]; containers: readonly RawContainer[] };

export type EngineInfo = {
  version: string;
  api: string;
  store: 'graph driver' | 'containerd';
  driver: string;
  /** The engine's data folder, as a path on its own host. */
  root: string;
};

export type Removal =
  | { kind: 'done'; untagged: readonly string[]; deleted: readonly string[] }
  | { kind: 'absent' }
  | { kind: 'conflict'; message: string }
  /**
   * `begun`: the engine may have received the request, so its end is not known. `cut`: it hung up, so it is not at it any
   * more once it answers again.
   */
  | { kind: 'trouble'; problem: EngineProblem; begun: boolean; cut?: boolean };

/**
 * The engine of this host. Readers resolve to `null` where the engine has no such image, and reject with
 * `EngineTrouble` alone.
 */
export type Engine = {
  /** Reads versions and kind, and pins the API version that all other calls use. */
  info(): Promise<EngineInfo>;
  /** Differs only between starts of the engine; `null` where that can't be told. Never rejects. */
  life(): Promise<string | null>;
  list(): Promise<Listing>;
  containers(): Promise<readonly RawContainer[]>;
  inspect(nameOrId: string): Promise<ImageDetails | null>;
  /** Layer sizes, oldest first. */
  history(id: ImageId): Promise<readonly number[] | null>;
  remove(nameOrId: string, options: { force: boolean }): Promise<Removal>;
  tag(id: ImageId, reference: string): Promise<boolean>;
  /** Pulls `repo@sha256:…`. Resolves to `null`, or to why it could not be. */
  pull(digest: string): Promise<string | null>;
  container(id: string, look?: { size: boolean }): Promise<ContainerDetails | null>;
  /** Without force, so that one that runs is refused, and without its volumes. */
  removeContainer(id: string): Promise<Removal>;
  /** The build cache; `null` where it can't be had without weighing everything, unless it must be. */
  buildCache(must: boolean): Promise<readonly RawRecord[] | null>;
  /** Deletes one record. Resolves to the bytes freed, or `null` where it is in use or gone. */
  removeRecord(id: string): Promise<number | null>;
  /** All content of the containerd store, by digest; `null` where the engine does not tell. */
  contents(): Promise<ReadonlyMap<string, Blob> | null>;
  /** Hears what happens, from `since` on in milliseconds; resolves or rejects when the engine falls silent. */
  events(
    since: number | null,
    ear: { opened(): void; hear(event: EngineEvent): void },
    stop: AbortSignal,
  ): Promise<void>;
  /** May take the engine many seconds: it walks through all files of containers and volumes. */
  usage(): Promise<Usage>;
  /** Whether the registry answered for `repo@sha256:…`. */
  distribution(digest: string, limitMs: number): Promise<boolean>;
};

/** What fills the engine's disk besides images, by its own account; bytes. */
export type Usage = {
  /** All layers, each once. */
  layers: number;
  containers: { count: number; bytes: number };
  volumes: { count: number; bytes: number };
  unusedVolumes: { count: number; bytes: number };
  buildCache: { count: number; bytes: number };
};

/** What the engine could not do, as the one error of the engine's readers. */
export class EngineTrouble extends Error {
  readonly problem: EngineProblem;
  constructor(problem: EngineProblem, options?: ErrorOptions) {
    super(problem.kind === 'engine' ? problem.message : problem.kind, options);
    this.name = 'EngineTrouble';
    this.problem = problem;
  }
}

/** What another agent's heartbeat under our name said. */
export type Predecessor = { identity: string; epoch: string; ageMs: number };

/** What a heartbeat met in Redis. */
export type Met = { before: Predecessor | null; auditHead: { n: number; hash: string } | null };

/** What a host has. */
export type Possessions = {
  /** By digest and ID; whether a container uses it. */
  images: ReadonlyMap<ImageId, boolean>;
  /** Digests that containers use, by the path of the repository that they were pulled from: `team/app`, of whichever registry. */
  used: ReadonlyMap<string, ReadonlySet<ImageId>>;
};

/** Who has which images, of all hosts that are known. */
export type Fleet = {
  holders: ReadonlyMap<ImageId, readonly Holder[]>;
  unheard: readonly HostName[];
};

/** The agent's side of Redis. */
export type Queue = {
  /** Begins to take jobs, as they came: unread data of unknown shape. */
  listen(take: (data: unknown) => Promise<void>): Promise<void>;
  /** Resolves once Redis has taken the report; tries until then, or until the queue is closed. */
  report(report: Report): Promise<void>;
  /** One try: resolves to the stream's id of the report, or rejects where Redis did not take it, or did not say so. */
  send(report: Report): Promise<string>;
  /** Which of these ids are still in the stream. Rejects when Redis does not answer, as the next two do. */
  waiting(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** `<job> <seq>` of reports whose effect the bot has stored: some of them, none where there are none. */
  acked(): Promise<readonly string[]>;
  unack(entries: readonly string[]): Promise<void>;
  /**
   * Leaves `known` beside it. Resolves to whose heartbeat it replaced and to the audit's head, or rejects when Redis does
   * not answer.
   */
  heartbeat(heartbeat: Heartbeat, known: Known): Promise<Met>;
  /** Whether the run's cancellation is asked for; what Redis does not answer is no. */
  cancelled(run: RunId): Promise<boolean>;
  /** The Redis server's time in milliseconds; estimated while it does not answer. */
  now(): Promise<number>;
  /**
   * Which of these hosts have images of these digests, as they told last, and those that do not tell. Rejects when Redis does not
   * answer, as all that follow do.
   */
  holders(digests: readonly ImageId[], hosts: ReadonlyMap<HostName, number>): Promise<Fleet>;
  /** Hosts that were heard of in 90 days, each with when that was by the Redis server's clock, in milliseconds since 1970. */
  hosts(): Promise<ReadonlyMap<HostName, number>>;
  /** What containers on these hosts use of these repositories, by the names that hosts know them by. */
  usedIn(
    repositories: readonly string[],
    hosts: Iterable<HostName>,
  ): Promise<ReadonlyMap<string, ReadonlySet<ImageId>>>;
  /** Tells what this host has, under a mark by which that is known again. */
  has(all: Possessions, mark: string): Promise<void>;
  /** The mark that stands there of what this host told, and how old that is by Redis's clock; `null` for none. */
  told(): Promise<{ mark: string; ageMs: number } | null>;
  /** Takes no more jobs, waits for those at hand and then for `last`, unless hurried, and hangs up. */
  close(hurry: AbortSignal, last?: () => Promise<void>): Promise<void>;
};

export type Log = Record<
  'debug' | 'info' | 'warn' | 'error',
  (msg: string, fields?: Readonly<Record<string, unknown>>) => void
>;

/** Effects that logic takes as arguments. */
export type Clock = {
  /** Milliseconds since 1970. */
  now(): number;
  sleep(ms: number): Promise<void>;
};

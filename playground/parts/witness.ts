import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** What an engine said happened, as it said it. */
export type EngineEvent = {
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNano: number;
};

export type Snapshot = {
  readonly images: readonly {
    readonly id: string;
    readonly tags: readonly string[];
    readonly digests: readonly string[];
  }[];
  readonly containers: readonly {
    readonly id: string;
    readonly name: string;
    readonly imageId: string;
    readonly state: string;
  }[];
};

export type Witness = {
  /** Everything since the start, first to last. */
  readonly events: readonly EngineEvent[];
  snapshot(): Promise<Snapshot>;
  /** Waits until an event was seen that fits. */
  waitFor(fits: (event: EngineEvent) => boolean, limitMs?: number): Promise<EngineEvent>;
  stop(): void;
};

/** Watches an engine by the plain API, sharing no code with what is being tested, and across its restarts. */
export async function startWitness(engine: { readonly socket: string }): Promise<Witness> {
  const events: EngineEvent[] = [];
  let stream: IncomingMessage | undefined;
  const known = new Set<string>();
  let stopped = false;
  let seen = 0;

  const listen = async () => {
    const filters = encodeURIComponent(JSON.stringify({ type: ['image', 'container'] }));
    const since = seen > 0 ? `&since=${(seen / 1e9).toFixed(0)}` : '';
    stream = await request(engine.socket, `/events?filters=${filters}${since}`);
    if (stopped) stream.destroy();
    return stream;
  };
  const read = async (response: IncomingMessage) => {
    try {
      for await (const line of createInterface({ input: response })) {
        // `since` counts in seconds, so what is known comes again; by its time alone it can't be told, as
        // events of concurrent deletions overtake each other.
        if (known.has(line)) continue;
        known.add(line);
        const event = parseEvent(line);
        seen = Math.max(seen, event.timeNano);
        events.push(event);
      }
    } catch {
      // The engine went away in mid-line.
    }
  };
  const follow = async (first: IncomingMessage) => {
    await read(first);
    while (!stopped) {
      await sleep(25);
      const next = await listen().catch(() => undefined);
      if (next) await read(next);
    }
  };
  void follow(await listen());

  return {
    events,
    snapshot: () => snapshot(engine.socket),
    async waitFor(fits, limitMs = 5000) {
      for (const end = performance.now() + limitMs; performance.now() < end; await sleep(10)) {
        const found = events.find(fits);
        if (found) return found;
      }
      throw new Error(
        `No such event within ${limitMs} ms; seen: ${events.map((e) => `${e.type} ${e.action}`).join(', ')}`,
      );
    },
    stop() {
      stopped = true;
      stream?.destroy();
    },
  };
}

// --- internal ---

async function snapshot(socket: string): Promise<Snapshot> {
  const [images, containers] = await Promise.all([
    json<{ Id: string; RepoTags: string[] | null; RepoDigests: string[] | null }[]>(
      socket,
      '/images/json?all=1',
    ),
    json<{ Id: string; Names: string[]; ImageID: string; State: string }[]>(socket, '/containers/json?all=1'),
  ]);
  // Before API 1.43 an untagged image is called `<none>:<none>`.
  const named = (names: string[] | null) => (names ?? []).filter((name) => !name.startsWith('<none>')).sort();
  return {
    images: images
      .map(({ Id, RepoTags, RepoDigests }) => ({
        id: Id,
        tags: named(RepoTags),
        digests: named(RepoDigests),
      }))
      .sort((a, b) => a.id.localeCompare(b.id)),
    containers: containers
      .map(({ Id, Names, ImageID, State }) => ({
        id: Id,
        name: (Names[0] ?? '').slice(1),
        imageId: ImageID,
        state: State,
      }))
      .sort((a, b) => a.id.localeCompare(b.id)),
  };
}

function parseEvent(line: string): EngineEvent {
  const { Type, Action, Actor, timeNano } = JSON.parse(line);
  return { type: Type, action: Action, id: Actor.ID, attributes: Actor.Attributes ?? {}, timeNano };
}

async function json<T>(socket: string, path: string): Promise<T> {
  const response = await request(socket, path);
  const body = (await response.toArray()).join('');
  return JSON.parse(body) as T;
}

function request(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path, headers: { host: 'docker' }, agent: false }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`${path}: ${response.statusCode}`));
    }).once('error', reject);
  });
}

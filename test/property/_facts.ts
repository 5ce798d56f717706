import { request } from 'node:http';

/** What an engine says of itself by its plain API: the model's only source, which shares no code with the product. */
export type Facts = { images: ImageFact[]; containers: ContainerFact[] };
export type ImageFact = {
  id: string;
  tags: string[];
  digests: string[];
  parent: string | null;
  created: number;
  tagged: number;
  labels: Record<string, string>;
};
export type ContainerFact = { id: string; name: string; image: string; running: boolean; ended: number };

export async function readFacts(socket: string): Promise<Facts> {
  const images = await get<{ Id: string }[]>(socket, '/images/json?all=1');
  const containers = await get<{ Id: string }[]>(socket, '/containers/json?all=1');
  return {
    images: (await Promise.all(images.map(({ Id }) => imageFact(socket, Id)))).filter((one) => one !== null),
    containers: await Promise.all(containers.map(({ Id }) => containerFact(socket, Id))),
  };
}

// --- internal ---

type Inspected = {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  Parent?: string;
  Created: string;
  Metadata?: { LastTagTime?: string };
  Config?: { Labels?: Record<string, string> | null };
};

async function imageFact(socket: string, id: string): Promise<ImageFact | null> {
  const image = await get<Inspected>(socket, `/images/${id}/json`);
  const named = (names: string[] | null) => (names ?? []).filter((name) => !name.startsWith('<none>')).sort();
  return {
    id: image.Id,
    tags: named(image.RepoTags),
    digests: named(image.RepoDigests),
    parent: image.Parent || null,
    created: Date.parse(image.Created),
    tagged: Math.max(0, Date.parse(image.Metadata?.LastTagTime ?? '') || 0),
    labels: image.Config?.Labels ?? {},
  };
}

async function containerFact(socket: string, id: string): Promise<ContainerFact> {
  const { Name, Image, Created, State } = await get<{
    Name: string;
    Image: string;
    Created: string;
    State: { Status: string; FinishedAt: string };
  }>(socket, `/containers/${id}/json`);
  const finished = Date.parse(State.FinishedAt);
  return {
    id,
    name: Name.slice(1),
    image: Image,
    running: ['running', 'paused', 'restarting'].includes(State.Status),
    ended: finished > 0 ? finished : Date.parse(Created),
  };
}

function get<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers: { host: 'docker' }, agent: false }, (response) => {
      response
        .toArray()
        .then((chunks) => {
          if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
          resolve(JSON.parse(chunks.join('')) as T);
        })
        .catch(reject);
    })
      .once('error', reject)
      .end();
  });
}

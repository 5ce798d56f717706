/** A request as it reached an engine. */
export interface EngineRequest {
  host: string;
  at: number;
  method: string;
  path: string;
}

/** What agents asked of their engines, in the order in which it got there. */
export function openEngineRequests() {
  const all: EngineRequest[] = [];
  return {
    all,
    /** For the line of one host. */
    hear: (host: string) => (chunk: Buffer) => {
      // Requests are small and each comes in one write: its first line is always whole.
      for (const [, method = '', path = ''] of chunk
        .toString('latin1')
        .matchAll(/(?:^|\n)(GET|HEAD|POST|PUT|DELETE) (\/\S*) HTTP\/1\.1\r/g))
        all.push({ host, at: Date.now(), method, path: decodeURIComponent(path) });
    },
  };
}

/**
 * Deletions that were asked for a second time with nobody having looked at the image in between. `idOf` knows which image
 * a name means.
 */
export function blindRepeats(
  requests: readonly EngineRequest[],
  idOf: (host: string, name: string) => string,
): EngineRequest[] {
  const looked = new Map<string, boolean>();
  const repeats: EngineRequest[] = [];
  for (const request of requests) {
    const { host, method, path } = request;
    const [, name, suffix = ''] = /^\/v[\d.]+\/images\/([^?]+?)(\/json)?(?:\?.*)?$/.exec(path) ?? [];
    if (name === undefined) continue;
    const key = `${host} ${idOf(host, name)}`;
    if (method === 'DELETE') {
      if (looked.get(key) === false) repeats.push(request);
      looked.set(key, false);
    } else if (method === 'GET' && suffix !== '') looked.set(key, true);
    else if (method === 'GET' && name === 'json')
      for (const known of looked.keys()) if (known.startsWith(`${host} `)) looked.set(known, true);
  }
  return repeats;
}

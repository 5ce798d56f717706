import { useEffect, useState } from 'react';
import type { Deed, DeedResult, HostsScene, Scene } from '../shapes.ts';

/**
 * What this person sees, as it changes; until the first of it is here, still what the one before saw, whose
 * `me` it carries. `live` is false while the server does not answer.
 */
export function useServer(me: string): { scene: Scene | null; hosts: HostsScene | null; live: boolean } {
  const [scene, setScene] = useState<Scene | null>(null);
  const [hosts, setHosts] = useState<HostsScene | null>(null);
  const [live, setLive] = useState(true);
  useEffect(() => {
    const source = new EventSource(`scene?as=${encodeURIComponent(me)}`);
    source.addEventListener('open', () => setLive(true));
    source.addEventListener('error', () => setLive(false));
    source.addEventListener('scene', ({ data }) => setScene(JSON.parse(data) as Scene));
    source.addEventListener('hosts', ({ data }) => setHosts(JSON.parse(data) as HostsScene));
    return () => source.close();
  }, [me]);
  return { scene, hosts, live };
}

export async function act(me: string, deed: Deed): Promise<DeedResult> {
  try {
    const response = await fetch(`deeds?as=${encodeURIComponent(me)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(deed),
    });
    if (!response.ok) return { error: await response.text() };
    return (await response.json()) as DeedResult;
  } catch {
    return { error: 'The playground does not answer: was it stopped?' };
  }
}

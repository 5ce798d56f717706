import { type ReactNode, useCallback, useMemo, useState } from 'react';
import type { Deed, HostScene } from '../shapes.ts';
import { useAddress } from './address.ts';
import { Announcer } from './announcer.tsx';
import { Channel } from './channel.tsx';
import { type Desk, DeskContext } from './desk.ts';
import { Home } from './home.tsx';
import { Hosts } from './hosts.tsx';
import type { Notice } from './message.tsx';
import { Modal } from './modal.tsx';
import { Rail } from './rail.tsx';
import { act, useServer } from './server.ts';
import { Thread } from './thread.tsx';

export function App(): ReactNode {
  const [{ as, at: place }, move] = useAddress();
  const { scene, hosts, live } = useServer(as);
  const me = scene?.me ?? as;
  const [thread, setThread] = useState<string | null>(null);
  const [notices, setNotices] = useState<Record<string, Notice[]>>({});
  const [pointed, setPointed] = useState<string | null>(null);
  const [drawer, setDrawer] = useState<'rail' | 'hosts' | null>(null);
  const mine = useCallback((deed: Deed) => act(me, deed), [me]);
  const desk = useMemo<Desk | null>(
    () =>
      scene && {
        scene,
        act: mine,
        openThread: setThread,
        point(channel, ts) {
          setPointed(ts);
          move({ at: channel });
        },
      },
    [scene, mine, move],
  );
  if (!desk || !scene)
    return <p className="starting">{live ? 'One moment…' : 'The playground does not answer.'}</p>;
  const here =
    place === 'home'
      ? place
      : ((scene.channels.find(({ id }) => id === place) ?? scene.channels[0])?.id ?? 'home');
  const channel = scene.channels.find(({ id }) => id === here);

  async function write(text: string, thread: string | null): Promise<void> {
    const { error } = await mine({ do: 'write', channel: here, text, ...(thread !== null && { thread }) });
    if (error === undefined) return;
    const notice = { id: Date.now(), channel: here, thread, text: error, at: Date.now() };
    setNotices((old) => ({ ...old, [me]: [...(old[me] ?? []), notice] }));
  }
  const noticesIn = (thread: string | null) =>
    (notices[me] ?? []).filter((notice) => notice.channel === here && notice.thread === thread);
  const go = (next: { as?: string; at?: string }) => {
    setThread(null);
    setDrawer(null);
    setPointed(null);
    move(next);
  };
  const toggle = (which: 'rail' | 'hosts') => setDrawer(drawer === which ? null : which);
  const modal = scene.modals.at(-1);

  return (
    <DeskContext value={desk}>
      <div data-me={me} className={`frame${drawer ? ` show-${drawer}` : ''}${thread ? ' show-thread' : ''}`}>
        <Rail me={as} place={here} go={(at) => go({ at })} be={(as) => go({ as })} />
        <main>
          <header>
            <button
              type="button"
              className="plain drawer"
              aria-expanded={drawer === 'rail'}
              onClick={() => toggle('rail')}
            >
              ☰ <span className="visually-hidden">Channels and people</span>
            </button>
            <h2>{channel ? `# ${channel.name}` : 'dimg'}</h2>
            {channel && <span className="quiet">{channel.members} members</span>}
            {!live && (
              <span className="failed" role="alert">
                The playground does not answer. Trying again…
              </span>
            )}
            <button
              type="button"
              className="plain drawer"
              aria-expanded={drawer === 'hosts'}
              onClick={() => toggle('hosts')}
            >
              Hosts
            </button>
          </header>
          {channel ? (
            <Channel
              hosts={hosts?.hosts.map(({ host }) => host) ?? []}
              repository={aRepository(hosts?.registries ?? [])}
              key={here}
              channel={here}
              pointed={pointed}
              notices={noticesIn(null)}
              write={(text) => void write(text, null)}
            />
          ) : (
            <Home />
          )}
        </main>
        {thread !== null && (
          <Thread
            key={thread}
            ts={thread}
            notices={noticesIn(thread)}
            write={(text) => void write(text, thread)}
            close={() => setThread(null)}
          />
        )}
        <Hosts scene={hosts} />
      </div>
      {modal && <Modal key={`${modal.id} ${modal.hash}`} view={modal} />}
      <Announcer />
    </DeskContext>
  );
}

// --- internal ---

/** With the registry's name, as commands take it. */
function aRepository([registry]: readonly HostScene[]): string | undefined {
  const tag = registry?.images[0]?.tags[0];
  return registry && tag && `${registry.host}/${tag.slice(0, tag.lastIndexOf(':'))}`;
}

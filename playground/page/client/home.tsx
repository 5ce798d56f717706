import { type ReactNode, useEffect, useMemo } from 'react';
import { Blocks } from './blocks.tsx';
import { useDesk } from './desk.ts';
import { surfaceOf } from './surface.ts';

/** The app's Home tab, as the app published it for this person. */
export function Home(): ReactNode {
  const { scene, act } = useDesk();
  const { home } = scene;
  useEffect(() => void act({ do: 'home' }), [act]);
  const surface = useMemo(() => (home ? surfaceOf({ view: home.id }, act) : null), [home, act]);
  return (
    <section className="messages home" aria-label="App Home">
      {home && surface ? (
        <Blocks blocks={home.blocks} surface={surface} />
      ) : (
        <p className="quiet">dimg has put nothing on its Home tab.</p>
      )}
    </section>
  );
}

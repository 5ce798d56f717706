import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { HostScene, HostsScene } from '../shapes.ts';
import { type Coming, useComings } from './comings.ts';
import { counted, formatSize } from './sizes.ts';

/** The hosts as their engines say themselves: dimg has no part in it. */
export function Hosts({ scene }: { scene: HostsScene | null }): ReactNode {
  return (
    <aside className="hosts" aria-label="Hosts">
      <header>
        <h2>Hosts</h2>
        {scene && (
          <span className={`kind ${scene.kind}`}>
            {scene.kind === 'real' ? 'real engines' : 'simulated engines'}
          </span>
        )}
      </header>
      <p className="quiet">
        What the engines{scene?.registries.length ? ' and the registry' : ''} say, every second.
      </p>
      {scene?.hosts.map((host) => (
        <Host key={host.host} host={host} />
      ))}
      {scene?.registries.map((registry) => (
        <Host key={registry.host} host={registry} isRegistry />
      ))}
    </aside>
  );
}

// --- internal ---

const MOST = 60;

function Host({ host, isRegistry = false }: { host: HostScene; isRegistry?: boolean }): ReactNode {
  const [whole, setWhole] = useState(false);
  const rows = useComings(host.images);
  const section = useRef<HTMLElement>(null);
  const changing = rows.some(({ state }) => state !== 'stays');
  useEffect(() => {
    // Where something happens is brought into view, unless somebody is reading there.
    if (changing && !section.current?.parentElement?.matches(':hover'))
      section.current?.scrollIntoView({ behavior: 'smooth', block: 'nearest' });
  }, [changing]);
  const dangling = host.images.filter(({ tags }) => tags.length === 0).length;
  const facts = [
    counted(host.images.length, isRegistry ? 'manifest' : 'image'),
    ...(dangling > 0 ? [`${dangling} dangling`] : []),
    ...(isRegistry ? [counted(host.images.flatMap(({ tags }) => tags).length, 'tag')] : []),
    ...(host.containers > 0 ? [counted(host.containers, 'container')] : []),
  ];
  return (
    <section ref={section} className="host" aria-label={host.host}>
      <h3>
        {host.host} <small>{host.engine}</small>
      </h3>
      {host.trouble !== null && (
        <p className="failed" role="alert">
          ⚠ {host.trouble}
        </p>
      )}
      {!isRegistry && <Bar layers={host.layers} most={host.most} />}
      <p className="facts">{facts.join(' · ')}</p>
      <ul>
        {(whole ? rows : rows.slice(0, MOST)).map(({ image, state }) => (
          <Row key={image.id} image={image} state={state} />
        ))}
      </ul>
      {rows.length > MOST && (
        <button type="button" className="plain" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Show fewer' : `and ${rows.length - MOST} more`}
        </button>
      )}
    </section>
  );
}

/** How much the images take, against the most they took since the playground began. */
function Bar({ layers, most }: { layers: number | null; most: number }): ReactNode {
  if (layers === null) return <div className="bar" />;
  const less = most - layers;
  const words = `${formatSize(layers)} on disk${less > 0 ? `, ${formatSize(less)} less than before` : ''}`;
  return (
    <>
      <div className="bar" role="img" aria-label={words}>
        <span style={{ width: `${(100 * layers) / Math.max(most, 1)}%` }} />
      </div>
      <p className="facts">{words}</p>
    </>
  );
}

function Row({ image, state }: Coming): ReactNode {
  const tags = image.tags.join(', ');
  return (
    <li className={state}>
      <span className="tags" title={tags}>
        {tags || <i>&lt;none&gt;</i>}
      </span>
      <code>{image.id.replace('sha256:', '').slice(0, 12)}</code>
      <span className="size">{state === 'gone' ? 'deleted' : formatSize(image.size)}</span>
      {image.usedBy.map(({ name, running }) => (
        <span key={name} className={running ? 'use running' : 'use'}>
          {running ? '▶' : '■'} {name} {running ? 'runs' : 'stopped'}
        </span>
      ))}
    </li>
  );
}

import type { ReactNode } from 'react';
import { Avatar } from './avatar.tsx';
import { useDesk } from './desk.ts';

interface RailOptions {
  me: string;
  place: string;
  go(place: string): void;
  be(person: string): void;
}

/** Channels, the app's Home, and who looks. */
export function Rail({ me, place, go, be }: RailOptions): ReactNode {
  const { scene } = useDesk();
  const item = (id: string, words: ReactNode) => (
    <li key={id}>
      <button type="button" {...(place === id && { 'aria-current': 'page' as const })} onClick={() => go(id)}>
        {words}
      </button>
    </li>
  );
  return (
    <nav className="rail" aria-label="Channels and people">
      <h1>dimg playground</h1>
      <h2>Channels</h2>
      <ul>
        {scene.channels.map(({ id, name }) =>
          item(
            id,
            <>
              <span className="sign">#</span> {name}
            </>,
          ),
        )}
      </ul>
      <h2>Apps</h2>
      <ul>
        {item(
          'home',
          <>
            <Avatar id="dimg" name="dimg" bot small /> dimg
          </>,
        )}
      </ul>
      <fieldset className="who">
        <legend>Who you are</legend>
        {scene.people
          .filter(({ is_bot }) => !is_bot)
          .map(({ id, name, is_restricted }) => (
            <label key={id}>
              <input type="radio" name="who" checked={id === me} onChange={() => be(id)} />
              <Avatar id={id} name={name} bot={false} small />
              <span>{name}</span>
              {is_restricted && <small>guest</small>}
            </label>
          ))}
      </fieldset>
    </nav>
  );
}

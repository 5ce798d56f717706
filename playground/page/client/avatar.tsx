import type { ReactNode } from 'react';

const COLOURS = ['#7c3aed', '#0f766e', '#b45309', '#be185d', '#1d4ed8', '#4d7c0f'];

/** A person's first letter, or the app's own picture. */
export function Avatar({
  id,
  name,
  bot,
  small = false,
}: {
  id: string;
  name: string;
  bot: boolean;
  small?: boolean;
}): ReactNode {
  const className = small ? 'avatar small' : 'avatar';
  if (bot)
    return (
      <span className={`${className} bot`} aria-hidden="true">
        <svg viewBox="0 0 24 24" role="presentation">
          <path d="M3 8.5 12 4l9 4.5v7L12 20l-9-4.5z" fill="#e0f2fe" />
          <path
            d="M3 8.5 12 13l9-4.5M12 13v7"
            fill="none"
            stroke="#0369a1"
            strokeWidth="1.6"
            strokeLinejoin="round"
          />
        </svg>
      </span>
    );
  const colour = COLOURS[[...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS.length];
  return (
    <span className={className} style={{ background: colour }} aria-hidden="true">
      {name.slice(0, 1).toUpperCase()}
    </span>
  );
}

import { useEffect, useRef, useState } from 'react';
import type { SeenImage } from '../shapes.ts';

const SHOWN_MS = 2_500;

export interface Coming {
  image: SeenImage;
  state: 'stays' | 'came' | 'gone';
}

/** Images with those that have just come or gone marked: who looks should see what happened. */
export function useComings(images: readonly SeenImage[]): Coming[] {
  const before = useRef<readonly SeenImage[] | null>(null);
  const [changed, setChanged] = useState<ReadonlyMap<string, Coming>>(new Map());
  useEffect(() => {
    const old = before.current;
    before.current = images;
    if (!old || old.length === 0) return;
    const fresh = changesBetween(old, images);
    if (fresh.length === 0) return;
    setChanged((now) => new Map([...now, ...fresh.map((one) => [one.image.id, one] as const)]));
    setTimeout(() => {
      setChanged((now) => new Map([...now].filter(([, one]) => !fresh.includes(one))));
    }, SHOWN_MS);
  }, [images]);

  const here = new Set(images.map(({ id }) => id));
  const gone = [...changed.values()].filter(({ image, state }) => state === 'gone' && !here.has(image.id));
  const rows = images.map(
    (image): Coming => ({ image, state: changed.get(image.id)?.state === 'came' ? 'came' : 'stays' }),
  );
  // What has gone stays where it was for a moment.
  return [...rows, ...gone].sort((a, b) => key(a).localeCompare(key(b)));
}

// --- internal ---

const key = ({ image }: Coming): string => `${image.tags[0] ?? '\uffff'} ${image.id}`;

function changesBetween(old: readonly SeenImage[], now: readonly SeenImage[]): Coming[] {
  const [had, has] = [old, now].map((list) => new Set(list.map(({ id }) => id)));
  return [
    ...old.filter(({ id }) => !has?.has(id)).map((image): Coming => ({ image, state: 'gone' })),
    ...now.filter(({ id }) => !had?.has(id)).map((image): Coming => ({ image, state: 'came' })),
  ];
}

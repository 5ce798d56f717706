import { createContext, useContext } from 'react';
import type { Deed, DeedResult, Scene } from '../shapes.ts';

/** What every part of the page needs: what is seen, and a way to do something about it. */
export interface Desk {
  scene: Scene;
  /** Does it as the person who looks. Resolves once Slack's client would have known how it went. */
  act(deed: Deed): Promise<DeedResult>;
  openThread(ts: string): void;
  /** Goes to a message in its channel. */
  point(channel: string, ts: string): void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error('There is no desk here.');
  return desk;
}

export function personName({ people }: Scene, id: string): string {
  return people.find((person) => person.id === id)?.name ?? id;
}

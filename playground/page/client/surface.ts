import type { Choice, Deed, DeedResult } from '../shapes.ts';

/** The message or view whose elements are pressed. */
export interface Surface {
  press(block: string, action: string, choose?: Choice): Promise<DeedResult>;
  /** In a modal's form: what was filled in so far, by block. */
  form?: Form;
}
interface Form {
  set(block: string, value: Choice): void;
  errors: Readonly<Record<string, string>>;
}

type Place = { channel: string; ts: string } | { view: string };

export function surfaceOf(place: Place, act: (deed: Deed) => Promise<DeedResult>): Surface {
  return {
    press: (block, action, choose) =>
      act({ do: 'press', block, action, ...place, ...(choose !== undefined && { choose }) }),
  };
}

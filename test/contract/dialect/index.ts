import type { Entry, Kind } from './_entry.ts';
import { builds } from './builds.ts';
import { containers } from './containers.ts';
import { deletion } from './deletion.ts';
import { engine } from './engine.ts';
import { events } from './events.ts';
import { lists } from './lists.ts';
import { prune } from './prune.ts';
import { registry } from './registry.ts';
import { sizes } from './sizes.ts';
import { words } from './words.ts';

export type { Kind, Said } from './_entry.ts';

/** Everything that engines do differently, in the order of the documentation. The contract asserts each line. */
export const TOPICS = {
  'The engine': engine,
  'Lists of images': lists,
  Sizes: sizes,
  Deletion: deletion,
  Builds: builds,
  Prune: prune,
  Events: events,
  Containers: containers,
  Registries: registry,
  Words: words,
} as const satisfies Record<string, Readonly<Record<string, Entry>>>;

const ENTRIES = {
  ...{ ...engine, ...lists, ...sizes, ...deletion, ...builds },
  ...{ ...prune, ...events, ...containers, ...registry, ...words },
};
type Entries = typeof ENTRIES;

/** How one kind of engine behaves. */
export type Dialect = { readonly [Key in keyof Entries]: Entries[Key]['values'][Kind] };

/** `heard` is told of every line that is read. */
export function dialectOf(kind: Kind, heard: (key: keyof Dialect) => void = () => {}): Dialect {
  const known: Readonly<Record<string, Entry>> = ENTRIES;
  return new Proxy({} as Dialect, {
    get(_, key) {
      const entry = known[String(key)];
      if (!entry) throw new Error(`The dialect says nothing of ${String(key)}.`);
      heard(key as keyof Dialect);
      return entry.values[kind];
    },
  });
}

/** The names of all lines. */
export const LINES = Object.keys(ENTRIES) as readonly (keyof Dialect)[];

import { badRequest, notFound } from './api-error.ts';
import { familiarName, fullName, type Name, withDefaultTag } from './names.ts';

/** That a name means an image; containerd calls it a record. */
export type Reference = {
  readonly name: Name;
  readonly id: string;
  /** When the name came here, and when it last was given another image. */
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** In the containerd store: what the image was built on, as the name's label tells. It stays when the name moves. */
  readonly parent: string | null;
};

/** Which image each name means. */
export type References = {
  get(name: Name): string | null;
  /** In the order that the engine lists them: by their full names. */
  of(id: string): readonly Name[];
  all(): readonly Reference[];
  allOf(id: string): readonly Reference[];
  /** A tag moves; a digest never does. */
  set(name: Name, id: string, parent?: string | null): void;
  remove(name: Name): void;
};

export function createReferences(): References {
  const all = new Map<string, Reference>();
  const byId = new Map<string, Map<string, Reference>>();
  const drop = (key: string) => {
    const known = all.get(key);
    if (!known) return undefined;
    all.delete(key);
    const names = byId.get(known.id);
    names?.delete(key);
    if (names?.size === 0) byId.delete(known.id);
    return known;
  };
  const allOf = (id: string) => inOrder(byId.get(id)?.values() ?? []);
  return {
    get: (name) => all.get(keyOf(name))?.id ?? null,
    of: (id) => allOf(id).map(({ name }) => name),
    all: () => inOrder(all.values()),
    allOf,
    set(given, id, parent) {
      const name = stored(given);
      if (name.repo === 'sha256')
        throw badRequest('refusing to create an ambiguous tag using digest algorithm as name');
      const key = familiarName(name);
      const before = drop(key);
      const now = new Date();
      const reference = {
        ...{ name, id, createdAt: before?.createdAt ?? now, updatedAt: now },
        parent: parent ?? before?.parent ?? null,
      };
      all.set(key, reference);
      const names = byId.get(id) ?? new Map<string, Reference>();
      byId.set(id, names.set(key, reference));
    },
    remove(name) {
      if (!drop(keyOf(name))) throw notFound('reference does not exist');
    },
  };
}

// --- internal ---

function inOrder(references: Iterable<Reference>): readonly Reference[] {
  const list = [...references];
  if (list.length < 2) return list;
  return list.sort((a, b) => (fullName(a.name) < fullName(b.name) ? -1 : 1));
}

/** Of a tag and a digest together the digest alone counts. */
function stored(name: Name): Name {
  return withDefaultTag(name.digest === null ? name : { ...name, tag: null });
}

const keyOf = (name: Name) => familiarName(stored(name));

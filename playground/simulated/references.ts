import { badRequest, notFound } from './api-error.ts';
import { familiarName, fullName, type Name, withDefaultTag } from './names.ts';

/** Which image each name means. */
export type References = {
  get(name: Name): string | null;
  /** In the order that the engine lists them: by their full names. */
  of(id: string): readonly Name[];
  /** A tag moves; a digest never does. */
  set(name: Name, id: string): void;
  remove(name: Name): void;
};

export function createReferences(): References {
  const all = new Map<string, { name: Name; id: string }>();
  const byId = new Map<string, Map<string, Name>>();
  const drop = (key: string) => {
    const known = all.get(key);
    if (!known) return false;
    all.delete(key);
    const names = byId.get(known.id);
    names?.delete(key);
    if (names?.size === 0) byId.delete(known.id);
    return true;
  };
  return {
    get: (name) => all.get(keyOf(name))?.id ?? null,
    of(id) {
      const names = [...(byId.get(id)?.values() ?? [])];
      return names.length < 2 ? names : names.sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
    },
    set(given, id) {
      const name = stored(given);
      if (name.repo === 'sha256')
        throw badRequest('refusing to create an ambiguous tag using digest algorithm as name');
      const key = familiarName(name);
      drop(key);
      all.set(key, { name, id });
      const names = byId.get(id) ?? new Map<string, Name>();
      byId.set(id, names.set(key, name));
    },
    remove(name) {
      if (!drop(keyOf(name))) throw notFound('reference does not exist');
    },
  };
}

// --- internal ---

/** Of a tag and a digest together the digest alone counts. */
function stored(name: Name): Name {
  return withDefaultTag(name.digest === null ? name : { ...name, tag: null });
}

const keyOf = (name: Name) => familiarName(stored(name));

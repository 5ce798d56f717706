import { familiarName, type Name, withDefaultTag } from '../names.ts';
import type { Reference } from '../references.ts';
import type { State } from '../state.ts';

/*
 * In the containerd store an image is there while a record names it: a tag, a digest, or a nameless record, which is
 * called `moby-dangling@…`. Everything here follows moby, `daemon/containerd`, at 28.5.
 */

export const danglingName = (id: string): Name => ({
  ...{ full: 'moby-dangling', repo: 'moby-dangling', tag: null, digest: id },
});

export const isDangling = ({ repo, digest }: Name) => repo === 'moby-dangling' && digest !== null;

/** What people call a record; a nameless one by its image. */
export const recordName = ({ name, id }: Reference) => (isDangling(name) ? id : familiarName(name));

/** The names of an image, tags and digests. */
export const namesOf = (state: State, id: string) =>
  state.references.of(id).filter((name) => !isDangling(name));

/** A digest for each repository that an image has a name in. */
export function madeUpDigests(names: readonly Name[], id: string): string[] {
  return [...new Set(names.map((name) => familiarName({ ...name, tag: null, digest: id })))];
}

/** The record of just this name. */
export function recordOf(state: State, given: Name): Reference | null {
  const name = familiarName(withDefaultTag(given));
  const id = state.references.get(given);
  const records = id === null ? [] : state.references.allOf(id);
  return records.find((record) => familiarName(record.name) === name) ?? null;
}

/** Keeps an image that is about to lose a name, or that never had one. */
export function keepNameless(state: State, { id, parent }: Pick<Reference, 'id' | 'parent'>): void {
  const name = danglingName(id);
  if (state.references.get(name) === null) state.references.set(name, id, parent);
}

/** Images that were built on this one, be it there or not. */
export function builtOn(state: State, id: string): readonly string[] {
  return [...new Set(state.references.all().flatMap((record) => (record.parent === id ? [record.id] : [])))];
}

/** Takes a record away, and what nothing names any more with it. */
export function removeRecord(state: State, { name, id }: Pick<Reference, 'name' | 'id'>): void {
  state.references.remove(name);
  if (state.references.of(id).length === 0) state.images.delete(id);
}

/** Takes a name away, but never the image. */
export function untagSoftly(state: State, record: Reference): void {
  if (state.references.of(record.id).length === 1) keepNameless(state, record);
  removeRecord(state, record);
}

/** Names an image, which then needs no nameless record; the image that had the name is kept without it. */
export function nameImage(state: State, name: Name, id: string): void {
  const before = recordOf(state, name);
  if (before?.id === id) return;
  if (before) untagSoftly(state, before);
  state.references.set(name, id, state.references.allOf(id)[0]?.parent ?? null);
  dropNameless(state, id);
}

export function dropNameless(state: State, id: string): void {
  if (state.references.get(danglingName(id)) !== null) state.references.remove(danglingName(id));
}

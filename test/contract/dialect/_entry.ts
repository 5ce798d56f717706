import type { Release } from '../../../playground/parts/engine-release.ts';

/** The kinds of engines that the contract knows: releases, and image stores where one has two. */
export type Kind = Release;

/** An answer in an engine's own words; `{name}` stands for what differs from case to case. */
export type Said = { readonly status: number; readonly says: string };

/** Prose for people, which tests tell apart as well; or what stands in an answer, as it stands there. */
export type Value = string | number | boolean | null | readonly string[] | Said;

/** One behaviour that is not the same everywhere. */
export type Entry<V extends Value = Value> = {
  /** The behaviour, for the first column of the table. */
  readonly about: string;
  readonly values: Readonly<Record<Kind, V>>;
};

export const said = (status: number, says: string): Said => ({ status, says });

export function each<const Values extends Readonly<Record<Kind, Value>>>(
  about: string,
  values: Values,
): Entry<Values[Kind]> {
  return { about, values };
}

/** What is so in 20.10 alone. */
export function since26<const A extends Value, const B extends Value>(
  about: string,
  before: A,
  since: B,
): Entry<A | B> {
  return each(about, { '20.10': before, '26.1': since, '28.5': since, '28.5-containerd': since });
}

export function since28<const A extends Value, const B extends Value>(
  about: string,
  before: A,
  since: B,
): Entry<A | B> {
  return each(about, { '20.10': before, '26.1': before, '28.5': since, '28.5-containerd': since });
}

/** What depends on the image store and not on the release. */
export function byStore<const A extends Value, const B extends Value>(
  about: string,
  graph: A,
  containerd: B,
): Entry<A | B> {
  return each(about, { '20.10': graph, '26.1': graph, '28.5': graph, '28.5-containerd': containerd });
}

/** One thing in 20.10, another in newer engines, a third one in the containerd store. */
export function three<const A extends Value, const B extends Value, const C extends Value>(
  about: string,
  before: A,
  since: B,
  containerd: C,
): Entry<A | B | C> {
  return each(about, { '20.10': before, '26.1': since, '28.5': since, '28.5-containerd': containerd });
}

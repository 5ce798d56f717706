import { byStore, said, since26, three } from './_entry.ts';

export const prune = {
  prunedRows: byStore(
    'A prune answers, for a nameless image, with',
    '`Deleted`: the image, and each layer that went',
    '`Untagged` and `Deleted`: the image',
  ),
  reclaimed: byStore('`SpaceReclaimed` of a prune counts', 'unpacked layers', 'packed content'),
  pruneInUse: byStore(
    'A prune with `dangling=false` leaves, of an image in use, the name that',
    'comes last',
    'the container was made by',
  ),
  pruneUntil: byStore(
    '`until` of a prune',
    'goes by the date in the image',
    'goes by when the name came to this host',
  ),
  pruneUntilTwice: byStore(
    'Two values of `until` in a prune',
    said(500, 'more than one until filter specified'),
    'must both hold',
  ),
  pruneNotLabel: byStore(
    '`label!=key=value` of a prune spares images with that label',
    'and no others',
    'and those that lack the key',
  ),
  pruneBadDangling: since26(
    '`dangling=maybe` of a prune',
    said(400, "Invalid filter 'dangling=[maybe]'"),
    said(400, "invalid filter 'dangling=[maybe]'"),
  ),
  pruneUnknown: since26(
    'An unknown filter of a prune',
    said(400, "Invalid filter 'reference'"),
    said(400, "invalid filter 'reference'"),
  ),
  pruneEvent: byStore('A prune is told of by an event `prune`', true, false),
  cacheUntil: since26('`until` of a build cache prune takes', 'a duration', 'a duration or a time'),
  cacheBadUntil: since26(
    '`until=soon` of a build cache prune',
    said(
      500,
      'failed to prune build cache: "until" filter expects a duration (e.g., \'24h\'): time: invalid duration "soon"',
    ),
    said(
      400,
      'failed to prune build cache: "until" filter expects a duration (e.g., \'24h\') or a timestamp: failed to parse value as time or duration: "soon"',
    ),
  ),
  cacheUnknown: since26(
    'An unknown filter of a build cache prune',
    said(400, "failed to prune build cache: Invalid filter 'nope'"),
    said(400, "failed to prune build cache: invalid filter 'nope'"),
  ),
  cacheGarbage: three(
    'Filters of a build cache prune that are no JSON',
    said(500, "could not parse filters: invalid character 'g' looking for beginning of value"),
    said(400, 'invalid filter'),
    said(400, 'invalid filter'),
  ),
} as const;

import { byStore, each, said, since26, since28, three } from './_entry.ts';

export const lists = {
  namelessTags: since26('`RepoTags` of an image without names', ['<none>:<none>'], []),
  namelessDigests: since26('`RepoDigests` of an image without names', ['<none>@<none>'], []),
  unpushedDigests: three(
    '`RepoDigests` of an image that no registry has seen, in the list',
    null,
    [],
    'one is made up, for the last of its names',
  ),
  unpushedDigestsInspected: byStore(
    'The same when the image is inspected',
    [],
    'one is made up for each of its repositories',
  ),
  listedContainers: since28('`Containers` in the list', 'never counted: -1', 'counted'),
  descriptor: byStore('Images carry a `Descriptor`', false, true),
  virtualSize: since26('`VirtualSize` stands beside `Size`', true, false),
  loadedParents: byStore('Parents of images that are loaded from an archive', 'kept', 'forgotten'),
  loadAgain: byStore(
    'Loading an image again',
    'changes nothing',
    'leaves a nameless record beside its names',
  ),
  loadTellsOfMoves: byStore('A load says from which image it takes a name', true, false),
  tagTimeOfLoad: byStore('`LastTagTime` after a load', 'never', 'the time of the load'),
  emptyHistory: byStore('The history of an image that has none', [], null),
  danglingList: byStore(
    'A list with `dangling=true`',
    'has nameless images without children',
    'has every nameless record, also those of images with names',
  ),
  danglingOne: since26(
    '`dangling=1` in a list',
    said(400, "Invalid filter 'dangling=[1]'"),
    'means `dangling=true`',
  ),
  listUntil: three(
    '`until` in a list',
    said(400, "Invalid filter 'until'"),
    'goes by the date in the image',
    'goes by when the name came to this host',
  ),
  listNotLabel: each('`label!` in a list', {
    '20.10': said(400, "Invalid filter 'label!'"),
    '26.1': said(400, "invalid filter 'label!'"),
    '28.5': said(400, "invalid filter 'label!'"),
    '28.5-containerd': 'works',
  }),
  anyReference: byStore('`reference=*` in a list', 'leaves nameless images out', 'has nameless images too'),
  badPattern: byStore('A bad pattern in a list', said(500, 'syntax error in pattern'), 'lists nothing'),
} as const;

import { byStore, each, since26, three } from './_entry.ts';

export const sizes = {
  listedSize: byStore(
    '`Size` in the list counts',
    'the unpacked files',
    'the packed content, and the unpacked files in whole blocks',
  ),
  inspectedSize: byStore('`Size` when inspected counts', 'the unpacked files', 'the packed content alone'),
  historySize: byStore(
    '`Size` in the history counts',
    'the unpacked files',
    'the unpacked files in whole blocks',
  ),
  sharedSizeAsked: since26('`shared-size=1` in a list', 'is ignored', 'is answered'),
  sharedWithNameless: since26(
    'Layers that an image shares with its nameless parent alone',
    'are its own',
    'are shared',
  ),
  layersSize: byStore(
    '`LayersSize` counts',
    'the layers of images',
    'the content of images, and every unpacked layer: of images, containers and build cache',
  ),
  dfNamelessTags: since26('`RepoTags` of an image without names, in `/system/df`', ['<none>:<none>'], null),
  dfUnpushedDigests: byStore(
    '`RepoDigests` of an image that no registry has seen, in `/system/df`',
    null,
    'one is made up, for the last of its names',
  ),
  dfTypes: since26('`type=` of `/system/df`', 'is ignored', 'is answered'),
  emptyCache: since26('An empty build cache, in `/system/df`', null, []),
  builderSize: since26('`/system/df` sums the build cache up', true, false),
  cacheParent: since26(
    'Ancestors of a build cache record',
    '`Parent`',
    '`" Parents"`, with a space before it',
  ),
  dfCacheAlone: each('`/system/df?type=build-cache`, asked in API 1.43', {
    '20.10': 'is refused: the API is too new',
    '26.1': 'breaks the connection',
    '28.5': 'is answered',
    '28.5-containerd': 'is answered',
  }),
  rootFsSize: byStore(
    '`SizeRootFs` of a container counts',
    'its image, and what it wrote',
    'its image, what it wrote, and some folders of the engine’s own',
  ),
  untouchedContainer: three('`SizeRw` of a container that wrote nothing', 0, 0, 'a block'),
} as const;

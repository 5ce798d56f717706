import { byStore, each, since26 } from './_entry.ts';

export const engine = {
  api: each('The newest API', {
    ...{ '20.10': '1.41', '26.1': '1.45', '28.5': '1.51', '28.5-containerd': '1.51' },
  }),
  oldestApi: since26('The oldest API', '1.12', '1.24'),
  store: byStore('Images are kept by, as `/info` tells', 'a graph driver', 'the containerd store'),
  imageId: byStore('What an image ID is the digest of', 'the configuration', 'the manifest'),
  refusesOldApi: each('An API that is too old is refused in', {
    ...{ '20.10': 'plain text', '26.1': 'JSON', '28.5': 'plain text', '28.5-containerd': 'plain text' },
  }),
} as const;

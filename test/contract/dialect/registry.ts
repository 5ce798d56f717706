import { byStore, each, said, three } from './_entry.ts';

export const registry = {
  pushedDigests: byStore(
    '`RepoDigests` of an image that was pushed, in the list',
    'one for each repository that it was pushed to',
    'one, for the last of its names',
  ),
  digestRows: byStore(
    'With the last tag of a repository',
    'its digest goes, with a row of its own',
    'nothing else goes, and the answer has no row for the digest',
  ),
  digestIsId: byStore('The digest of a pushed image', 'is not its ID', 'is its ID'),
  byRepoDigest: byStore(
    '`repo@digest` deletes',
    'that digest; tags stay',
    'all tags of that repository, and the image with the last name',
  ),
  digestOnlyTags: three('`RepoTags` of an image that was pulled by digest', null, [], 'its digest'),
  digestOnlyDangling: byStore('Such an image', 'counts as dangling', 'does not count as dangling'),
  pullMissing: byStore(
    'A pull of a tag that the registry lacks',
    said(404, 'manifest for {name} not found: manifest unknown: manifest unknown'),
    said(404, 'failed to resolve reference "{name}": {name}: not found'),
  ),
  pullNowhere: byStore(
    'A pull from a registry that is not there',
    said(500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'),
    said(
      500,
      'failed to resolve reference "127.0.0.1:1/app:1": failed to do request: Head "https://127.0.0.1:1/v2/app/manifests/1": dial tcp 127.0.0.1:1: connect: connection refused',
    ),
  ),
  pushMissing: byStore(
    'A push of a tag that is not there ends with',
    'An image does not exist locally with the tag: {repo}',
    'tag does not exist: {repo}:1',
  ),
  pushUnsigned: each('A push without the header `X-Registry-Auth`', {
    '20.10': said(400, 'Bad parameters and missing X-Registry-Auth: EOF'),
    '26.1': said(400, 'bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF'),
    '28.5': 'is tried',
    '28.5-containerd': 'is tried',
  }),
} as const;

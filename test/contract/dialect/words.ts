import { each, said, since26 } from './_entry.ts';

const INVALID = 'invalid reference format';

export const words = {
  inspectMissing: since26(
    'An inspection of an image that is not there',
    said(404, 'no such image: {asked}: No such image: {name}'),
    said(404, 'No such image: {name}'),
  ),
  upperCase: since26(
    'A name in capitals',
    said(400, `${INVALID}: repository name must be lowercase`),
    said(400, `${INVALID}: repository name (library/UPPER) must be lowercase`),
  ),
  tagOfNoName: since26('A tag for an image whose name is none', said(400, INVALID), said(404, INVALID)),
  tagUpperCase: since26(
    'A tag in capitals',
    said(500, `${INVALID}: repository name must be lowercase`),
    said(400, `${INVALID}: repository name (library/UP) must be lowercase`),
  ),
  badTag: since26('A tag that is none', said(500, 'invalid tag format'), said(400, 'invalid tag format')),
  noTag: since26('A tag without a name', said(500, INVALID), 'is answered with 200, and nothing is done'),
  hexTag: since26(
    'A tag that looks like an ID',
    said(500, 'invalid repository name ({hex}), cannot specify 64-byte hexadecimal strings'),
    said(400, 'invalid repository name ({hex}), cannot specify 64-byte hexadecimal strings'),
  ),
  digestTag: since26(
    'A digest as a tag',
    said(400, 'refusing to create a tag with a digest reference'),
    said(400, 'cannot import digest reference'),
  ),
  badDangling: since26(
    '`dangling=maybe` in a list',
    said(400, "Invalid filter 'dangling=[maybe]'"),
    said(400, "invalid filter 'dangling=[maybe]'"),
  ),
  unknownFilter: since26(
    'An unknown filter in a list',
    said(400, "Invalid filter 'nope'"),
    said(400, "invalid filter 'nope'"),
  ),
  garbageFilter: since26(
    'Filters that are no JSON',
    said(500, "invalid character 'g' looking for beginning of value"),
    said(400, 'invalid filter'),
  ),
  badStatus: each('An unknown status in a list of containers', {
    '20.10': said(400, "Invalid filter 'status=x'"),
    '26.1': said(400, "invalid filter 'status=x'"),
    '28.5': said(
      400,
      "invalid filter 'status=x': invalid value for state (x): must be one of created, running, paused, restarting, removing, exited, dead",
    ),
    '28.5-containerd': said(
      400,
      "invalid filter 'status=x': invalid value for state (x): must be one of created, running, paused, restarting, removing, exited, dead",
    ),
  }),
  emptyConfig: since26(
    'A container of nothing',
    said(400, 'Config cannot be empty in order to create a container'),
    said(400, 'config cannot be empty in order to create a container'),
  ),
  noCommand: since26(
    'A container without an image',
    said(400, 'No command specified'),
    said(400, 'no command specified'),
  ),
  noBody: since26(
    'A container without a request',
    said(500, 'EOF'),
    said(400, 'invalid JSON: got EOF while reading request body'),
  ),
  killMissing: since26(
    'A container that is not there is killed',
    said(404, 'Cannot kill container: never: No such container: never'),
    said(404, 'cannot kill container: never: No such container: never'),
  ),
  badArchive: since26(
    'An archive that is none',
    'Error processing tar file(exit status 1): unexpected EOF',
    'unexpected EOF',
  ),
} as const;

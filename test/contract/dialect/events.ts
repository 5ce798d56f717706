import { byStore, since26 } from './_entry.ts';

export const events = {
  untagName: byStore('An event `untag` tells', 'the image’s ID, and its labels', 'the name, and no labels'),
  defaultTag: since26(
    'An event `tag` where no tag was given tells',
    'the repository',
    'the repository and `latest`',
  ),
  loadEvents: byStore('A load is told of', 'once for an image', 'once for each of its names'),
  execDuration: since26('An event `die` tells how long the container ran', false, true),
  stopOrder: since26('When a container is stopped, the event', '`die` comes first', '`stop` comes first'),
} as const;

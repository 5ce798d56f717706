import { byStore, since26, since28 } from './_entry.ts';

export const builds = {
  classicSteps: byStore(
    'Steps of a classic build, until their image goes',
    'are hidden, and a prune leaves them',
    'are hidden, and a prune takes them',
  ),
  removedStep: since26(
    'The classic builder says of a step’s container',
    'Removing intermediate container',
    ' ---> Removed intermediate container',
  ),
  rebuilt: byStore(
    'BuildKit moves a tag from an image',
    'which stays, nameless',
    'which goes, if that was its last name',
  ),
  createEvent: since28('A build is told of by an event `create`', false, true),
  cachedLayers: byStore(
    'Layers of a deleted image that the build cache still has',
    'count no more in `LayersSize`',
    'count on in `LayersSize`',
  ),
} as const;

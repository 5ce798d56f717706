import { byStore, said, since28 } from './_entry.ts';

export const deletion = {
  rows: byStore(
    'A deletion answers with',
    'names, the image, and each layer that went',
    'names and the image',
  ),
  withChildren: byStore(
    'An image that others are built on, by ID and by force',
    said(409, 'conflict: unable to delete {image} (cannot be forced) - image has dependent child images'),
    'is deleted; its children stay whole',
  ),
  lastNameWithChildren: byStore(
    'The last name of an image that others are built on',
    'goes; the image stays, nameless',
    'goes, and the answer says `Deleted`; the image stays, nameless',
  ),
  lastNameWithChildrenForced: byStore(
    'The same by force',
    'goes; the image stays, nameless',
    'takes the image with it',
  ),
  namelessParents: byStore(
    'Nameless parents of a deleted image go along',
    'once no other image is built on them',
    'even where others are built on them',
  ),
  parentsOfTwoNames: byStore(
    'The same when two names go with the image, by force',
    'they go along',
    'they stay',
  ),
  parentOfMovedName: byStore(
    'The parent of an image that a load gave the name of a built one',
    'is its own, if any',
    'is told to be that of the built one',
  ),
  usedByName: byStore(
    'The last name of an image that a container uses',
    said(
      409,
      'conflict: unable to remove repository reference "{name}" (must force) - container {container} is using its referenced image {image}',
    ),
    said(
      409,
      'conflict: unable to delete {name} (must be forced) - container {container} is using its referenced image {image}',
    ),
  ),
  forcedNameOfStopped: byStore(
    'The last name by force, under a stopped container',
    'takes the image with it',
    'goes; the image stays, nameless',
  ),
  loadedTwice: byStore(
    'One name of two, of an image that was loaded again',
    'goes',
    'goes, and a row `moby-dangling@…` says that the nameless record went',
  ),
  imageMounts: since28(
    'Mounting an image in a container',
    said(400, 'invalid mount config for type "image": mount type unknown'),
    'keeps the name of it; a deletion by ID takes it from under the container',
  ),
} as const;

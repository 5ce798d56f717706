import { each, said, since26, three } from './_entry.ts';

export const containers = {
  notRunning: since26(
    'A container that does not run is paused',
    said(409, 'Container {id} is not running'),
    said(409, 'container {id} is not running'),
  ),
  killNotRunning: since26(
    'A container that does not run is killed',
    said(409, 'Cannot kill container: web: Container {id} is not running'),
    said(409, 'cannot kill container: web: container {id} is not running'),
  ),
  badSignal: since26(
    'A signal that there is not',
    said(400, 'Invalid signal: FOO'),
    said(400, 'cannot kill container: web: invalid signal: FOO'),
  ),
  removeRunning: each('A running container is removed', {
    '20.10': said(
      409,
      'You cannot remove a running container {id}. Stop the container before attempting removal or force remove',
    ),
    '26.1': said(
      409,
      'cannot remove container "/{name}": container is running: stop the container before removing or force remove',
    ),
    '28.5': said(
      409,
      'cannot remove container "{asked}": container is running: stop the container before removing or force remove',
    ),
    '28.5-containerd': said(
      409,
      'cannot remove container "{asked}": container is running: stop the container before removing or force remove',
    ),
  }),
  removePaused: each('A paused container is removed', {
    '20.10': said(
      409,
      'You cannot remove a paused container {id}. Unpause and then stop the container before attempting removal or force remove',
    ),
    '26.1': said(409, 'cannot remove container "/{name}": container is paused and must be unpaused first'),
    '28.5': said(409, 'cannot remove container "{asked}": container is paused and must be unpaused first'),
    '28.5-containerd': said(
      409,
      'cannot remove container "{asked}": container is paused and must be unpaused first',
    ),
  }),
  missingProgram: each('A container’s program is missing', {
    '20.10': said(
      400,
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nothing": stat /nothing: no such file or directory: unknown',
    ),
    '26.1': said(
      400,
      'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nothing": stat /nothing: no such file or directory: unknown',
    ),
    '28.5': said(
      400,
      'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/nothing": stat /nothing: no such file or directory',
    ),
    '28.5-containerd': said(
      400,
      'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "/nothing": stat /nothing: no such file or directory',
    ),
  }),
  badCondition: since26(
    'A condition to wait for that there is not',
    'is passed over',
    said(400, 'invalid condition: "x"'),
  ),
  manifestDescriptor: three('Containers carry an `ImageManifestDescriptor`', false, false, true),
} as const;

import { z } from 'zod';
import { parseImageName } from '../domain/reference.ts';
import { defineCommand, flag, Where } from './_define.ts';

export default defineCommand({
  kind: 'delete',
  summary: 'delete these images',
  about: [
    'An image is a reference, a digest, or an ID of 12 or more digits. A reference removes that reference, and the image with its last one; a digest or an ID removes every reference.',
    'With -f somebody else must approve: an image under stopped containers goes, under a running one it is only untagged.',
  ],
  words: z.strictObject({ where: Where, image: z.array(z.string()).max(100) }),
  options: z.strictObject({
    force: flag({ short: 'f', about: 'also where containers use the image; needs approval' }),
    'dry-run': flag({ about: 'show the plan and stop there' }),
  }),
  examples: [
    'rmi host-3 app:1',
    'rmi host-3 app:1 team/web:2.0 -f',
    `rmi all app@sha256:${'0'.repeat(64)}`,
    'rmi host-3 3f2a9c01b7de',
  ],
  select: ({ words, options }) => ({
    where: words.where,
    selection: { kind: 'rmi', images: words.image.map(parseImageName), force: options.force },
    dryRun: options['dry-run'],
  }),
});

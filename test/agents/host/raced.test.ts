import { expect, test } from 'vitest';
import type { ImageDetails, RawContainer } from '../../../agents/host/ports.ts';
import { racedOn } from '../../../agents/host/raced.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { imageOf, itemOf } from './_journal.ts';

const container = (name: string, imageId: ImageId): RawContainer => ({
  ...{ id: name, name, imageId, state: 'created', labels: {}, mounts: [] },
});

test('a container has lost its image where that is gone, and nobody knew of it before', async () => {
  const [gone, back, kept] = [1, 2, 3].map(imageOf) as [ImageId, ImageId, ImageId];
  const shown = { ...itemOf(1), usedBy: [{ container: 'shown', running: false }] };
  const engine = {
    containers: async () => [
      ...['late', 'shown', 'there'].map((name) => container(name, gone)),
      container('on one that was pulled again', back),
      container('on one that stays', kept),
    ],
    inspect: async (name: string) => (name === gone ? null : ({ id: name } as ImageDetails)),
  };
  expect(await racedOn(engine, [shown], new Set([gone, back]), ['there'])).toEqual(['late']);
});

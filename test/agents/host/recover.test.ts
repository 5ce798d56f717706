import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Engine } from '../../../agents/host/ports.ts';
import { markRecoverable } from '../../../agents/host/recover.ts';
import { ImageId } from '../../../src/domain/ids.ts';
import type { Image } from '../../../src/domain/inventory.ts';
import { type Item, type Plan, planDigest } from '../../../src/domain/plan.ts';
import { HOST } from './_setup.ts';

const ids = Array.from({ length: 40 }, (_, i) => ImageId.parse(`sha256:${String(i).padStart(64, '0')}`));
const digest = (id: ImageId) => `app@${id}`;
const items = ids.map(
  (image): Item => ({
    ...{ image, references: [], size: 1, createdAt: 0, usedAt: 0, action: 'delete', remove: [] },
    ...{ containers: [], force: false, reclaim: 1, usedBy: [] },
  }),
);
const plan: Plan = {
  ...{ host: HOST, takenAt: 0, items, kept: [], cache: [], problems: [], reclaim: 40 },
  digest: planDigest(HOST, items, []),
};
const images = new Map(ids.map((id) => [id, { id, digests: [digest(id)] } as unknown as Image]));

test('the answer of the registry is part of what the plan’s digest binds', async () => {
  const engine = {
    distribution: async (name: string) => name === digest(ids[3] as ImageId),
  } as unknown as Engine;
  const marked = await markRecoverable(engine, plan, images);
  expect(marked.items.flatMap(({ recoverable }) => recoverable ?? [])).toEqual([digest(ids[3] as ImageId)]);
  expect(marked.digest).toBe(planDigest(HOST, marked.items, []));
  expect(marked.digest).not.toBe(plan.digest);
});

test('registries have one time limit in all, and unanswered means no', async () => {
  const engine = {
    distribution: async (_: string, limitMs: number) => {
      await sleep(limitMs);
      return false;
    },
  } as unknown as Engine;
  const began = performance.now();
  const marked = await markRecoverable(engine, plan, images, 200);
  expect(performance.now() - began).toBeLessThan(400);
  expect(marked.items.every(({ recoverable }) => recoverable === undefined)).toBe(true);
});

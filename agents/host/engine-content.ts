import type { EngineAddress } from './engine-address.ts';
import { grpcCall } from './grpc.ts';
import type { Blob, RawRecord } from './ports.ts';
import { bytesOf, numberOf, readFields, textOf, textsOf, timeOf } from './protobuf.ts';
import { withLimit } from './time-limit.ts';

/**
 * All content of the containerd store, by digest, with the references by which containerd's own garbage collection
 * finds what must stay (containerd, `api/services/content/v1`). `null` where the engine has no such service.
 */
export async function readContents(
  address: EngineAddress,
  limitMs: number,
): Promise<ReadonlyMap<string, Blob> | null> {
  const messages = await ask(address, '/containerd.services.content.v1.Content/List', limitMs);
  if (!messages) return null;
  const blobs = new Map<string, Blob>();
  for (const message of messages)
    for (const info of bytesOf(readFields(message), 1)) {
      const fields = readFields(info);
      const labels = bytesOf(fields, 5).map((entry) => {
        const pair = readFields(entry);
        return [textOf(pair, 1), textOf(pair, 2)] as const;
      });
      const digest = textOf(fields, 1);
      blobs.set(digest, {
        size: numberOf(fields, 2),
        refs: labels.flatMap(([key, value]) =>
          key.startsWith('containerd.io/gc.ref.content') && value !== digest ? [value] : [],
        ),
        diffId: labels.find(([key]) => key === 'containerd.io/uncompressed')?.[1] ?? null,
        unpacked: labels.find(([key]) => key.startsWith('containerd.io/gc.ref.snapshot.'))?.[1] ?? null,
      });
    }
  return blobs;
}

/** The build cache as BuildKit itself lists it (BuildKit, `api/services/control`), at no cost for the engine. */
export async function readRecords(
  address: EngineAddress,
  limitMs: number,
): Promise<readonly RawRecord[] | null> {
  const messages = await ask(address, '/moby.buildkit.v1.Control/DiskUsage', limitMs);
  if (!messages) return null;
  return messages.flatMap((message) =>
    bytesOf(readFields(message), 1).map((record): RawRecord => {
      const fields = readFields(record);
      const createdAt = timeOf(fields, 6);
      return {
        id: textOf(fields, 1),
        parents: [...textsOf(fields, 12), ...textsOf(fields, 5).filter((parent) => parent !== '')],
        size: Math.max(0, numberOf(fields, 4)),
        inUse: numberOf(fields, 3) === 1,
        shared: numberOf(fields, 11) === 1,
        internal: /^(internal|frontend)$/.test(textOf(fields, 10)),
        createdAt,
        usedAt: Math.max(createdAt, timeOf(fields, 7)),
        about: textOf(fields, 9),
      };
    }),
  );
}

// --- internal ---

/** An engine behind a proxy that lets only the API through, or without BuildKit, is no trouble: less is known then. */
async function ask(address: EngineAddress, method: string, limitMs: number): Promise<Buffer[] | null> {
  try {
    return await withLimit(limitMs, (signal) => grpcCall(address, method, new Uint8Array(), signal));
  } catch {
    return null;
  }
}

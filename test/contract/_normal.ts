/** Calls the IDs of one engine by names that mean the same on another one. */
export type Naming = {
  /** From now on this ID, whole or short, is called so. */
  name(id: string, as: string): void;
  /** The ID that is called so. */
  id(as: string): string;
  knows(id: string): boolean;
  /** A value with all IDs replaced, and what differs by nature made equal. */
  normal<T>(value: T): T;
};

/** `blocks`: sizes are those of a disk and of packing, which no two engines have in common. */
export function createNaming({ blocks }: { readonly blocks: boolean }): Naming {
  const names = new Map<string, string>();
  return {
    name(id, as) {
      names.set(id.replace('sha256:', ''), as);
    },
    id(as) {
      for (const [hex, name] of names) if (name === as) return hex;
      throw new Error(`Nothing is called ${as}.`);
    },
    knows: (id) => names.has(id.replace('sha256:', '')),
    normal<T>(value: T): T {
      let text = JSON.stringify(value) ?? 'null';
      for (const [hex, name] of names) {
        text = text.replaceAll(hex, `<${name}>`).replaceAll(hex.slice(0, 12), `<${name}…>`);
      }
      return JSON.parse(text, blocks ? (key, item) => rough(key, tidy(key, item)) : tidy) as T;
    },
  };
}

// --- internal ---

/** Times of this run, and what only a real disk or process has. */
function tidy(key: string, value: unknown): unknown {
  if (['GraphDriver', 'Container', 'ContainerConfig', 'DockerVersion', 'NetworkSettings'].includes(key))
    return undefined;
  if (key === 'Created' && typeof value === 'number') return value > 1_750_000_000 ? 'recently' : value;
  if (['Created', 'LastTagTime', 'StartedAt', 'FinishedAt'].includes(key) && typeof value === 'string')
    return /^(0001|2024)-/.test(value) ? value : 'recently';
  if (key === 'Status' && typeof value === 'string')
    return value.replace(/(Less than|About|\d).*?(?= \(Paused|$)/, '…');
  return value;
}

const SIZES = ['Size', 'VirtualSize', 'SharedSize', 'SizeRw', 'SizeRootFs', 'LayersSize', 'SpaceReclaimed'];

/** Whether there are bytes, and not how many; of a manifest no more than which one it is. */
function rough(key: string, value: unknown): unknown {
  if (SIZES.includes(key) && typeof value === 'number') return Math.sign(value);
  if (key === 'Descriptor' || key === 'ImageManifestDescriptor') return (value as { digest: string }).digest;
  return value;
}

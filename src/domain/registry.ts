import { z } from 'zod';
import type { HostName, ImageId } from './ids.ts';

/** Why a registry did not do what it was asked, in kinds that words exist for. */
export const RegistryProblem = z.strictObject({
  kind: z.literal('registry'),
  what: z.enum([
    /** It deletes nothing at all: its configuration says so. */
    'deletion-off',
    /** It deletes by digest only. */
    'tags-stay',
    /** It does not take our name and password. */
    'unauthorised',
    /** It takes them, and does not let us do this. */
    'forbidden',
    /** Too many questions. */
    'limited',
    'unreachable',
    'no-answer',
    /** It answered something that no registry should. */
    'wrong',
    /** The agent's configuration does not allow this repository. */
    'not-listed',
  ]),
  /** In the registry's own words, or what was wrong. */
  message: z.string().optional(),
});
export type RegistryProblem = z.infer<typeof RegistryProblem>;

/** What a manifest says of another one, or of a blob. */
export interface Descriptor {
  digest: ImageId;
  mediaType: string;
  /** Bytes. */
  size: number;
  /** `linux/arm64/v8`; of children of an index. */
  platform?: string;
}

/** A manifest as the registry has it. */
export interface Manifest {
  digest: ImageId;
  mediaType: string;
  /** Its own bytes, without what it is about. */
  size: number;
  /** An artifact is what is no image: a signature, an attestation, a chart. */
  kind: 'image' | 'index' | 'artifact';
  /** Configuration and layers; none for an index. */
  blobs: readonly Descriptor[];
  /** Of an index. */
  children: readonly Descriptor[];
  /** The manifest that this one says something about. */
  subject?: ImageId;
  /** By its configuration, in milliseconds since 1970; `null` where nothing says when it was made. */
  createdAt: number | null;
  labels: Readonly<Record<string, string>>;
}

/** One repository at one instant. */
export interface Repository {
  /** Without the registry: `team/app`. */
  name: string;
  tags: ReadonlyMap<string, ImageId>;
  /** All that is reached from its tags and from what was seen of it before. */
  manifests: ReadonlyMap<ImageId, Manifest>;
  /** When each was first seen here, in milliseconds since 1970; 0 of what was there at the first look. */
  seenAt: ReadonlyMap<ImageId, number>;
  /** Were here once and are gone, while something is left that is about them. */
  lost?: ReadonlySet<ImageId>;
}

/** A host that has an image of this digest, and whether a container uses it. */
export interface Holder {
  host: HostName;
  used: boolean;
}

/** What a plan for a registry is made of. */
export interface RegistryInventory {
  takenAt: number;
  /** Those that the selection is about, each read whole. */
  repositories: readonly Repository[];
  /** Whether the registry deletes one tag of several on a manifest. */
  deletesTags: boolean;
  /** Names of those from which nothing can go, as the plan's problems say. */
  closed?: ReadonlySet<string>;
  /** By digest: of manifests, and of configurations, by which a graph driver calls its images. */
  holders: ReadonlyMap<ImageId, readonly Holder[]>;
  /** Hosts that have not told which images they have. */
  unheard: readonly HostName[];
}

/** `sha256-<hex>` and `sha256-<hex>.sig`: tags by which a manifest says what it is about, as cosign and others push them. */
export function subjectOfTag(tag: string): ImageId | null {
  const hex = /^sha256-([0-9a-f]{64})(?:\.[A-Za-z0-9_.-]+)?$/.exec(tag)?.[1];
  return hex === undefined ? null : (`sha256:${hex}` as ImageId);
}

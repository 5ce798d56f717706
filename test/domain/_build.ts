import { createHash } from 'node:crypto';
import type { Drift } from '../../src/domain/drift.ts';
import { type HostName, HostName as HostNameSchema, ImageId, RunId, UserId } from '../../src/domain/ids.ts';
import type { CacheRecord, Container, Image, Inventory } from '../../src/domain/inventory.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Item, Kept, Plan } from '../../src/domain/plan.ts';
import type { PlanSummary } from '../../src/domain/plan-summary.ts';
import type { HostStatus } from '../../src/domain/protocol.ts';
import { parseImageName } from '../../src/domain/reference.ts';
import { Rules } from '../../src/domain/rules.ts';
import type { ApprovalPolicy, HostPart, Run } from '../../src/domain/run.ts';
import type { PruneSelection, RmiSelection } from '../../src/domain/selection.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** The instant at which these tests take place: 2026-01-31T12:00:00Z. */
export const NOW = Date.parse('2026-01-31T12:00:00Z');

export const host = (name: string): HostName => HostNameSchema.parse(name);
const userId = (name: string): UserId => UserId.parse(name);
export const runId = (n: number): RunId => RunId.parse(n);
export const HOST = host('host-3');
export const ANA = userId('U0ANA');
export const BEN = userId('U0BEN');
export const CLEO = userId('U0CLEO');

const ids = new Map<string, ImageId>();
/** The same ID for the same name, as unlike another one as real IDs are. */
export function id(name: string): ImageId {
  const known = ids.get(name);
  if (known) return known;
  const made = ImageId.parse(`sha256:${createHash('sha256').update(name).digest('hex')}`);
  ids.set(name, made);
  return made;
}
export const digest = (repository: string, name: string): string => `${repository}@${id(`digest ${name}`)}`;

/** An image of 100 bytes that is a week old: one layer of its own, no tag. Named by its `name`. */
export function anImage(name: string, given: Partial<Image> = {}): Image {
  const createdAt = given.createdAt ?? NOW - 7 * DAY;
  return {
    id: id(name),
    tags: [],
    digests: [],
    createdAt,
    arrivedAt: createdAt,
    usedAt: createdAt,
    size: 100,
    labels: {},
    parent: null,
    chains: [`chain ${name}`],
    keepsLayers: true,
    blobs: [],
    ...given,
  };
}

export function aContainer(
  name: string,
  image: string | null,
  state: Container['state'] = 'running',
  mounts: readonly string[] = [],
  given: Partial<Container> = {},
): Container {
  return {
    id: id(`container ${name}`).slice(7),
    name,
    image: image === null ? null : id(image),
    state,
    stoppedAt: null,
    size: 0,
    labels: {},
    mounts: mounts.map(id),
    chains: [],
    ...given,
  };
}

/** A record of 100 bytes of the build cache, used a week ago. */
export function aRecord(name: string, given: Partial<CacheRecord> = {}): CacheRecord {
  const size = given.size ?? 100;
  return {
    id: name,
    parents: [],
    size,
    own: size,
    inUse: false,
    shared: false,
    internal: false,
    createdAt: NOW - 7 * DAY,
    usedAt: NOW - 7 * DAY,
    about: `RUN ${name}`,
    chains: [],
    ...given,
  };
}

/** An inventory; a layer weighs 100 bytes where `layers` does not say otherwise. */
export function anInventory(
  images: readonly Image[],
  containers: readonly Container[] = [],
  given: Partial<Inventory> = {},
): Inventory {
  const layers = new Map(images.flatMap(({ chains }) => chains).map((chain) => [chain, 100]));
  return {
    takenAt: NOW,
    images,
    containers,
    layers,
    ...{ cache: null, disk: null, allowance: null, self: null },
    ...given,
  };
}

export function pruning(given: Partial<PruneSelection> = {}): PruneSelection {
  return { kind: 'prune', all: false, labels: [], ...given };
}

export function removing(names: readonly string[], force = false): RmiSelection {
  return { kind: 'rmi', images: names.map(parseImageName), force };
}

export const rules = (
  given: { protect?: string[]; minAge?: number } & Partial<Rules['allow']> = {},
): Rules => {
  const { protect = [], minAge = 0, ...allow } = given;
  return Rules.parse({ protect, minAge, allow });
};

export function anItem(name: string, given: Partial<Item> = {}): Item {
  return {
    image: id(name),
    references: [],
    size: 100,
    createdAt: NOW - 7 * DAY,
    usedAt: NOW - 7 * DAY,
    action: 'delete',
    remove: given.references ? [...given.references] : [],
    containers: [],
    force: false,
    reclaim: 100,
    usedBy: [],
    ...given,
  };
}

export function aKept(name: string, given: Partial<Kept> = {}): Kept {
  return {
    image: id(name),
    references: [],
    size: 100,
    createdAt: NOW - 7 * DAY,
    usedAt: NOW - 7 * DAY,
    usedBy: [],
    reclaim: 0,
    reason: { kind: 'tagged' },
    ...given,
  };
}

export function aPlan(items: readonly Item[], given: Partial<Plan> = {}): Plan {
  return {
    host: HOST,
    takenAt: NOW,
    items: [...items],
    kept: [],
    cache: [],
    problems: [],
    reclaim: items.reduce((sum, item) => sum + item.reclaim, 0),
    digest: id('plan'),
    ...given,
  };
}

export function aSummary(given: Partial<PlanSummary> = {}): PlanSummary {
  return {
    digest: id('plan'),
    items: 2,
    untag: 0,
    untagReferences: 0,
    containers: 0,
    cache: 0,
    kept: 0,
    reclaim: 200,
    irrecoverable: 0,
    irrecoverableTagged: 0,
    problems: [],
    ...given,
  };
}

export function aPart(given: Partial<HostPart> = {}): HostPart {
  return { epoch: 'epoch-1', stage: 'waiting', sent: 'nothing', outcomes: [], ...given };
}

export function aPolicy(
  neededFor: Partial<ApprovalPolicy['neededFor']> = {},
  given: Partial<ApprovalPolicy> = {},
): ApprovalPolicy {
  return {
    count: 1,
    expires: 30 * MINUTE,
    staleOver: 0.5,
    neededFor: { force: true, stoppedContainers: true, registry: true, irrecoverable: false, ...neededFor },
    ...given,
  };
}

/** Run #1042: ANA's `prune host-3`, posted and being planned. */
export function aRun(given: Partial<Run> = {}): Run {
  return {
    v: 1,
    id: runId(1042),
    rev: 0,
    state: 'planning',
    createdAt: NOW,
    requester: ANA,
    team: 'T1',
    channel: 'C0OPS',
    where: 'host-3',
    selection: pruning(),
    dryRun: false,
    skipConfirmation: false,
    policy: aPolicy(),
    hosts: { [HOST]: aPart() },
    card: { channel: 'C0OPS', ts: '1.1' },
    planningSince: NOW,
    approvalFor: [],
    approvals: [],
    ...given,
  };
}

export function anOutcome(
  name: string,
  outcome: Outcome['outcome'] = 'deleted',
  given: Partial<Outcome> = {},
): Outcome {
  return { image: id(name), outcome, removed: [], freed: outcome === 'deleted' ? 100 : 0, ...given };
}

/** Three of five images changed, and one would go that was not planned. */
export function aDrift(given: Partial<Drift> = {}): Drift {
  const inUse = { kind: 'in-use', by: [{ container: 'web-1', running: true }] } as const;
  return {
    of: 5,
    unmatched: 3,
    changed: [
      {
        image: id('a'),
        references: ['app:1'],
        why: { ...inUse, by: [...inUse.by] },
        otherwise: false,
      },
      {
        image: id('b'),
        references: ['app:2'],
        why: { kind: 'references', now: ['app:2', 'app:3'] },
        otherwise: true,
      },
    ],
    plan: {
      ...{ digest: id('new plan'), items: 2, untag: 0, untagReferences: 0, cache: 0, reclaim: 340_000_000 },
      added: 1,
      fresh: [
        { image: id('n'), references: ['app:9'], size: 120_000_000, reclaim: 120_000_000, action: 'delete' },
      ],
    },
    ...given,
  };
}

export function aHostStatus(name: string, given: Partial<HostStatus> = {}): HostStatus {
  return {
    v: 1,
    host: host(name),
    identity: `identity of ${name}`,
    epoch: 'epoch-1',
    agent: '0.1.0',
    engine: { version: '28.5.2', api: '1.51', store: 'graph driver', driver: 'overlay2' },
    problem: null,
    disk: { total: 100_000_000_000, free: 25_000_000_000 },
    counts: { images: 12, containers: 3, dangling: 4, reclaimable: 1_500_000_000 },
    seenAt: NOW,
    ...given,
  };
}

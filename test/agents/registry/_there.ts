import { setTimeout as sleep } from 'node:timers/promises';
import { openDoubts } from '../../../agents/host/doubts.ts';
import { openNotes } from '../../../agents/host/notes.ts';
import type { Fleet, Log } from '../../../agents/host/ports.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import { openContent } from '../../../agents/registry/content.ts';
import { registryFinder } from '../../../agents/registry/finder.ts';
import { openMemory } from '../../../agents/registry/memory.ts';
import { makePlanThere, type RegistryPlanner } from '../../../agents/registry/planner.ts';
import { registryWork } from '../../../agents/registry/work.ts';
import { call } from '../../../playground/parts/http-call.ts';
import { type RegistryOptions, startRegistry } from '../../../playground/parts/registry.ts';
import { startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import type { Scope } from '../../../playground/parts/scope.ts';
import { HostName, type ImageId, RunId } from '../../../src/domain/ids.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { parseRegistryName } from '../../../src/domain/registry-name.ts';
import type { RegistryPruneSelection, RegistrySelection } from '../../../src/domain/registry-selection.ts';
import { Rules, type RulesThere } from '../../../src/domain/rules.ts';
import { noLimits } from '../host/_around.ts';
import { temporaryFolder } from '../host/_folder.ts';
import { openIn } from '../host/_journal.ts';
import { open } from './_client.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
export const MAIN = HostName.parse('main');
let runs = 0;

export const rmi = (...names: string[]): RegistrySelection => ({
  kind: 'registry rmi',
  names: names.map((name) => parseRegistryName(`main/${name}`).name),
});
export const prune = (
  repositories: string,
  given: Partial<RegistryPruneSelection> = {},
): RegistryPruneSelection => ({
  ...{ kind: 'registry prune', repositories, tags: [], notTags: [], untagged: false },
  ...given,
});
/** All that has a tag. */
export const all = (repositories: string) => prune(repositories, { tags: ['*'] });

export type There = Awaited<ReturnType<typeof startThere>>;

/** A real registry, with a front that can break it, and an agent's parts before that. */
export async function startThere(
  scope: Scope,
  options: RegistryOptions & { allowed?: readonly string[]; rules?: Partial<RulesThere> } = {},
) {
  const { allowed = ['*', '*/*'], rules: given, ...others } = options;
  const { prefixes = [], ...rules } = given ?? {};
  const part = await startRegistry(scope, others);
  const front = await startFront(scope, part);
  const registry = open(scope, front.url);
  const state = {
    ...{ now: Date.now(), fleet: { holders: new Map(), unheard: [] } as Fleet },
    used: new Map<string, ReadonlySet<ImageId>>(),
  };
  const memoryFile = `${temporaryFolder()}/seen.json`;
  const memory = await openMemory(memoryFile, silent);
  const content = openContent(registry, memory, () => state.now);
  const planner: RegistryPlanner = {
    ...{ host: MAIN, registry, content, memory, allowed, collects: 'distribution' },
    queue: { holders: async () => state.fleet, usedIn: async () => state.used },
    rules: { ...Rules.parse({ minAge: 0, ...rules }), prefixes },
    now: () => state.now,
  };
  return {
    ...{ part, front, registry, state, memory, memoryFile, content, planner },
    pusher: openPusher(part),
    plan: (selection: RegistrySelection) => makePlanThere(planner, selection),
    /** Since `from`, as `DELETE /v2/app/manifests/1`. */
    asked: (from = 0) => front.requests.slice(from).map(({ method, path }) => `${method} ${path}`),
    deletions: (from = 0) =>
      front.requests.slice(from).flatMap(({ method, path }) => (method === 'DELETE' ? [path] : [])),
    /** By the registry's own word. */
    async tags(repository: string): Promise<string[]> {
      const { body } = await call(`${part.url}/v2/${repository}/tags/list`);
      return (JSON.parse(body.toString('utf8')).tags ?? []).sort();
    },
    async has(repository: string, digest: string): Promise<boolean> {
      const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
      const { status } = await call(`${part.url}/v2/${repository}/manifests/${digest}`, {
        headers: { accept },
      });
      return status === 200;
    },
  };
}

export const jobOf = (plan: Plan): ExecuteJob => ({
  ...{ v: 1, id: `execute-${++runs}-main`, host: MAIN, epoch: 'e1', notAfter: Number.MAX_SAFE_INTEGER },
  ...{ kind: 'execute', run: RunId.parse(runs), planDigest: plan.digest, items: plan.items, cache: [] },
});

/** One start of an agent over what is there, with a journal of its own unless it is given an earlier one's folder. */
export async function startWork(there: There, given: { folder?: string; cancelled?: () => boolean } = {}) {
  const { folder = temporaryFolder(), cancelled = () => false } = given;
  const journal = await openIn(folder);
  const said: ReportBody[] = [];
  const stop = new AbortController();
  const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(Math.min(ms, 50)) };
  const outbox = {
    async say(id: string, body: ReportBody) {
      said.push(body);
      const seq = 1 + (journal.job(id)?.reports.size ?? 0);
      if (body.kind !== 'took') await journal.note({ t: 'report', at: 1, job: id, seq, body });
    },
  };
  const passed = { ms: 0 };
  const finder = registryFinder(there.registry);
  const doubts = openDoubts({
    ...{ journal, outbox, finder, clock, monotonic: () => passed.ms, deletionMs: 120_000, log: silent },
  });
  const work = registryWork(there.planner, {
    ...{ queue: { cancelled: async () => cancelled() }, clock, ledger: noLimits, log: silent },
    ...{ stop: stop.signal, hurry: new AbortController().signal },
  });
  const outcomes = () =>
    said.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : [])) satisfies Outcome[];
  return {
    ...{ journal, said, outcomes, stop, folder, finder, doubts, passed, work },
    accept: ({ run, items, id, planDigest }: ExecuteJob) =>
      journal.accept({ at: 1, id, run, kind: 'execute', epoch: 'e1', planDigest, items, cache: [] }),
    /** From acceptance to the last report. */
    async execute(job: ExecuteJob, selection: RegistrySelection | undefined): Promise<Outcome[]> {
      await this.accept(job);
      const notes = openNotes(journal, job, clock.now, silent);
      const report = (body: ReportBody) => outbox.say(job.id, body);
      await work.carryOut(job, selection, report, { notes, doubt: () => null });
      return outcomes();
    },
  };
}

/** Plans and carries out. */
export async function carryOut(
  there: There,
  selection: RegistrySelection,
  between?: (plan: Plan) => Promise<unknown>,
) {
  const plan = await there.plan(selection);
  await between?.(plan);
  const work = await startWork(there);
  const outcomes = await work.execute(jobOf(plan), selection);
  const by = new Map(outcomes.map((outcome): [ImageId, Outcome] => [outcome.image, outcome]));
  return { plan, outcomes, work, of: (digest: string) => by.get(digest as ImageId) };
}

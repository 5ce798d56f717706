import { UserError } from '../domain/error.ts';
import { requested } from '../domain/facts.ts';
import type { HostName, RunId } from '../domain/ids.ts';
import { type Markup, say } from '../domain/markup.ts';
import { objection } from '../domain/objection.ts';
import { isOnline } from '../domain/protocol.ts';
import { type HostPart, isFinal, type Run, summarise } from '../domain/run.ts';
import { planUndo } from '../domain/undo.ts';
import type { Deps, Person } from './_deps.ts';
import { advance } from './advance.ts';
import { draftRun, type Wanted } from './draft.ts';
import { offline } from './reach.ts';
import { mayAsk } from './rights.ts';

/** Longer than it takes to make a run. */
const GATE_S = 15;

export interface Undoing extends Person {
  /** The run that is to be undone. */
  run: RunId;
  channel: string;
  replyTo: string;
  /** One per press or command, however often Slack delivers it. */
  delivery: string;
}

/**
 * Brings back what a run deleted, by a run of its own. Whoever may ask for deletions may undo, and nothing more is
 * asked. Of a thousand presses one makes the new run, the others are told of it. Returns what only the presser is
 * told; `null` where a new card follows. Throws a `UserError` where this person may not.
 */
export async function undo(deps: Deps, asked: Undoing): Promise<Markup | null> {
  const first = await deps.cards.once(asked.run, `undo ${asked.delivery}`);
  const words = await outcome(deps, asked);
  return first ? words : null;
}

/** Plans an undo from what is stored of the run that it undoes. */
export async function planRestore(
  deps: Deps,
  run: Run,
  undone: RunId,
  due: readonly [HostName, HostPart][],
): Promise<void> {
  const original = await deps.runs.load(undone);
  const plans = original ? await deps.runs.plans(original) : undefined;
  for (const [host] of due) {
    const at = deps.clock();
    const plan = plans?.get(host);
    const part = original?.hosts[host];
    if (!plan || !part) {
      const why = { kind: 'refused', message: 'what it deleted is no longer stored' } as const;
      await advance(deps, run.id, { type: 'unplanned', at, host, why });
      continue;
    }
    const restoration = planUndo(host, plan, part, at);
    await deps.runs.savePlan(run.id, restoration);
    await advance(deps, run.id, { type: 'planned', at, host, plan: summarise(restoration) });
  }
}

// --- internal ---

async function outcome(deps: Deps, asked: Undoing): Promise<Markup | null> {
  const at = deps.clock();
  const run = await deps.runs.load(asked.run);
  if (!run) return say`There is no run #${asked.run}.`;
  const last = run.undone?.at(-1);
  const event = { type: 'undo', at, by: asked.user, after: last?.run ?? null } as const;
  const refusal = objection(run, { ...event, run: asked.run });
  if (refusal) return refusal;
  await mayAsk(deps, asked, Object.keys(run.hosts) as HostName[]);
  const earlier = last && (await deps.runs.load(last.run));
  if (earlier && !isFinal(earlier.state)) return say`#${run.id} is being undone already: see #${earlier.id}.`;
  if (earlier?.state === 'done') return say`#${run.id} was undone already: see #${earlier.id}.`;
  const hosts = await hostsOf(deps, run);
  // Of those who press at once one goes on; should its bot die here, another may soon.
  const gate = `undo after ${last?.run ?? 'none'}`;
  if (!(await deps.cards.once(run.id, gate, GATE_S))) return say`#${run.id} is being undone already.`;
  // Whoever marked the run and died before the new one was there is helped: its number makes it one and the same.
  if (last && !earlier) return create(deps, run, last, asked, hosts);
  const mark = { by: asked.user, at, run: await deps.runs.reserve() };
  const marked = await advance(deps, run.id, { ...event, ...mark });
  if ('objection' in marked) return marked.objection;
  return create(deps, run, mark, asked, hosts);
}

type Mark = NonNullable<Run['undone']>[number];

async function create(deps: Deps, run: Run, { by, run: id }: Mark, asked: Undoing, hosts: Wanted['hosts']) {
  const { team, channel } = asked;
  const wanted = { requester: by, team, channel, where: run.where, hosts, skipConfirmation: true };
  const draft = draftRun(deps, id, { ...wanted, selection: { kind: 'undo', run: run.id } });
  const made = await deps.runs.createAs(draft, requested(draft), asked.replyTo);
  return made ? null : say`#${run.id} is being undone already: see #${id}.`;
}

/** Those where it deleted something, as they are now. Throws a `UserError` where none can be reached. */
async function hostsOf(deps: Deps, run: Run): Promise<Wanted['hosts']> {
  const known = new Map((await deps.hosts.list()).map((status) => [status.host, status]));
  const parts = (Object.entries(run.hosts) as [HostName, HostPart][]).filter(
    ([, { outcomes, cache }]) => outcomes.length > 0 || cache,
  );
  const hosts = parts.map(([host]) => known.get(host) ?? { host });
  const now = deps.clock();
  if (hosts.some((host) => 'epoch' in host && isOnline(host, now))) return hosts;
  throw new UserError(offline(hosts.flatMap((host) => ('epoch' in host ? [host] : []))));
}

import { JOURNAL_MS, lookAt, POSTING_MS, plannedBy, START_MS } from '../domain/due.ts';
import { NewerError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import type { Trouble } from '../domain/outcome.ts';
import { isOnline, OFFLINE_MS } from '../domain/protocol.ts';
import { hasTurn } from '../domain/rollout.ts';
import { isFinal, isHandedOut, partsOf, type Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import { breakOff } from './break-off.ts';
import { askAgain, dispatch } from './dispatch.ts';
import { giveUpAsking } from './survey.ts';

/**
 * Looks at everything whose time has come; the times are kept in the store, so any living bot can do it. What fails keeps
 * nothing behind it; the first failure is thrown in the end.
 */
export async function sweep(deps: Deps): Promise<void> {
  const failures: unknown[] = [];
  const each = async <T>(list: readonly T[], work: (one: T) => Promise<void>) => {
    for (const one of list)
      await work(one).catch((error) => {
        if (error instanceof NewerError) deps.log.warn(error.message);
        else failures.push(error);
      });
  };
  await each(await deps.runs.due(deps.clock()), async (id) => {
    const run = await deps.runs.load(id);
    if (run) await look(deps, run);
    else await deps.runs.lookAgain({ id, rev: 0 }, null);
  });
  await each(await deps.asks.due(deps.clock()), (id) => giveUpAsking(deps, id));
  if (failures.length > 0) throw failures[0];
}

// --- internal ---

async function look(deps: Deps, run: Run): Promise<void> {
  const now = deps.clock();
  // Whatever fails below, the run is looked at again.
  const next = lookAt(run, now);
  await deps.runs.lookAgain(run, next === null ? null : Math.max(next, now + 1000));
  if (isFinal(run.state)) return;
  await dispatch(deps, run);
  if (run.state === 'proposed') {
    const due = now >= (run.expiresAt ?? Infinity) ? 'expire' : 'remind';
    await advance(deps, run.id, { type: due, at: now });
  } else if (run.state === 'planning') await giveUpPlanning(deps, run, now);
  else await watch(deps, run, now);
}

async function giveUpPlanning(deps: Deps, run: Run, now: number): Promise<void> {
  if (!run.card) {
    if (now >= run.createdAt + POSTING_MS)
      await advance(deps, run.id, { type: 'refuse', at: now, why: 'Slack took no message for two minutes' });
    return;
  }
  if (now < plannedBy(run)) return;
  for (const [host, part] of partsOf(run))
    if (part?.stage === 'waiting')
      await advance(deps, run.id, { type: 'unplanned', at: now, host, why: { kind: 'no-answer' } });
}

/** How long hosts have to tell of what Redis lost: they notice it with their next heartbeat. */
const UNTOLD_MS = 60_000;

/** An agent that fell silent, or was started again and does not say, may not report on what it had begun: what comes later corrects it. */
async function watch(deps: Deps, run: Run, now: number): Promise<void> {
  const hosts = new Map((await deps.hosts.list()).map((host) => [host.host, host]));
  const untold = run.recalled !== undefined && now >= run.recalled.at + UNTOLD_MS;
  const quiet: HostName[] = [];
  const asked: HostName[] = [];
  const early = now < (deps.heardSince?.() ?? 0) + OFFLINE_MS;
  for (const [host, part] of partsOf(run)) {
    if (part.stage === 'ended') continue;
    if (run.recalled && part.stage === 'planned') {
      const status = hosts.get(host);
      if (untold) await breakOff(deps, run, host, { kind: 'forgotten' }, 'unknown', false);
      // Another start of its agent may have lost what this one knew.
      else if (status?.epoch === part.epoch && isOnline(status, now)) asked.push(host);
      continue;
    }
    if (!hasTurn(run, host)) {
      if (now >= (run.paused?.until ?? Infinity))
        await breakOff(deps, run, host, { kind: 'expired' }, 'skipped', true);
      continue;
    }
    const status = hosts.get(host);
    // A job that was handed out may have begun without our having heard of it.
    const begun = isHandedOut(part);
    // One that said that its plan is stale touches nothing.
    const become = part.drift ? 'skipped' : begun ? 'unknown' : 'failed';
    const end = (why: Trouble) => breakOff(deps, run, host, why, become, !begun);
    // Late is what was not begun by then; an agent that has the job is given as long again to say so.
    const limit = begun ? 2 * START_MS : START_MS;
    if (!status || !isOnline(status, now)) {
      if (!early) await end(begun ? { kind: 'lost' } : { kind: 'offline', seenAt: status?.seenAt ?? null });
    } else if (status.epoch !== part.epoch) {
      // What its journal knows of a job that it had taken is on its way.
      const since = begun ? await deps.runs.since(run.id, `${host} ${status.epoch}`, now) : 0;
      if (now - since >= JOURNAL_MS) await end({ kind: 'restarted' });
    } else if (part.stage === 'planned' && now > (run.waves?.since ?? run.executingSince ?? now) + limit)
      await end({ kind: 'expired' });
    else if (part.stage === 'executing') quiet.push(host);
  }
  if (asked.length > 0 && (await deps.cards.once(run.id, 'asked for what Redis lost', UNTOLD_MS / 1000)))
    await askAgain(deps, run, asked);
  if (quiet.length > 0 && deps.quiet?.(run)) {
    deps.log.warn('nothing was heard of a run for minutes: its hosts are asked again', {
      run: run.id,
      hosts: quiet,
    });
    await askAgain(deps, run, quiet);
  }
}

import { usedShare } from '../domain/disk.ts';
import { UserError } from '../domain/error.ts';
import type { Home } from '../domain/home.ts';
import type { UserId } from '../domain/ids.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { Log, People, Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { refusal } from './decide.ts';
import { loadAll, openRuns } from './open-runs.ts';

/** How many runs that are over one sees, and among how many of one's newest they are looked for. */
const RECENT = 10;
const AMONG = 100;

/**
 * What waits for this person, their runs, the hosts and the registries, looked up now. Who may approve is asked once for
 * the whole page; a press is looked up anew.
 */
export async function home(everything: Deps, person: Person): Promise<Home> {
  const { people, unread } = askedOnce(everything.people, everything.log);
  const deps: Deps = { ...everything, people };
  try {
    const stranger = await people.stranger(person.user, person.team);
    if (stranger) return { only: stranger };
    const [all, recent, hosts] = await Promise.all([
      openRuns(deps),
      recentRuns(deps, person.user),
      deps.hosts.list(),
    ]);
    const at = deps.clock();
    const decide: Run[] = [];
    for (const run of all) if (await canDecide(deps, person, run)) decide.push(run);
    const open = all.filter((run) => run.requester === person.user && !decide.includes(run)).reverse();
    return {
      at,
      decide: decide.sort((a, b) => endOf(a) - endOf(b)),
      unsure: unread(),
      open,
      recent,
      hosts: hosts.filter(({ registry }) => !registry).sort(fullestFirst),
      registries: hosts.filter(({ registry }) => registry).sort(troubledFirst(at)),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (error.cause !== undefined) deps.log.error(error.message, error.cause);
    return { only: error.markup };
  }
}

// --- internal ---

/** Whether a press of theirs would count, by the same rules as the press itself. */
async function canDecide(deps: Deps, person: Person, run: Run): Promise<boolean> {
  for (const verb of ['confirm', 'approve', 'continue'] as const) {
    const decision = { ...person, run: run.id, verb, via: 'button' } as const;
    if (await said(async () => (await refusal(deps, run, decision)) === null)) return true;
  }
  return false;
}

/** A refusal is no, and so is a group that Slack does not tell of. */
async function said(ask: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** For one page: each person and group is asked for once, and whether some group could not be read. */
function askedOnce(people: People, log: Log): { people: People; unread(): boolean } {
  const strangers = new Map<string, ReturnType<People['stranger']>>();
  const groups = new Map<string, ReturnType<People['inGroup']>>();
  let unread = false;
  return {
    people: {
      ...people,
      stranger: (user, team) => once(strangers, `${team} ${user}`, () => people.stranger(user, team)),
      inGroup: (group, user) =>
        once(groups, group, () =>
          people.inGroup(group, user).catch((error) => {
            if (!unread) log.warn('a group could not be read', { group, error: String(error) });
            unread = true;
            throw error;
          }),
        ),
    },
    unread: () => unread,
  };
}

function once<T>(known: Map<string, T>, key: string, ask: () => T): T {
  const answer = known.get(key) ?? ask();
  known.set(key, answer);
  return answer;
}

async function recentRuns(deps: Deps, user: UserId): Promise<Run[]> {
  const ids = await deps.runs.askedBy(user, AMONG);
  const found: Run[] = [];
  for (let from = 0; from < ids.length && found.length < RECENT; from += RECENT) {
    const runs = await loadAll(deps, ids.slice(from, from + RECENT));
    found.push(...runs.filter((run) => isFinal(run.state)));
  }
  return found.slice(0, RECENT);
}

const endOf = (run: Run): number => run.paused?.until ?? run.expiresAt ?? Infinity;

/** By whole percents, as they are shown: hosts with one disk would change places all the time. */
function fullestFirst(a: HostStatus, b: HostStatus): number {
  const full = ({ disk }: HostStatus) => (disk ? Math.round(usedShare(disk) * 100) : -1);
  return full(b) - full(a) || (a.host < b.host ? -1 : 1);
}

function troubledFirst(now: number) {
  const well = (status: HostStatus) => Number(isOnline(status, now) && status.problem === null);
  return (a: HostStatus, b: HostStatus): number => well(a) - well(b) || (a.host < b.host ? -1 : 1);
}

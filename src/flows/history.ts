import type { History, HistoryFilter } from '../commands/_define.ts';
import type { Entry } from '../domain/audit.ts';
import { NewerError, UserError } from '../domain/error.ts';
import type { RunId } from '../domain/ids.ts';
import { say } from '../domain/markup.ts';
import { resolveWhere, unknownHost } from '../domain/where.ts';
import type { Deps } from './_deps.ts';

/** How far back a look goes before it gives up: bounded, since the audit is kept for ever. */
const DEEPEST = 20_000;
const PAGE = 500;
/** Entries after those that are wanted, read for which hosts their runs are about that are no longer kept. */
const AROUND = 500;

/**
 * The newest audit entries that match. A run matches a host with all its entries. Throws a `UserError` of a host that is
 * not known and that no entry names.
 */
export async function readHistory(deps: Deps, filter: HistoryFilter): Promise<History> {
  const { where } = filter;
  const known = where === undefined ? [] : (await deps.hosts.list()).map(({ host }) => host);
  // Hosts that are no longer known have a history as well.
  const isGone = where !== undefined && isName(where) && !known.some((host) => host === where);
  const hosts = where === undefined ? null : isGone ? [where] : resolveWhere(where, known, deps.groups);
  const history = await look(deps, filter, hosts && new Set<string>(hosts));
  if (isGone && history.entries.length === 0 && history.older === undefined) {
    const { by, since, before } = filter;
    if (by === undefined && since === undefined && before === undefined)
      throw new UserError(unknownHost(where, known, say`, and the audit names none`));
    // Throws where there is none without these filters either.
    await readHistory(deps, { where, count: 1 });
  }
  return history;
}

// --- internal ---

const isName = (where: string): boolean => /^[a-z0-9.-]+$/.test(where) && where !== 'all';

async function look(deps: Deps, filter: HistoryFilter, hosts: ReadonlySet<string> | null): Promise<History> {
  const limit = filter.before ?? Infinity;
  const read: Entry[] = [];
  const runs = openMatching(deps, hosts);
  const matching = () =>
    read.filter(
      (entry) =>
        entry.n < limit && runs.has(entry.run) && (filter.by === undefined || entry.by === filter.by),
    );
  const first = filter.before === undefined ? undefined : filter.before + (hosts ? AROUND : 0);
  let deepest = false;
  for (let before = first; ; ) {
    const page = await deps.audit.read({ count: PAGE, ...(before !== undefined && { before }) });
    const recent = page.filter((entry) => filter.since === undefined || entry.at >= filter.since);
    read.push(...recent);
    await runs.learn(recent);
    before = page.at(-1)?.n;
    if (recent.length < PAGE || matching().length > filter.count) break;
    deepest = read.length >= DEEPEST;
    if (deepest) break;
  }
  const found = matching();
  return {
    entries: found.slice(0, filter.count),
    older: found.length > filter.count ? found[filter.count - 1]?.n : deepest ? read.at(-1)?.n : undefined,
  };
}

/**
 * Which runs are about these hosts: their entries say so, and the runs themselves of those whose entries that name a
 * host are further away, as with a decision or an undo days later.
 */
function openMatching(deps: Deps, hosts: ReadonlySet<string> | null) {
  const matching = new Set<RunId>();
  const looked = new Set<RunId>();
  return {
    has: (run: RunId): boolean => !hosts || matching.has(run),
    async learn(entries: readonly Entry[]): Promise<void> {
      if (!hosts) return;
      for (const { host, run } of entries) if (host !== undefined && hosts.has(host)) matching.add(run);
      const open = new Set(
        entries.flatMap(({ host, run }) =>
          host === undefined && !matching.has(run) && !looked.has(run) ? [run] : [],
        ),
      );
      await Promise.all(
        [...open].map(async (id) => {
          looked.add(id);
          const run = await deps.runs.load(id).catch((error) => {
            if (error instanceof UserError && !(error instanceof NewerError)) throw error;
            // What is no run any more must not hide the audit of it.
            return null;
          });
          if (run && Object.keys(run.hosts).some((host) => hosts.has(host))) matching.add(id);
        }),
      );
    },
  };
}

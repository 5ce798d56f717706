import type { History, HistoryFilter } from '../commands/_define.ts';
import type { Entry } from '../domain/audit.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Deps } from './_deps.ts';

/** How far back a look goes before it gives up: bounded, since the audit is kept for ever. */
const DEEPEST = 20_000;
const PAGE = 500;
/** Entries after those that are wanted, read for which hosts their runs are about. */
const AROUND = 500;

/** The newest audit entries that match. A run matches a host with all its entries. */
export async function readHistory(deps: Deps, filter: HistoryFilter): Promise<History> {
  const hosts = filter.where === undefined ? null : new Set(await hostsOf(deps, filter.where));
  const limit = filter.before ?? Infinity;
  const read: Entry[] = [];
  const runs = new Set<number>();
  const matching = () =>
    read.filter(
      (entry) =>
        entry.n < limit &&
        (!hosts || runs.has(entry.run)) &&
        (filter.by === undefined || entry.by === filter.by),
    );
  const first = filter.before === undefined ? undefined : filter.before + (hosts ? AROUND : 0);
  let deepest = false;
  for (let before = first; ; ) {
    const page = await deps.audit.read({ count: PAGE, ...(before !== undefined && { before }) });
    const recent = page.filter((entry) => filter.since === undefined || entry.at >= filter.since);
    read.push(...recent);
    for (const entry of recent) if (entry.host !== undefined && hosts?.has(entry.host)) runs.add(entry.run);
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

// --- internal ---

/** Hosts that are no longer known have a history as well. */
async function hostsOf(deps: Deps, where: string): Promise<readonly string[]> {
  const known = (await deps.hosts.list()).map(({ host }) => host);
  if (/^[a-z0-9.-]+$/.test(where) && where !== 'all' && !known.some((host) => host === where)) return [where];
  return resolveWhere(where, known, deps.groups);
}

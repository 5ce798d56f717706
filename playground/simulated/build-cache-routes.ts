import { ApiError, badRequest, failure } from './api-error.ts';
import type { CacheRecord } from './build-cache.ts';
import { type Exchange, isTrue } from './exchange.ts';
import { acceptOnly, type Filters, goDuration, parseFilters, parseMoment } from './filters.ts';
import { goTime } from './inspect.ts';
import type { State } from './state.ts';

/** The records as `/system/df` has them. The space in `" Parents"` is the engines' own. */
export function listCache(state: State, api: number): readonly object[] {
  const old = state.api < 42;
  return state.cache.all().map((record) => ({
    ID: record.id,
    ...(old && { Parent: record.parent ?? '' }),
    ...(!old && api >= 42 && record.parent !== null && { ' Parents': [record.parent] }),
    Type: record.type,
    Description: record.description,
    InUse: record.inUse,
    Shared: state.cache.isShared(record),
    Size: record.size,
    CreatedAt: goTime(record.createdAt),
    LastUsedAt: record.lastUsedAt && goTime(record.lastUsedAt),
    UsageCount: record.usageCount,
  }));
}

/** `POST /build/prune`: whatever no build uses, and no image either unless all is asked for; uppermost first. */
export function pruneCache({ state, query }: Exchange) {
  const gone = prune(state, query);
  const reclaimed = gone.reduce((sum, { size }) => sum + size, 0);
  state.events.log({
    type: 'builder',
    action: 'prune',
    id: '',
    attributes: { reclaimed: String(reclaimed) },
  });
  return {
    json: { CachesDeleted: gone.length > 0 ? gone.map(({ id }) => id) : null, SpaceReclaimed: reclaimed },
  };
}

// --- internal ---

const FIELDS = ['id', 'parent', 'type', 'description', 'inuse', 'shared', 'private'] as const;

function prune(state: State, query: URLSearchParams): CacheRecord[] {
  const refuse = state.api < 42 ? failure : badRequest;
  const keep = Number(query.get('keep-storage') ?? (state.api < 48 ? 0 : query.get('reserved-space')) ?? 0);
  if (!Number.isInteger(keep)) {
    const got = query.get('keep-storage');
    throw refuse(
      `keep-storage is in bytes and expects an integer, got ${got}: strconv.Atoi: parsing ${JSON.stringify(got)}: invalid syntax`,
    );
  }
  const filters = parseCacheFilters(state, query.get('filters'));
  let fits: (record: CacheRecord) => boolean;
  try {
    acceptOnly(state, filters, ...FIELDS, 'until', 'unused-for', 'label', 'label!');
    fits = condition(state, filters);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError(error.status, `failed to prune build cache: ${error.message}`);
  }
  const all = isTrue(query, 'all');
  const gone: CacheRecord[] = [];
  let total = state.cache.all().reduce((sum, { size }) => sum + size, 0);
  const goes = (record: CacheRecord) =>
    !record.inUse && !state.cache.isBelow(record) && (all || !state.cache.isShared(record)) && fits(record);
  // A record goes only once nothing lies on it any more.
  while (keep === 0 || total > keep) {
    const [next] = state.cache.all().filter(goes).sort(byLastUse);
    if (!next) break;
    state.cache.remove(next);
    total -= next.size;
    gone.push(next);
  }
  return gone;
}

const byLastUse = (a: CacheRecord, b: CacheRecord) =>
  (a.lastUsedAt ?? a.createdAt).getTime() - (b.lastUsedAt ?? b.createdAt).getTime();

function parseCacheFilters(state: State, text: string | null): Filters {
  try {
    return parseFilters(state, text);
  } catch (error) {
    if (!(error instanceof ApiError) || state.api >= 42) throw error;
    throw new ApiError(error.status, `could not parse filters: ${error.message}`);
  }
}

/** Labels are taken and passed over: cache has none. */
function condition(state: State, filters: Filters): (record: CacheRecord) => boolean {
  const single = (field: string): string | undefined => {
    const values = filters.get(field) ?? [];
    if (values.length > 1) throw badRequest('filters expect only one value');
    return values[0];
  };
  const used = filters.has('unused-for') ? 'unused-for' : 'until';
  const age = ageOf(state, used, single(used));
  const wanted = FIELDS.map((field) => [field, single(field)] as const);
  return (record) =>
    (age === null || Date.now() - (record.lastUsedAt ?? record.createdAt).getTime() > age) &&
    wanted.every(([field, value]) => value === undefined || matches(record, field, value));
}

function ageOf(state: State, field: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const expects = `${JSON.stringify(field)} filter expects a duration (e.g., '24h')`;
  if (state.api < 42) {
    const duration = goDuration(text);
    if (duration === null) throw failure(`${expects}: time: invalid duration ${JSON.stringify(text)}`);
    return duration;
  }
  const moment = parseMoment(text, Date.now());
  if (moment === null)
    throw badRequest(
      `${expects} or a timestamp: failed to parse value as time or duration: ${JSON.stringify(text)}`,
    );
  // Times count in whole seconds.
  return Date.now() - Math.floor(moment / 1000) * 1000;
}

/** IDs by a regular expression, the rest by what they are; flags have no value, so one that is given fits nothing. */
function matches(record: CacheRecord, field: (typeof FIELDS)[number], value: string): boolean {
  switch (field) {
    case 'id':
      return idPattern(value).test(record.id);
    case 'type':
      return record.type === value;
    case 'description':
      return record.description === value;
    case 'parent':
      return record.parent === value;
    case 'inuse':
    case 'shared':
    case 'private':
      return false;
  }
}

/** A pattern that can't be read fits nothing; one that begins with what the filter's grammar uses is refused. */
function idPattern(value: string): RegExp {
  if (value.startsWith('.'))
    throw badRequest(
      `failed to parse prune filters [id~=${value}]: filters: parse error: [id~= >|.|< ${value.slice(1)}]: expected value or quoted: invalid argument`,
    );
  try {
    return new RegExp(value);
  } catch {
    return /$.^/;
  }
}

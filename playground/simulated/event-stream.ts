import { badRequest, failure } from './api-error.ts';
import { eventLine, type SimulatedEvent } from './events.ts';
import type { Handler } from './exchange.ts';
import { type Filters, labelsMatch, parseFilters } from './filters.ts';

/** `/events`: what is remembered since a time, then what comes, until a time or for ever. */
export const streamEvents: Handler = ({ state, query, request, response }) => {
  const since = moment(query.get('since'));
  const until = moment(query.get('until'));
  if (since !== null && until !== null && until < since)
    throw badRequest(
      `\`since\` time (${query.get('since')}) cannot be after \`until\` time (${query.get('until')})`,
    );
  const fits = condition(parseFilters(state, query.get('filters')));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const write = (event: SimulatedEvent) => {
    if (fits(event)) response.write(eventLine(event));
  };
  if (since !== null || until !== null)
    for (const event of state.events.past(since ?? 0n, until)) write(event);
  const left = until === null ? null : Number(until / 1_000_000n) - Date.now();
  if (left !== null && left <= 0) {
    response.end();
    return 'streaming';
  }
  const stop = state.events.follow(write);
  const timer = left === null ? undefined : setTimeout(() => response.end(), left).unref();
  const end = () => {
    stop();
    clearTimeout(timer);
  };
  response.once('close', end);
  request.once('aborted', end);
  return 'streaming';
};

// --- internal ---

/** Seconds since 1970, with a fraction at will, in nanoseconds. */
function moment(text: string | null): bigint | null {
  if (!text) return null;
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  if (seconds === undefined)
    throw failure(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Fields that are not known are passed over here. */
function condition(filters: Filters): (event: SimulatedEvent) => boolean {
  const any = (field: string, ...values: readonly string[]) => {
    const wanted = filters.get(field);
    return !wanted || wanted.length === 0 || wanted.some((value) => values.includes(value));
  };
  return ({ type, action, id, attributes }) =>
    any('type', type) &&
    any('event', action) &&
    any('scope', 'local') &&
    (!filters.has('container') || (type === 'container' && any('container', id, attributes.name ?? ''))) &&
    (!filters.has('image') || any('image', id, attributes.name ?? '', attributes.image ?? '')) &&
    labelsMatch(filters.get('label'), attributes);
}

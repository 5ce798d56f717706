import type { Finder } from './_redis-data.ts';

/** What Redis answers with an error. */
export class ReplyError extends Error {}

type Row = [id: string, fields: string[]];
interface Group {
  last: string;
  pending: Map<string, { consumer: string; at: number }>;
}

/** A stream of Redis with its consumer groups. */
export class Stream {
  rows: Row[] = [];
  last = '0-0';
  groups = new Map<string, Group>();

  copy(): Stream {
    const copy = new Stream();
    copy.rows = [...this.rows];
    copy.last = this.last;
    for (const [name, { last, pending }] of this.groups)
      copy.groups.set(name, { last, pending: new Map(pending) });
    return copy;
  }
}

/** The commands of streams that dimg uses. */
export function openStreams({ of, now }: Finder): Record<string, (args: string[]) => unknown> {
  const isStream = (value: unknown): value is Stream => value instanceof Stream;
  const find = (key: string) => of(key, isStream as never) as Stream | undefined;
  const make = (key: string) =>
    of(key, isStream as never, (() => new Stream()) as never) as unknown as Stream;
  const groupOf = (stream: Stream | undefined, name: string, key: string): Group => {
    const group = stream?.groups.get(name);
    if (!group)
      throw new ReplyError(
        `NOGROUP No such key '${key}' or consumer group '${name}' in XREADGROUP with GROUP option`,
      );
    return group;
  };
  const range = (rows: readonly Row[], from: string, to: string) =>
    rows.filter(([id]) => isFrom(id, from) && isUpTo(id, to));
  const counted = (rows: Row[], options: string[]) => {
    const at = options.findIndex((one) => one.toUpperCase() === 'COUNT');
    return at < 0 ? rows : rows.slice(0, Number(options[at + 1]));
  };

  return {
    xadd: ([key = '', ...rest]) => {
      const options = [...rest];
      if (options[0]?.toUpperCase() === 'NOMKSTREAM') options.shift();
      if (options[0]?.toUpperCase() === 'MAXLEN') options.splice(0, /^[~=]$/.test(options[1] ?? '') ? 3 : 2);
      const [wanted = '*', ...fields] = options;
      const stream = make(key);
      const [ms, n] = partsOf(stream.last);
      const time = Math.floor(now());
      const id = wanted === '*' ? (time > ms ? `${time}-0` : `${ms}-${n + 1}`) : wanted;
      if (compare(id, stream.last) <= 0)
        throw new ReplyError(
          'ERR The ID specified in XADD is equal or smaller than the target stream top item',
        );
      stream.rows.push([id, fields]);
      stream.last = id;
      return id;
    },
    xlen: ([key = '']) => find(key)?.rows.length ?? 0,
    xdel: ([key = '', ...ids]) => {
      const stream = find(key);
      if (!stream) return 0;
      const before = stream.rows.length;
      stream.rows = stream.rows.filter(([id]) => !ids.includes(id));
      return before - stream.rows.length;
    },
    xrange: ([key = '', from = '-', to = '+', ...options]) =>
      counted(range(find(key)?.rows ?? [], from, to), options),
    xrevrange: ([key = '', to = '+', from = '-', ...options]) =>
      counted(range(find(key)?.rows ?? [], from, to).reverse(), options),
    xgroup: ([verb = '', key = '', name = '', from = '$']) => {
      if (verb.toUpperCase() !== 'CREATE')
        throw new Error(`The simulated Redis does not know XGROUP ${verb}`);
      const stream = make(key);
      if (stream.groups.has(name)) throw new ReplyError('BUSYGROUP Consumer Group name already exists');
      stream.groups.set(name, {
        last: from === '$' ? stream.last : from === '0' ? '0-0' : from,
        pending: new Map(),
      });
      return 'OK';
    },
    xack: ([key = '', name = '', ...ids]) =>
      ids.filter((id) => find(key)?.groups.get(name)?.pending.delete(id)).length,
    /** `null` where there is nothing: whether it waits then is the client's affair. */
    xreadgroup: (args) => {
      const upper = args.map((one) => one.toUpperCase());
      const [, name = '', consumer = ''] = args;
      const at = upper.indexOf('STREAMS');
      const [key = '', from = '>'] = [args[at + 1], args[at + 2]];
      const stream = find(key);
      const group = groupOf(stream, name, key);
      if (!stream) return null;
      const count = upper.indexOf('COUNT');
      const most = count < 0 ? Number.POSITIVE_INFINITY : Number(args[count + 1]);
      if (from !== '>') {
        const own = [...group.pending].filter(
          ([id, one]) => one.consumer === consumer && compare(id, from) > 0,
        );
        const ids = own
          .map(([id]) => id)
          .sort(compare)
          .slice(0, most);
        return [[key, ids.map((id): Row => [id, stream.rows.find((row) => row[0] === id)?.[1] ?? []])]];
      }
      const rows = stream.rows.filter(([id]) => compare(id, group.last) > 0).slice(0, most);
      if (rows.length === 0) return null;
      for (const [id] of rows) {
        group.pending.set(id, { consumer, at: now() });
        group.last = id;
      }
      return [[key, rows]];
    },
    xautoclaim: ([key = '', name = '', consumer = '', idle = '0', from = '0', ...options]) => {
      const stream = find(key);
      const group = groupOf(stream, name, key);
      const ids = [...group.pending.keys()].filter((id) => compare(id, from) >= 0).sort(compare);
      const rows: Row[] = [];
      const at = options.findIndex((one) => one.toUpperCase() === 'COUNT');
      const most = at < 0 ? 100 : Number(options[at + 1]);
      const gone: string[] = [];
      let next = '0-0';
      for (const id of ids) {
        if (rows.length >= most) {
          next = id;
          break;
        }
        const pending = group.pending.get(id);
        if (!pending || now() - pending.at < Number(idle)) continue;
        const row = stream?.rows.find((one) => one[0] === id);
        if (!row) {
          group.pending.delete(id);
          gone.push(id);
          continue;
        }
        group.pending.set(id, { consumer, at: now() });
        rows.push(row);
      }
      return [next, rows, gone];
    },
  };
}

// --- internal ---

function partsOf(id: string): [number, number] {
  const [ms = '0', n = '0'] = id.split('-');
  return [Number(ms), Number(n)];
}
function compare(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)];
  return x[0] - y[0] || x[1] - y[1];
}
function isFrom(id: string, from: string): boolean {
  if (from === '-') return true;
  return from.startsWith('(') ? compare(id, from.slice(1)) > 0 : compare(id, from) >= 0;
}
function isUpTo(id: string, to: string): boolean {
  if (to === '+') return true;
  // Without a sequence number the end means all of that millisecond.
  const whole = to.includes('-') ? to : `${to}-${Number.MAX_SAFE_INTEGER}`;
  return to.startsWith('(') ? compare(id, to.slice(1)) < 0 : compare(id, whole) <= 0;
}

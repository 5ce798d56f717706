import { script } from './_lua.ts';
import { openStreams, ReplyError, type Stream } from './_redis-streams.ts';

type Value = string | Map<string, string> | Set<string> | Ranks | Stream | List;
class List {
  items: string[] = [];
}
/** A sorted set. */
class Ranks extends Map<string, number> {}

export type RedisData = ReturnType<typeof openRedisData>;
type Command = (args: string[]) => unknown;

/**
 * The data of a Redis and the commands that dimg uses, each done at once. Replies are as ioredis gives them, save that
 * `HGETALL` is a list. `now` in milliseconds since 1970.
 */
export function openRedisData(now: () => number) {
  let keys = new Map<string, Value>();
  let ends = new Map<string, number>();
  /** Another one after each start. */
  let runId = 1;
  /** Heard after each change of a key, with the command in small letters. */
  const changed = new Set<(key: string, command: string) => void>();

  function find(key: string): Value | undefined {
    const end = ends.get(key);
    if (end !== undefined && end <= now()) drop(key);
    return keys.get(key);
  }
  function drop(key: string): boolean {
    ends.delete(key);
    return keys.delete(key);
  }
  function touch(key: string, command: string): void {
    for (const hear of changed) hear(key, command);
  }
  function of<T extends Value>(key: string, is: (value: Value) => value is T, make: () => T): T;
  function of<T extends Value>(key: string, is: (value: Value) => value is T): T | undefined;
  function of<T extends Value>(key: string, is: (value: Value) => value is T, make?: () => T): T | undefined {
    const found = find(key);
    if (found !== undefined) {
      if (is(found)) return found;
      throw new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value');
    }
    if (!make) return undefined;
    const made = make();
    keys.set(key, made);
    return made;
  }
  const isText = (value: Value): value is string => typeof value === 'string';
  const isHash = (value: Value): value is Map<string, string> =>
    value instanceof Map && !(value instanceof Ranks);
  const isSet = (value: Value): value is Set<string> => value instanceof Set;
  const isList = (value: Value): value is List => value instanceof List;
  const isRanks = (value: Value): value is Ranks => value instanceof Ranks;
  const hash = (key: string) => of(key, isHash, () => new Map());
  const ranks = (key: string) => of(key, isRanks, () => new Ranks());
  const emptied = (key: string, value: { size: number }) => value.size === 0 && drop(key);

  /** Members in order, and their scores. */
  function sorted(key: string): [string, number][] {
    const list = [...(of(key, isRanks) ?? [])];
    return list.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : a > b ? 1 : 0));
  }
  const flat = (list: [string, number][], scores: boolean) =>
    list.flatMap(([member, score]) => (scores ? [member, String(score)] : [member]));
  const slice = <T>(list: T[], from: number, to: number): T[] => {
    const start = from < 0 ? Math.max(0, list.length + from) : from;
    const end = to < 0 ? list.length + to : to;
    return list.slice(start, end + 1);
  };
  const bound = (text: string) =>
    text === '-inf' ? -Infinity : text === '+inf' ? Infinity : Number(text.replace('(', ''));
  const expire = (key: string, at: number) => {
    if (find(key) === undefined) return 0;
    ends.set(key, at);
    return 1;
  };

  const commands: Record<string, Command> = {
    ping: () => 'PONG',
    time: () => [String(Math.floor(now() / 1000)), String(Math.floor((now() % 1000) * 1000))],
    exists: (names) => names.filter((key) => find(key) !== undefined).length,
    del: (names) => names.filter((key) => find(key) !== undefined && drop(key)).length,
    expire: ([key = '', s]) => expire(key, now() + Number(s) * 1000),
    pexpire: ([key = '', ms]) => expire(key, now() + Number(ms)),
    get: ([key = '']) => of(key, isText) ?? null,
    set: ([key = '', value = '', ...options]) => {
      const upper = options.map((one) => one.toUpperCase());
      if (upper.includes('NX') && find(key) !== undefined) return null;
      drop(key);
      keys.set(key, value);
      const ex = upper.indexOf('EX');
      const px = upper.indexOf('PX');
      if (ex >= 0) ends.set(key, now() + Number(options[ex + 1]) * 1000);
      if (px >= 0) ends.set(key, now() + Number(options[px + 1]));
      return 'OK';
    },
    incr: ([key = '']) => {
      const next = Number(of(key, isText) ?? '0') + 1;
      keys.set(key, String(next));
      return next;
    },
    hget: ([key = '', field = '']) => of(key, isHash)?.get(field) ?? null,
    hmget: ([key = '', ...fields]) => fields.map((field) => of(key, isHash)?.get(field) ?? null),
    hexists: ([key = '', field = '']) => (of(key, isHash)?.has(field) ? 1 : 0),
    hlen: ([key = '']) => of(key, isHash)?.size ?? 0,
    hgetall: ([key = '']) => [...(of(key, isHash) ?? [])].flat(),
    hset: ([key = '', ...pairs]) => {
      const fields = hash(key);
      const before = fields.size;
      for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i] ?? '', pairs[i + 1] ?? '');
      return fields.size - before;
    },
    hsetnx: ([key = '', field = '', value = '']) => {
      const fields = hash(key);
      if (fields.has(field)) return 0;
      fields.set(field, value);
      return 1;
    },
    hdel: ([key = '', ...names]) => {
      const fields = hash(key);
      const gone = names.filter((name) => fields.delete(name)).length;
      emptied(key, fields);
      return gone;
    },
    sadd: ([key = '', ...members]) => {
      const set = of(key, isSet, () => new Set<string>());
      const before = set.size;
      for (const member of members) set.add(member);
      return set.size - before;
    },
    srem: ([key = '', ...members]) => {
      const set = of(key, isSet, () => new Set<string>());
      const gone = members.filter((member) => set.delete(member)).length;
      emptied(key, set);
      return gone;
    },
    hvals: ([key = '']) => [...(of(key, isHash)?.values() ?? [])],
    rpush: ([key = '', ...items]) => of(key, isList, () => new List()).items.push(...items),
    lpop: ([key = '']) => {
      const list = of(key, isList);
      const first = list?.items.shift() ?? null;
      if (list?.items.length === 0) drop(key);
      return first;
    },
    info: () => `# Server\r\nrun_id:${String(runId).padStart(40, '0')}\r\n`,
    srandmember: ([key = '', count = '1']) => [...(of(key, isSet) ?? [])].slice(0, Number(count)),
    smembers: ([key = '']) => [...(of(key, isSet) ?? [])],
    sismember: ([key = '', member = '']) => (of(key, isSet)?.has(member) ? 1 : 0),
    smismember: ([key = '', ...members]) => members.map((member) => (of(key, isSet)?.has(member) ? 1 : 0)),
    zadd: ([key = '', ...rest]) => {
      const flags: string[] = [];
      while (/^(?:NX|XX|GT|LT|CH)$/i.test(rest[0] ?? '')) flags.push((rest.shift() ?? '').toUpperCase());
      const set = ranks(key);
      const before = set.size;
      for (let i = 0; i < rest.length; i += 2) {
        const member = rest[i + 1] ?? '';
        if (flags.includes('NX') && set.has(member)) continue;
        if (flags.includes('XX') && !set.has(member)) continue;
        set.set(member, Number(rest[i]));
      }
      const added = set.size - before;
      emptied(key, set);
      return added;
    },
    zrem: ([key = '', ...members]) => {
      const set = ranks(key);
      const gone = members.filter((member) => set.delete(member)).length;
      emptied(key, set);
      return gone;
    },
    zscore: ([key = '', member = '']) => {
      const score = of(key, isRanks)?.get(member);
      return score === undefined ? null : String(score);
    },
    zcard: ([key = '']) => of(key, isRanks)?.size ?? 0,
    zrange: ([key = '', from = '0', to = '-1', ...options]) => {
      const upper = options.map((one) => one.toUpperCase());
      const all = sorted(key);
      if (upper.includes('REV')) all.reverse();
      return flat(slice(all, Number(from), Number(to)), upper.includes('WITHSCORES'));
    },
    zrangebyscore: ([key = '', from = '', to = '', ...options]) => {
      const found = sorted(key).filter(
        ([, score]) =>
          (from.startsWith('(') ? score > bound(from) : score >= bound(from)) &&
          (to.startsWith('(') ? score < bound(to) : score <= bound(to)),
      );
      const limit = options.findIndex((one) => one.toUpperCase() === 'LIMIT');
      const cut =
        limit < 0 ? found : found.slice(Number(options[limit + 1])).slice(0, Number(options[limit + 2]));
      return flat(
        cut,
        options.some((one) => one.toUpperCase() === 'WITHSCORES'),
      );
    },
    zremrangebyrank: ([key = '', from = '0', to = '0']) => {
      const set = ranks(key);
      const gone = slice(sorted(key), Number(from), Number(to));
      for (const [member] of gone) set.delete(member);
      emptied(key, set);
      return gone.length;
    },
    ...openStreams({ of, now }),
    eval: ([source = '', count = '0', ...rest]) =>
      script(source)(rest.slice(0, Number(count)), rest.slice(Number(count)), (name, args) =>
        exec(name, args),
      ),
    flushall: () => {
      keys.clear();
      ends.clear();
      return 'OK';
    },
  };

  const READS =
    /^(?:GET|H?EXISTS|HGET|HMGET|HGETALL|HLEN|HVALS|INFO|SRANDMEMBER|SMEMBERS|SISMEMBER|SMISMEMBER|Z(?:RANGE|SCORE|CARD)|X(?:RANGE|REVRANGE|LEN)|TIME|PING|EVAL)/i;
  const known = new Map<string, { name: string; command: Command; writes: boolean }>();
  function exec(name: string, args: string[]): unknown {
    let one = known.get(name);
    if (!one) {
      const command = commands[name.toLowerCase()];
      if (!command) throw new Error(`The simulated Redis does not know ${name}`);
      one = { name: name.toLowerCase(), command, writes: !READS.test(name) };
      known.set(name, one);
    }
    const reply = one.command(args);
    if (one.writes) touch(args[0] ?? '', one.name);
    return reply;
  }

  return {
    exec,
    changed,
    find,
    runId: () => String(runId).padStart(40, '0'),
    /** All that there is, as text, for comparison. */
    dump: () => keys,
    ends: () => ends,
    /** A copy of all that there is; `restore` goes back to it. */
    snapshot(): () => void {
      const copy = (value: Value): Value =>
        typeof value === 'string'
          ? value
          : value instanceof Ranks
            ? new Ranks(value)
            : value instanceof Map
              ? new Map(value)
              : value instanceof Set
                ? new Set(value)
                : value instanceof List
                  ? Object.assign(new List(), { items: [...value.items] })
                  : value.copy();
      const [kept, keptEnds] = [new Map([...keys].map(([key, value]) => [key, copy(value)])), new Map(ends)];
      return () => {
        keys = kept;
        ends = keptEnds;
        runId++;
        for (const key of keys.keys()) touch(key, 'restore');
      };
    },
  };
}
export type Finder = {
  of: <T extends Value>(key: string, is: (value: Value) => value is T, make?: () => T) => T | undefined;
  now: () => number;
};

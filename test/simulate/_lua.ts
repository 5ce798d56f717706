import { ReplyError } from './_redis-streams.ts';

/**
 * The part of Lua that dimg's scripts for Redis are written in, made into functions of JavaScript: so the simulation runs
 * the production scripts themselves. Tables are arrays or objects; what a script uses that is not known here throws.
 */
export type Script = (keys: readonly string[], args: readonly string[], call: Call) => unknown;
/** One command of Redis; `null` is its nil. */
export type Call = (command: string, args: string[]) => unknown;

const compiled = new Map<string, Script>();

export function script(source: string): Script {
  let known = compiled.get(source);
  if (!known) {
    const body = translate(source);
    const make = new Function('lua', 'KEYS', 'ARGV', 'redis', body) as Body;
    known = (keys, args, call) => {
      const run = (name: unknown, ...rest: unknown[]) => fromReply(call(String(name), rest.map(text)));
      const error_reply = (words: string) => new ReplyError(words);
      return toReply(make(LUA, keys, args, { call: run, pcall: run, error_reply }));
    };
    compiled.set(source, known);
  }
  return known;
}

// --- internal ---

type Body = (lua: typeof LUA, keys: unknown, args: unknown, redis: unknown) => unknown;
type Table = unknown[] & Record<string, unknown>;

const truthy = (x: unknown): boolean => x !== undefined && x !== null && x !== false;
const text = (x: unknown): string => {
  if (typeof x === 'string' || typeof x === 'number') return String(x);
  throw new Error(`Lua: ${typeof x} where a string or a number must be`);
};
const number = (x: unknown): number | undefined => {
  const n = typeof x === 'number' ? x : typeof x === 'string' && x.trim() !== '' ? Number(x) : Number.NaN;
  return Number.isNaN(n) ? undefined : n;
};
const need = (x: unknown): number => {
  const n = number(x);
  if (n === undefined) throw new Error('Lua: arithmetic on what is no number');
  return n;
};
const fromReply = (reply: unknown): unknown => (reply === null || reply === undefined ? false : reply);
function toReply(value: unknown): unknown {
  if (value === undefined || value === null || value === false) return null;
  if (value instanceof ReplyError) throw value;
  if (value === true) return 1;
  if (typeof value === 'number') return Math.trunc(value);
  if (!Array.isArray(value)) return value;
  const end = value.findIndex((one) => one === undefined || one === null);
  return (end < 0 ? value : value.slice(0, end)).map(toReply);
}

const patterns = new Map<string, RegExp>();
/** Lua's `string.match`, for patterns of the few classes that our scripts use: the first group, or all of it. */
function matched(s: string, pattern: string): string | undefined {
  let known = patterns.get(pattern);
  if (!known) {
    known = new RegExp(pattern.replaceAll('%x', '[0-9a-fA-F]').replaceAll('%d', '[0-9]'));
    patterns.set(pattern, known);
  }
  const found = known.exec(s);
  return found?.[1] ?? found?.[0];
}

const LUA = {
  truthy,
  number: need,
  cat: (a: unknown, b: unknown) => text(a) + text(b),
  same: (a: unknown, b: unknown) => (a ?? undefined) === (b ?? undefined),
  length: (x: unknown) => (x as { length: number }).length,
  index: (table: unknown, at: unknown) =>
    Array.isArray(table) && typeof at === 'number' ? table[at - 1] : (table as Table)[String(at)],
  put: (table: unknown, at: unknown, value: unknown) => {
    if (Array.isArray(table) && typeof at === 'number') table[at - 1] = value;
    else (table as Table)[String(at)] = value;
  },
  list: (x: unknown) => Array.from(x as ArrayLike<unknown>),
  globals: {
    tonumber: number,
    tostring: (x: unknown) => (x === undefined || x === null ? 'nil' : String(x)),
    math: {
      floor: (x: unknown) => Math.floor(need(x)),
      max: (...n: number[]) => Math.max(...n.map(need)),
      min: (...n: number[]) => Math.min(...n.map(need)),
    },
    cjson: { decode: (x: unknown) => JSON.parse(text(x)), encode: (x: unknown) => JSON.stringify(x) },
    type: (x: unknown) =>
      x === undefined || x === null
        ? 'nil'
        : Array.isArray(x)
          ? 'table'
          : typeof x === 'object'
            ? 'table'
            : typeof x,
    string: {
      match: (s: string, pattern: string) => matched(s, pattern),
      sub: (s: string, from: number, to = -1) =>
        s.slice(from < 0 ? from : from - 1, to < 0 ? s.length + to + 1 : to),
    },
    table: { insert: (list: unknown[], one: unknown) => void list.push(one) },
    unpack: (list: unknown[]) => list,
  } as Record<string, unknown>,
};

const TOKEN =
  /\s+|--[^\n]*|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\],.;:])/gy;
const WORDS = new Set(
  'and break do else elseif end false for function if in local nil not or repeat return then true until while'.split(
    ' ',
  ),
);

function translate(source: string): string {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`Lua: can't be read at: ${source.slice(from, from + 40)}`);
    const found = match[1] ?? match[2] ?? match[3] ?? match[4];
    if (found !== undefined) tokens.push(found);
  }
  let i = 0;
  const locals: Set<string>[] = [new Set(['KEYS', 'ARGV', 'redis'])];
  const peek = () => tokens[i];
  const take = (): string => {
    const found = tokens[i++];
    if (found === undefined) throw new Error('Lua: it ends too early');
    return found;
  };
  const expect = (token: string) => {
    const found = take();
    if (found !== token) throw new Error(`Lua: ${token} expected, and there is ${found}`);
  };
  const isName = (token: string | undefined): token is string =>
    token !== undefined && /^[A-Za-z_]/.test(token) && !WORDS.has(token);
  const name = (word: string) =>
    locals.some((scope) => scope.has(word)) ? `$${word}` : `lua.globals.${word}`;

  const block = (...ends: string[]): string => {
    locals.push(new Set());
    let out = '';
    while (peek() !== undefined && !ends.includes(peek() as string)) out += statement();
    locals.pop();
    return out;
  };
  const declare = (word: string) => locals.at(-1)?.add(word);

  function statement(): string {
    const token = take();
    switch (token) {
      case ';':
        return '';
      case 'local': {
        if (peek() === 'function') {
          i++;
          const named = take();
          declare(named);
          expect('(');
          const parameters: string[] = [];
          while (peek() !== ')') {
            parameters.push(take());
            if (peek() === ',') i++;
          }
          expect(')');
          locals.push(new Set(parameters));
          const body = block('end');
          locals.pop();
          expect('end');
          return `const $${named} = (${parameters.map((one) => `$${one}`).join(', ')}) => {\n${body}};\n`;
        }
        const names = [take()];
        while (peek() === ',') {
          i++;
          names.push(take());
        }
        if (peek() !== '=') {
          names.forEach(declare);
          return `let ${names.map((one) => `$${one}`).join(', ')};\n`;
        }
        i++;
        const values = expressions();
        names.forEach(declare);
        return `let ${names.map((one, at) => `$${one} = ${values[at] ?? 'undefined'}`).join(', ')};\n`;
      }
      case 'if': {
        let out = `if (lua.truthy(${expression()})) {\n`;
        expect('then');
        out += block('elseif', 'else', 'end');
        for (;;) {
          const next = take();
          if (next === 'end') return `${out}}\n`;
          if (next === 'else') {
            out += `} else {\n${block('end')}`;
            expect('end');
            return `${out}}\n`;
          }
          out += `} else if (lua.truthy(${expression()})) {\n`;
          expect('then');
          out += block('elseif', 'else', 'end');
        }
      }
      case 'for': {
        const first = take();
        if (peek() === '=') {
          i++;
          const [from, to, by = '1'] = expressions();
          expect('do');
          locals.push(new Set([first]));
          const body = block('end');
          locals.pop();
          expect('end');
          return `for (let $${first} = ${from}, $$to = ${to}, $$by = ${by}; $$by > 0 ? $${first} <= $$to : $${first} >= $$to; $${first} += $$by) {\n${body}}\n`;
        }
        expect(',');
        const second = take();
        expect('in');
        expect('ipairs');
        expect('(');
        const list = expression();
        expect(')');
        expect('do');
        locals.push(new Set([first, second]));
        const body = block('end');
        locals.pop();
        expect('end');
        return `for (const [$$i, $${second}] of lua.list(${list}).entries()) { let $${first} = $$i + 1;\n${body}}\n`;
      }
      case 'do': {
        const body = block('end');
        expect('end');
        return `{\n${body}}\n`;
      }
      case 'while': {
        const test = expression();
        expect('do');
        const body = block('end');
        expect('end');
        return `while (lua.truthy(${test})) {\n${body}}\n`;
      }
      case 'break':
        return 'break;\n';
      case 'return': {
        const more = peek() !== undefined && !['end', 'else', 'elseif', ';'].includes(peek() as string);
        return `return ${more ? expression() : ''};\n`;
      }
      default: {
        i--;
        const target = suffixed();
        if (peek() !== '=') return `${target.get};\n`;
        i++;
        return `${target.set(expression())};\n`;
      }
    }
  }

  function expressions(): string[] {
    const list = [expression()];
    while (peek() === ',') {
      i++;
      list.push(expression());
    }
    return list;
  }

  const LEVELS = [['or'], ['and'], ['<', '>', '<=', '>=', '==', '~='], ['..'], ['+', '-'], ['*', '/', '%']];
  function expression(level = 0): string {
    if (level === LEVELS.length) return unary();
    let left = expression(level + 1);
    while (LEVELS[level]?.includes(peek() as string)) {
      const operator = take();
      const right = operator === '..' ? expression(level) : expression(level + 1);
      left = binary(operator, left, right);
    }
    return left;
  }

  function binary(operator: string, a: string, b: string): string {
    switch (operator) {
      case 'or':
        return `((x) => lua.truthy(x) ? x : ${b})(${a})`;
      case 'and':
        return `((x) => lua.truthy(x) ? ${b} : x)(${a})`;
      case '==':
        return `lua.same(${a}, ${b})`;
      case '~=':
        return `!lua.same(${a}, ${b})`;
      case '..':
        return `lua.cat(${a}, ${b})`;
      case '<':
      case '>':
      case '<=':
      case '>=':
        return `(${a} ${operator} ${b})`;
      default:
        return `(lua.number(${a}) ${operator} lua.number(${b}))`;
    }
  }

  function unary(): string {
    if (peek() === 'not') {
      i++;
      return `!lua.truthy(${unary()})`;
    }
    if (peek() === '#') {
      i++;
      return `lua.length(${unary()})`;
    }
    if (peek() === '-') {
      i++;
      return `(-lua.number(${unary()}))`;
    }
    return suffixed().get;
  }

  function suffixed(): { get: string; set(value: string): string } {
    const token = take();
    let get: string;
    let set = (_: string): string => {
      throw new Error(`Lua: ${token} can't be set`);
    };
    if (token === '(') {
      get = `(${expression()})`;
      expect(')');
    } else if (token === '{') get = table();
    else if (token === 'nil') get = 'undefined';
    else if (token === 'true' || token === 'false' || /^\d/.test(token)) get = token;
    else if (/^['"]/.test(token)) get = JSON.stringify(token.slice(1, -1).replace(/\\(.)/g, '$1'));
    else if (isName(token)) {
      const variable = name(token);
      get = variable;
      set = (value) => `${variable} = ${value}`;
    } else throw new Error(`Lua: ${token} is not understood`);
    for (;;) {
      const before = get;
      if (peek() === '.' || peek() === '[') {
        const dotted = take() === '.';
        const at = dotted ? JSON.stringify(take()) : expression();
        if (!dotted) expect(']');
        const global = dotted && /^(?:lua\.globals\.\w+|\$redis)$/.test(before);
        get = global ? `${before}[${at}]` : `lua.index(${before}, ${at})`;
        set = (value) => `lua.put(${before}, ${at}, ${value})`;
      } else if (peek() === '(') {
        i++;
        const args = peek() === ')' ? [] : expressions();
        expect(')');
        // `unpack` stands for all that its table holds.
        get = `${before}(${args.map((arg) => (arg.startsWith('lua.globals.unpack(') ? `...${arg}` : arg)).join(', ')})`;
      } else return { get, set };
    }
  }

  function table(): string {
    const items: string[] = [];
    const fields: string[] = [];
    while (peek() !== '}') {
      if (isName(peek()) && tokens[i + 1] === '=') {
        const field = take();
        i++;
        fields.push(`${JSON.stringify(field)}: ${expression()}`);
      } else items.push(expression());
      if (peek() === ',' || peek() === ';') i++;
    }
    expect('}');
    return fields.length > 0 ? `({${fields.join(', ')}})` : `[${items.join(', ')}]`;
  }

  const body = block();
  return `'use strict'; const $KEYS = KEYS, $ARGV = ARGV, $redis = redis;\n${body}`;
}

import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { code, type Markup, say, some } from '../domain/markup.ts';
import { nearest } from '../domain/nearest.ts';
import { type Command, isOptional, isRest, metaOf, NOT, usage } from './_define.ts';
import { entered, normalise, tokenise } from './_words.ts';

/** A command with its words and options read and checked. */
export interface Parsed {
  command: Command;
  input: { words: Record<string, unknown>; options: Record<string, unknown> };
}

/** Reads a line as typed after `/dimg`. Throws a `UserError` that names what is wrong, with the usage. */
export function parse(text: string, commands: ReadonlyMap<string, Command>): Parsed {
  const { line, rest } = apart(text, commands);
  const tokens = tokenise(normalise(line));
  const name = nameOf(tokens, commands);
  const command = commands.get(name);
  if (!command) throw new UserError(unknownCommand(name, [...commands.keys()]));
  const raw = split(command, tokens);
  return {
    command,
    input: {
      words: read(command, command.words, { ...assign(command, raw.words), ...rest }),
      options: read(command, command.options, raw.options, '--'),
    },
  };
}

/** Takes the command's name off the words: one or, as in `registry tags`, two. */
export function nameOf(words: string[], commands: ReadonlyMap<string, Command>): string {
  const first = words.shift()?.toLowerCase() ?? 'help';
  const isFirst = [...commands.keys()].some((name) => name.startsWith(`${first} `));
  const second = isFirst ? words.shift()?.toLowerCase() : undefined;
  return second === undefined ? first : `${first} ${second}`;
}

// --- internal ---

/** Takes off the rest of the line, where the command wants it as it was typed. */
function apart(
  text: string,
  commands: ReadonlyMap<string, Command>,
): { line: string; rest?: Record<string, string> } {
  const name = normalise(/^\s*(\S+)/.exec(text)?.[1] ?? '').toLowerCase();
  const shape = Object.entries(commands.get(name)?.words.shape ?? {});
  const at = shape.findIndex(([, schema]) => isRest(schema));
  if (at < 0) return { line: text };
  const [whole = '', line = '', rest = ''] =
    new RegExp(`^(\\s*\\S+(?:\\s+\\S+){${at}})\\s+(.+)$`, 's').exec(text) ?? [];
  const typed = entered(rest).trim();
  return whole === '' || typed === '' ? { line: text } : { line, rest: { [shape[at]?.[0] ?? '']: typed } };
}

interface Raw {
  words: string[];
  options: Record<string, unknown>;
}

function split(command: Command, tokens: readonly string[]): Raw {
  const raw: Raw = { words: [], options: {} };
  const rest = [...tokens];
  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === '--') {
      raw.words.push(...rest);
      break;
    }
    if (token.startsWith('--')) {
      const equals = token.indexOf('=');
      const name = token.slice(2, equals < 0 ? undefined : equals);
      option(command, raw, name, equals < 0 ? undefined : token.slice(equals + 1), rest);
    } else if (/^-[A-Za-z]/.test(token)) {
      for (const letter of token.slice(1)) option(command, raw, longName(command, letter), undefined, rest);
    } else raw.words.push(token);
  }
  return raw;
}

function option(command: Command, raw: Raw, name: string, inline: string | undefined, rest: string[]): void {
  const negated = name.endsWith('!');
  const base = negated ? name.slice(0, -1) : name;
  const { shape } = command.options;
  const schema = Object.hasOwn(shape, base) ? shape[base] : undefined;
  const meta = schema && metaOf(schema);
  if (!schema || !meta || (negated && !meta.negatable)) fail(command, unknownOption(command, `--${name}`));
  if (meta.value === undefined) {
    if (inline !== undefined) fail(command, say`${code(`--${name}`)} takes no value.`);
    raw.options[base] = true;
    return;
  }
  const value = inline ?? meta.implied ?? rest.shift();
  if (value === undefined || value === '')
    fail(command, say`${code(`--${name}`)} needs a value: ${code(meta.value)}.`);
  if (isRepeated(schema)) {
    const earlier = (raw.options[base] as string[] | undefined) ?? [];
    raw.options[base] = [...earlier, negated ? NOT + value : value];
  } else if (base in raw.options) fail(command, say`${code(`--${name}`)} is given twice.`);
  else raw.options[base] = value;
}

function longName(command: Command, letter: string): string {
  const found = Object.entries(command.options.shape).find(([, schema]) => metaOf(schema)?.short === letter);
  return found ? found[0] : fail(command, unknownOption(command, `-${letter}`));
}

/** Gives words their names in order; a list takes all that is left. */
function assign(command: Command, words: readonly string[]): Record<string, unknown> {
  const assigned: Record<string, unknown> = {};
  let next = 0;
  for (const [name, schema] of Object.entries(command.words.shape)) {
    if (isRepeated(schema)) {
      if (next < words.length) assigned[name] = words.slice(next);
      next = words.length;
    } else if (next < words.length) assigned[name] = words[next++];
    if (assigned[name] === undefined && !isOptional(schema))
      fail(command, say`${code(`<${name}>`)} is missing.`);
  }
  if (next < words.length) fail(command, say`${code(words[next] ?? '')} is one word too many.`);
  return assigned;
}

function read(
  command: Command,
  schema: z.ZodObject,
  raw: Record<string, unknown>,
  prefix = '',
): Record<string, unknown> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = String(issue?.path[0] ?? '');
  return fail(
    command,
    say`${code(prefix === '' ? `<${where}>` : prefix + where)}: ${issue?.message ?? 'not understood'}.`,
  );
}

function isRepeated(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return isRepeated(schema.def.innerType);
  return schema instanceof z.ZodArray;
}

function unknownCommand(name: string, known: readonly string[]): Markup {
  const near = nearest(name, known);
  const hint =
    near === undefined
      ? say`Known: ${some([...known].sort(), 20)}.`
      : say`Did you mean ${code(`/dimg ${near}`)}?`;
  return say`There is no command ${code(name)}. ${hint}`;
}

function unknownOption(command: Command, name: string): Markup {
  const known = Object.keys(command.options.shape).map((option) => `--${option}`);
  const near = nearest(name, known);
  const hint =
    near !== undefined
      ? say` Did you mean ${code(near)}?`
      : known.length === 0
        ? say` ${code(command.name)} has no options.`
        : say` It has ${some(known, 20)}.`;
  return say`${code(command.name)} has no option ${code(name)}.${hint}`;
}

function fail(command: Command, message: Markup): never {
  throw new UserError(say`${message} Usage: ${usage(command)}`);
}

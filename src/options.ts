import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from './domain/nearest.ts';

/**
 * Reads a command line. Throws an `Error` with one sentence that names what is wrong; `most` words may stand beside
 * the options.
 */
export function readOptions<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
  most = 0,
) {
  const config = { args: [...args], options, allowPositionals: true as const };
  for (const token of parseArgs({ ...config, strict: false, tokens: true }).tokens) {
    if (token.kind !== 'option') continue;
    const option = options[token.name];
    if (!option) throw new Error(unknown(token.rawName, Object.keys(options)));
    if (option.type === 'boolean' && token.value !== undefined)
      throw new Error(`${token.rawName} takes no value`);
    if (option.type === 'string' && !isGiven(token.value, token.inlineValue))
      throw new Error(`${token.rawName} needs a value`);
  }
  const { values, positionals } = parseArgs(config);
  if (positionals.length > most) throw new Error(`"${positionals[most]}" is one word too many`);
  return { values, positionals };
}

/** The sentence for a file that the system does not let us read. */
export function unreadable(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `can't read ${file}: ${WHY[code ?? ''] ?? message}`;
}

// --- internal ---

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder, name a file in it',
  EACCES: 'this user may not, ask as one who may',
};

function isGiven(value: string | undefined, inline: boolean | undefined): boolean {
  return value !== undefined && value !== '' && (inline === true || value === '-' || !value.startsWith('-'));
}

function unknown(name: string, known: readonly string[]): string {
  const names = known.map((one) => `--${one}`);
  const near = nearest(name, names);
  return `there is no option ${name}: ${near === undefined ? `there is ${names.join(', ')}` : `did you mean ${near}?`}`;
}

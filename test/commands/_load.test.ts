import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Command } from '../../src/commands/_define.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { aDesk } from './_desk.ts';

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'dimg-commands-'));
afterAll(() => rmSync(copy, { recursive: true }));

test('the commands are the files of their folder, those that begin with _ aside', async () => {
  const commands = await loadCommands();
  expect([...commands.keys()]).toEqual([...commands.keys()].sort());
  for (const name of ['help', 'hosts', 'images', 'prune', 'rmi', 'cancel', 'approve', 'deny', 'history'])
    expect(commands.get(name)?.name).toBe(name);
  expect([...commands.keys()].filter((name) => name.startsWith('_'))).toEqual([]);
});

test('a new file is a new command, in help as well, and nothing else changes', async () => {
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(
    join(copy, 'src/commands/greet.ts'),
    `import { z } from 'zod';
     import { say } from '../domain/markup.ts';
     import { defineCommand, flag } from './_define.ts';
     export default defineCommand({
       kind: 'answer',
       audience: 'caller',
       summary: 'say good morning',
       words: z.strictObject({ name: z.string() }),
       options: z.strictObject({ loud: flag({ short: 'l', about: 'louder' }) }),
       examples: ['greet ana'],
       answer: async ({ words, options }) => ({ lines: [say\`morning \${words.name}\${options.loud ? '!' : ''}\`] }),
     });`,
  );
  const load = (await import(join(copy, 'src/commands/_load.ts'))) as { loadCommands: typeof loadCommands };
  const parser = (await import(
    join(copy, 'src/commands/_parse.ts')
  )) as typeof import('../../src/commands/_parse.ts');
  const { plain } = (await import(
    join(copy, 'src/domain/markup.ts')
  )) as typeof import('../../src/domain/markup.ts');
  const commands = await load.loadCommands();
  const before = await loadCommands();
  expect([...commands.keys()].filter((name) => !before.has(name))).toEqual(['greet']);

  const run = async (text: string) => {
    const { command, input } = parser.parse(text, commands);
    if (command.kind !== 'answer') throw new Error('no answer');
    return (await command.answer(input, aDesk(commands))).lines.map(plain).join('\n');
  };
  expect(await run('greet ana —loud')).toBe('morning ana!');
  expect(await run('help')).toContain('/dimg greet <name> [options]  say good morning');
  expect(await run('help greet')).toContain('-l, --loud  louder');
  expect(() => parser.parse('greet', commands as ReadonlyMap<string, Command>)).toThrow(/<name> is missing/);
});

import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { bold, code, type Markup, say, some } from '../domain/markup.ts';
import { nearest } from '../domain/nearest.ts';
import { type Command, defineCommand, metaOf, usage } from './_define.ts';

export default defineCommand({
  kind: 'answer',
  audience: 'caller',
  summary: 'what dimg can do',
  words: z.strictObject({ command: z.array(z.string()).max(2).optional() }),
  options: z.strictObject({}),
  examples: ['help', 'help prune', 'help registry prune'],
  async answer({ words }, desk) {
    if (words.command === undefined) return { lines: overview(desk.commands) };
    const name = words.command.join(' ').toLowerCase();
    const command = desk.commands.get(name);
    if (command) return { lines: details(command) };
    const near = nearest(name, [...desk.commands.keys()]);
    throw new UserError(
      near === undefined
        ? say`There is no command ${code(name)}. Known: ${some([...desk.commands.keys()], 20)}.`
        : say`There is no command ${code(name)}. Did you mean ${code(near)}?`,
    );
  },
});

// --- internal ---

function overview(commands: ReadonlyMap<string, Command>): Markup[] {
  return [
    say`${bold('dimg')} deletes Docker images on your hosts: it shows what would go, and deletes exactly that when you press.`,
    ...[...commands.values()].map((command) => say`• ${usage(command)}  ${command.summary}`),
    say`${code('<where>')} is a host, ${code('a,b')}, ${code('@group')}, a glob ${code('ci-*')}, or ${code('all')}. More: ${code('/dimg help prune')}`,
  ];
}

function details(command: Command): Markup[] {
  const options = Object.entries(command.options.shape).flatMap(([name, schema]): Markup[] => {
    const meta = metaOf(schema);
    if (!meta) return [];
    const value = meta.implied === undefined ? ` ${meta.value}` : `[=${meta.value}]`;
    const spelling = `${meta.short === undefined ? '' : `-${meta.short}, `}--${name}${meta.value === undefined ? '' : value}`;
    return [say`• ${code(spelling)}  ${meta.about}`];
  });
  return [
    say`${usage(command)}  ${command.summary}`,
    ...(command.about ?? []).map((line) => say`${line}`),
    ...options,
    ...command.examples.map((example) => say`e.g. ${code(`/dimg ${readable(example)}`)}`),
  ];
}

/** A mention is typed as `@name`; Slack makes the member's ID of it. */
const readable = (example: string): string =>
  example.replace(/<@U0(\w+)>/g, (_, name: string) => `@${name.toLowerCase()}`);

import type { World } from '../world.ts';

export type Compose = { readonly shouldEscape: boolean; readonly linkify: boolean };

/** What Slack makes of a command's text: entities, and with `should_escape` names become ids. */
export function compose(world: World, text: string, { shouldEscape, linkify }: Compose): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (!shouldEscape) return escaped;
  return escaped
    .split(/(\s+)/)
    .map((word) => mention(world, word) ?? link(word, linkify) ?? word)
    .join('');
}

function mention(world: World, word: string): string | undefined {
  const [, sign, name = '', rest = ''] = /^([@#])([\w.-]*\w)(\W*)$/.exec(word) ?? [];
  if (sign === '#') {
    const channel = [...world.channels.values()].find((one) => one.name === name);
    return channel && `<#${channel.id}|${channel.name}>${rest}`;
  }
  if (sign !== '@') return undefined;
  if (name === 'here' || name === 'channel' || name === 'everyone') return `<!${name}>${rest}`;
  const user = [...world.users.values()].find((one) => one.name === name && !one.deleted);
  if (user) return `<@${user.id}|${user.name}>${rest}`;
  const group = [...world.groups.values()].find((one) => one.handle === name && !one.disabled);
  return group && `<!subteam^${group.id}|@${group.handle}>${rest}`;
}

function link(word: string, linkify: boolean): string | undefined {
  if (/^https?:\/\/\S+$/.test(word)) return `<${word}>`;
  if (linkify && /^[\w-]+(\.[\w-]+)*\.(com|org|net|io|dev|de)(:\d+)?(\/\S*)?$/.test(word))
    return `<http://${word}|${word}>`;
  return undefined;
}

import { z } from 'zod';
import { code, join, type Markup, plural, say } from '../domain/markup.ts';
import type { Trouble } from '../domain/outcome.ts';
import { troubleWords } from '../domain/trouble.ts';
import { findingWords, verdictWords } from '../domain/verify-words.ts';
import { defineCommand } from './_define.ts';
import type { Verified } from './_verified.ts';

const FINDINGS = 20;

export default defineCommand({
  kind: 'verify',
  summary: 'the audit against itself, and against the heads that agents, cards and the mirror keep',
  about: [
    'Finds entries that were edited, removed, put in or moved; a tail that was cut; a chain that was made anew.',
  ],
  words: z.strictObject({}),
  options: z.strictObject({}),
  examples: ['verify'],
  show(verified) {
    const { findings, total, entries } = verified.verdict;
    const left = total - Math.min(findings.length, FINDINGS);
    return {
      notice: `audit of ${plural(entries, 'entry', 'entries')}: ${total === 0 ? 'whole' : plural(total, 'finding')}`,
      lines: [
        verdictWords(verified.verdict),
        ...findings.slice(0, FINDINGS).map((finding) => say`• ${findingWords(finding)}`),
        ...(left > 0 ? [say`and ${left.toLocaleString('en-US')} more`] : []),
        ...(verified.mirror?.problem ? [say`• ${verified.mirror.problem}`] : []),
        against(verified),
      ],
    };
  },
});

// --- internal ---

function against({ channels, hosts, mirror }: Verified): Markup {
  const held: Markup[] = [];
  const not: Markup[] = [];
  for (const { channel, about, found } of channels) {
    const place =
      about === 'here'
        ? say`this channel`
        : about === 'audit'
          ? say`the audit channel`
          : say`${code(channel)}`;
    if (typeof found !== 'number') not.push(say`${place} was not read: ${found.unread}`);
    else held.push(say`${plural(found, about === 'audit' ? 'line' : 'card')} in ${place}`);
  }
  for (const { host, highest } of hosts) {
    if (typeof highest !== 'number') not.push(say`${host} ${silence(highest)}`);
    else held.push(say`${host} (${highest === 0 ? 'none' : highest})`);
  }
  if (mirror) held.push(say`the mirror file (${mirror.last ?? 'none'})`);
  const what = held.length > 0 ? join(held) : say`nothing`;
  return not.length > 0 ? say`held against ${what}; ${join(not, '; ')}` : say`held against ${what}`;
}

function silence(why: Trouble): Markup {
  if (why.kind === 'offline') return say`is offline`;
  if (why.kind === 'no-answer') return say`did not answer`;
  return say`did not say: ${troubleWords(why)}`;
}

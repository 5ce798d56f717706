import { z } from 'zod';
import { code, join, type Markup, plural, say } from '../domain/markup.ts';
import type { Trouble } from '../domain/outcome.ts';
import { troubleWords } from '../domain/trouble.ts';
import { findingLines, verdictWords } from '../domain/verify-words.ts';
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
    const shown = findingLines(findings).slice(0, FINDINGS);
    const left = total - shown.reduce((n, { count }) => n + count, 0);
    return {
      notice: `audit of ${plural(entries, 'entry', 'entries')}: ${total === 0 ? 'whole' : plural(total, 'finding')}`,
      lines: [
        verdictWords(verified.verdict),
        ...shown.map(({ words }) => say`• ${words}`),
        ...(left > 0 ? [say`and ${left.toLocaleString('en-US')} more`] : []),
        ...(verified.mirror?.problem ? [say`• ${verified.mirror.problem}`] : []),
        against(verified),
      ],
    };
  },
});

// --- internal ---

/** `held against the heads of 6 cards in this channel and of host-1 (newest entry 14); no mirror is configured`. */
function against(verified: Verified): Markup {
  const held = heldBy(verified);
  const what =
    held.length > 0
      ? say`the heads of ${join(held.slice(0, -1), ', of ')}${held.length > 1 ? ' and of ' : ''}${held.at(-1) ?? []}`
      : say`no head`;
  return join([say`held against ${what}`, ...limits(verified)], '; ');
}

function heldBy({ channels, hosts, mirror }: Verified): Markup[] {
  return [
    ...channels.flatMap(({ found, ...one }) =>
      typeof found === 'number' && found > 0
        ? [say`${plural(found, one.about === 'audit' ? 'line' : 'card')} in ${place(one)}`]
        : [],
    ),
    ...hosts.flatMap(({ host, highest }) =>
      typeof highest === 'number' && highest > 0 ? [say`${host} (newest entry ${highest})`] : [],
    ),
    ...(mirror?.last ? [say`the mirror file (newest entry ${mirror.last})`] : []),
  ];
}

/** What it was not held against, or not in full. */
function limits({ channels, unreadChannels, hosts, mirror }: Verified): Markup[] {
  return [
    ...channels.flatMap((one): Markup[] => {
      const { found, newest } = one;
      if (typeof found !== 'number') return [say`${place(one)} was not read: ${found.unread}`];
      return [
        ...(found === 0 ? [say`there are none in ${place(one)}`] : []),
        ...(newest === undefined
          ? []
          : [say`only the newest ${newest.toLocaleString('en-US')} messages of ${place(one)} were read`]),
      ];
    }),
    ...(unreadChannels > 0
      ? [say`${plural(unreadChannels, 'more channel')} ${unreadChannels === 1 ? 'was' : 'were'} not read`]
      : []),
    ...hosts.flatMap(({ host, highest }): Markup[] => {
      if (typeof highest !== 'number') return [say`${host} ${silence(highest)}`];
      return highest === 0 ? [say`${host} has noted none yet`] : [];
    }),
    ...(!mirror
      ? [say`no mirror is configured`]
      : mirror.last === null
        ? [say`the mirror file has no entry`]
        : []),
  ];
}

function place({ channel, about }: Pick<Verified['channels'][number], 'channel' | 'about'>): Markup {
  if (about === 'here') return say`this channel`;
  return about === 'audit' ? say`the audit channel` : say`${code(channel)}`;
}

function silence(why: Trouble): Markup {
  if (why.kind === 'offline') return say`is offline`;
  if (why.kind === 'no-answer') return say`did not answer`;
  return say`did not say: ${troubleWords(why)}`;
}

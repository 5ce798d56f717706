import { Entry, type Head } from '../domain/audit.ts';
import type { RunId } from '../domain/ids.ts';
import { type Markup, plain } from '../domain/markup.ts';
import type { Remembered } from '../domain/recall.ts';
import { openVerify } from '../domain/verify.ts';
import type { Kept, Memory, MirrorFile, PostedCard, PostedCards } from '../ports.ts';

/** A head of the audit, and who names it, as in a sentence. */
export interface Claim extends Head {
  who: string;
}

/** What Slack has of our cards. */
export interface FromSlack {
  cards: PostedCard[];
  /** Channels that it does not let us read, or that it does not name, and why. */
  unread: { channel: string | null; why: Markup }[];
}

/** Reads all cards that can be read. Rejects while Slack is away. */
export async function readSlack(
  posted: PostedCards,
  known: readonly string[],
  configured: readonly string[],
): Promise<FromSlack> {
  const found: FromSlack = { cards: [], unread: [] };
  const listed = await posted.channels();
  if (listed.unread) found.unread.push({ channel: null, why: listed.unread });
  // Where Slack lists all channels that dimg is in, it has no card in others that are only configured.
  const channels = new Set([...known, ...listed.channels, ...(listed.unread ? configured : [])]);
  for (const channel of channels) {
    const read = await posted.in(channel);
    if ('cards' in read) found.cards.push(...read.cards);
    else found.unread.push({ channel, why: read.unread });
  }
  return found;
}

/** What the mirror is worth: where it ends, if it is whole. */
export async function readMirror(mirror: MirrorFile | null): Promise<{ last: Head; run: number } | null> {
  if (!mirror) return null;
  const look = openVerify();
  let run = 0;
  for await (const text of mirror.texts()) {
    look.take(text);
    run = Math.max(run, parse(text)?.run ?? 0);
  }
  const { head, findings, total, entries } = look.end();
  const lost = findings.filter(({ kind }) => kind === 'lost').length;
  return entries > 0 && lost === total ? { last: head, run } : null;
}

/** The mirror's entries after one, if the chain has that one. */
export async function entriesAfter(
  mirror: MirrorFile,
  head: Head,
): Promise<{ entry: Entry; text: string }[] | null> {
  const found: { entry: Entry; text: string }[] = [];
  let there = head.n === 0;
  for await (const text of mirror.texts()) {
    const entry = parse(text);
    if (!entry) return null;
    if (entry.n === head.n) there = entry.hash === head.hash;
    if (entry.n > head.n) found.push({ entry, text });
  }
  return there ? found : null;
}

/** Who names which head. */
export function claimsOf(
  own: Memory,
  kept: Kept,
  cards: readonly PostedCard[],
  mirror: { last: Head } | null,
): Claim[] {
  return [
    ...(mirror ? [{ ...mirror.last, who: 'the mirror file' }] : []),
    ...cards.flatMap(({ head, number }) => (head ? [{ ...head, who: `the card of #${number}` }] : [])),
    ...cards.flatMap(({ remembered, number }) =>
      remembered?.run.audit ? [{ ...remembered.run.audit, who: `the card of #${number}` }] : [],
    ),
    ...[own, ...kept.bots].map(({ head }) => ({ ...head, who: 'a bot' })),
    ...[...kept.known].flatMap(([host, { audit }]) =>
      audit ? [{ n: audit.n, hash: audit.hash, who: host }] : [],
    ),
  ].filter(({ n }) => n > 0);
}

/** The highest number that any run is known to have; 0 where there is none. */
export function highest(own: Memory, kept: Kept, cards: readonly PostedCard[], mirrored: number): number {
  return Math.max(
    ...[mirrored, kept.run, own.run, ...kept.bots.map(({ run }) => run)],
    ...[...kept.known.values()].map(({ run }) => run ?? 0),
    ...cards.flatMap(({ number, remembered }) => [number, ...following(remembered)]),
  );
}

/** Of each run the newest that anybody remembers. */
export function newest(memories: readonly Memory[], cards: readonly PostedCard[]): Map<RunId, Remembered> {
  const all = new Map<RunId, Remembered>();
  const add = (one: Remembered) => {
    const before = all.get(one.run.id);
    const better = !before || one.run.rev > before.run.rev;
    const fuller = before?.run.rev === one.run.rev && before.short && !one.short;
    if (better || fuller) all.set(one.run.id, one);
  };
  for (const { remembered } of cards) if (remembered) add(remembered);
  for (const { runs } of memories) for (const run of runs) add({ run, short: false });
  return all;
}

export const wordsOf = ({ channel, why }: FromSlack['unread'][number]): string =>
  `${channel ?? 'the list of channels'}: ${plain(why)}`;

// --- internal ---

const following = (one: Remembered | null): number[] =>
  one ? [...(one.run.undone ?? []).map(({ run }) => run), ...(one.run.again ? [one.run.again.run] : [])] : [];

function parse(text: string): Entry | null {
  try {
    return Entry.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

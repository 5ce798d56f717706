import type { EngineEvent, Snapshot } from '../../playground/parts/witness.ts';
import type { RawEntry } from './audit.ts';
import { bears } from './board.ts';
import type { CardHistory, Row } from './cards.ts';
import { blindRepeats, type EngineRequest } from './engine-requests.ts';
import { EXPIRES_MS } from './options.ts';
import type { Pressed, Tried } from './people.ts';
import { loses, type Schedule } from './schedule.ts';

/** What the witness saw of one schedule, and nothing that the product says of itself but its cards and its audit. */
export interface Evidence {
  schedule: Schedule;
  hosts: readonly string[];
  before: ReadonlyMap<string, Snapshot>;
  after: ReadonlyMap<string, Snapshot>;
  events: ReadonlyMap<string, readonly EngineEvent[]>;
  /** When each host's agent was started, in milliseconds since 1970. */
  starts: ReadonlyMap<string, readonly number[]>;
  requests: readonly EngineRequest[];
  cards: readonly CardHistory[];
  audit: readonly RawEntry[];
  tried: readonly Tried[];
  pressed: readonly Pressed[];
  /** As stored: images of each host's plan, and of its outcomes, by run. */
  stored: ReadonlyMap<number, readonly StoredPart[]>;
  /** Entries of the audit that are openly said to be lost, the first and the last. */
  lost: { from: number; to: number } | null;
  /** Images that somebody on the host gave a name to meanwhile. */
  touched: readonly Touched[];
  /** The highest number that a card has had before. */
  highest: number;
  /** All messages and their edits, as people read them. */
  said: readonly string[];
  /** What people alone were told. */
  told: readonly { user: string; at: number; text: string }[];
}

export interface Touched {
  host: string;
  id: string;
  name: string;
  /** When the engine had answered, in milliseconds since 1970. */
  at: number;
}

export interface StoredPart {
  host: string;
  /** Null where there is none. */
  plan: string[] | null;
  outcomes: string[];
  executed: boolean;
}

/** Time of the check of an expiry on both sides. */
const SLACK_MS = 1_500;
/** Before that a new agent asks nothing of its engine; the bytes of the old one may still be on their way. */
const BOOT_MS = 200;
const APPROVERS = ['U0BO', 'U0CY'];

/** Redis forgot a part that no host had taken on yet, or none had begun: its card says so, and that nobody knows more. */
export const isUntold = ({ lines }: { lines: readonly string[] }): boolean =>
  lines.some((line) => line.includes('Redis lost what became of it'));

/** Every promise that does not hold, as a sentence that names what shows it. */
export function violations(evidence: Evidence): string[] {
  return [
    ...cardsAreOne(evidence),
    ...lossIsSaid(evidence),
    ...deletedIsShown(evidence),
    ...touchedStays(evidence),
    ...cardsAreTrue(evidence),
    ...auditIsTrue(evidence),
    ...decisionsCount(evidence),
    ...onlyThatStart(evidence),
    ...onceOnly(evidence),
    ...itemsEndOnce(evidence),
    ...nothingIsLost(evidence),
  ];
}

// --- internal ---

const short = (id: string) => id.slice(7, 19);
const last = (card: CardHistory) => card.versions.at(-1) as CardHistory['versions'][number];

/** How each image ended: on the card, and where it has no room for a row in its thread, where newer rows stand later. */
function endsOf(card: CardHistory): readonly Row[] {
  const keyOf = ({ host, id, names }: Row) => `${host} ${id ?? names.join()}`;
  const isEnd = ({ mark }: Row) => '✓–✗?'.includes(mark);
  const rows = new Map(card.listed.filter(isEnd).map((row) => [keyOf(row), row]));
  for (const row of last(card).rows.filter(isEnd)) rows.set(keyOf(row), row);
  return [...rows.values()];
}

function idOf(evidence: Pick<Evidence, 'before'>, row: Row): string | undefined {
  const images = evidence.before.get(row.host)?.images ?? [];
  return images.find(({ id, tags }) =>
    row.id === undefined ? tags.includes(row.names[0] ?? '') : id.startsWith(`sha256:${row.id}`),
  )?.id;
}

function gone({ before, after }: Evidence, host: string) {
  const left = new Set(after.get(host)?.images.map(({ id }) => id));
  return (before.get(host)?.images ?? []).filter(({ id }) => !left.has(id));
}

/** 2: one card for each run, which ends once, under a number of its own; `unknown` alone may be replaced. */
function cardsAreOne({ cards, audit, highest, said }: Evidence): string[] {
  const found: string[] = [];
  const posts = new Map<number, number>();
  for (const { number } of cards) {
    posts.set(number, (posts.get(number) ?? 0) + 1);
    if (number <= highest) found.push(`#${number} is a new card, and there was one of that number before`);
  }
  if (cards.length > 0 && audit.length === 0)
    found.push('there are cards, and the audit has nothing of them');
  for (const [number, count] of posts) if (count > 1) found.push(`#${number} has ${count} cards`);
  const requested = audit.filter(({ kind }) => kind === 'requested');
  for (const { run } of requested)
    if (!posts.has(run) && !isGivenUp(said, run)) found.push(`#${run} has no card`);
  for (const card of cards) {
    if (!last(card).final) found.push(`#${card.number} has not ended: ${last(card).text}`);
    let ended: string | undefined;
    for (const { state, final } of card.versions) {
      if (ended !== undefined && ended !== 'unknown' && state !== ended)
        found.push(`#${card.number} was ${ended} and then ${state}`);
      if (final) ended = state;
    }
  }
  return found;
}

/** Of whom nothing but the number is known, once Redis has forgotten, people are told. */
const isGivenUp = (said: readonly string[], run: number): boolean =>
  said.some((text) =>
    text.split('\n').some((line) => /^Not put back/.test(line) && new RegExp(`#${run}\\b`).test(line)),
  );

/** 6: entries that are gone are told of, and only a Redis that forgets loses any. */
function lossIsSaid({ lost, said, schedule }: Evidence): string[] {
  if (!lost) return [];
  const which = `entries ${lost.from} to ${lost.to} of the audit are gone`;
  if (!loses(schedule)) return [`${which}, though Redis forgot nothing`];
  return said.some((text) => text.includes('Redis had lost')) ? [] : [`${which}, and nobody was told`];
}

/** 1: what is gone was shown as going, and the host's own rules allow it. */
function deletedIsShown(evidence: Evidence): string[] {
  const { cards, hosts, before } = evidence;
  return hosts.flatMap((host) =>
    gone(evidence, host).flatMap((image) => {
      const found: string[] = [];
      const shown = cards.some(({ versions, listed }) =>
        [...versions, { rows: listed }].some(({ rows }) =>
          rows.some((row) => row.mark !== '◦' && row.host === host && idOf(evidence, row) === image.id),
        ),
      );
      if (!shown) found.push(`${host}: ${short(image.id)} is gone, and no card showed it as going`);
      if (image.tags.some((tag) => tag.startsWith('keep-')))
        found.push(`${host}: ${image.tags} is gone, which the host protects`);
      const user = before.get(host)?.containers.find(({ imageId }) => imageId === image.id);
      if (user?.state === 'running')
        found.push(`${host}: ${short(image.id)} is gone under a running container`);
      return found;
    }),
  );
}

/** 1: what somebody names on the host before it is decided on is no longer what was shown. */
function touchedStays(evidence: Evidence): string[] {
  return evidence.touched.flatMap(({ host, id, name, at }) =>
    evidence.cards.flatMap((card) => {
      const rows = endsOf(card).filter((row) => row.host === host && idOf(evidence, row) === id);
      const did = rows.some(({ mark, rest }) => mark === '✓' && rest.startsWith('deleted'));
      const knew = card.versions.some(({ lines }) => lines.some((line) => line.includes(name)));
      const pressed = evidence.pressed.filter(
        ({ run, label }) => run === card.number && /^(Delete|Approve)$/.test(label),
      );
      const decided = pressed.length > 0 && pressed.every((press) => press.at > at);
      return did && !knew && decided
        ? [`#${card.number} deleted ${short(id)} on ${host}, which was named ${name} before`]
        : [];
    }),
  );
}

/** 2: what the cards say at the end is what the engines say. */
function cardsAreTrue(evidence: Evidence): string[] {
  const found: string[] = [];
  const said = new Map<string, number[]>();
  const doubtful = new Set<string>();
  for (const card of evidence.cards) {
    const { text, verb } = last(card);
    const ends = endsOf(card);
    for (const row of ends) {
      const key = `${row.host} ${idOf(evidence, row)}`;
      if (row.mark === '?') doubtful.add(key);
      if (row.mark === '✓' && row.rest.startsWith('deleted'))
        said.set(key, [...(said.get(key) ?? []), card.number]);
      if (row.mark === '✓' && row.rest.startsWith('untagged'))
        found.push(...stillTagged(evidence, row, card.number));
    }
    const counted = /(?:deleted|restored) (\d+) of (\d+)/.exec(text);
    const done = ends.filter(
      ({ mark, rest }) => mark === '✓' && /^(deleted|untagged|is back)/.test(rest),
    ).length;
    if (counted && ends.length > 0 && Number(counted[1]) !== done)
      found.push(`#${card.number} says "${text}", and its rows say ${done}`);
    // Where a plan was stale, its card has rows of what no longer matches.
    const isStale = last(card).lines.some((line) => line.includes(' no longer match'));
    const all = verb === 'undo' || isStale || isUntold(last(card)) ? null : counted?.[2];
    if (all && ends.length > 0 && Number(all) !== ends.length)
      found.push(`#${card.number} says "${text}", and has ${ends.length} rows`);
  }
  for (const host of evidence.hosts) {
    const really = new Set(gone(evidence, host).map(({ id }) => id));
    for (const id of really) {
      const runs = said.get(`${host} ${id}`) ?? [];
      if (runs.length === 0 && !doubtful.has(`${host} ${id}`))
        found.push(`${host}: ${short(id)} is gone, and no card says that it was deleted`);
      if (runs.length > 1)
        found.push(`${host}: ${short(id)} was deleted once, and ${runs.map((n) => `#${n}`)} say it`);
    }
    for (const [key, runs] of said) {
      const [where, id = ''] = key.split(' ');
      if (where === host && !really.has(id))
        found.push(`${host}: ${short(id)} is there, and #${runs[0]} says deleted`);
    }
  }
  return found;
}

function stillTagged(evidence: Evidence, row: Row, number: number): string[] {
  // What an undo gave back is there again.
  if (evidence.cards.some((card) => last(card).verb === 'undo')) return [];
  const tags = new Set(evidence.after.get(row.host)?.images.flatMap((image) => image.tags));
  return row.names
    .filter((name) => tags.has(name))
    .map((name) => `${row.host}: ${name} is there, and #${number} says untagged`);
}

/** 6: one entry for each deletion, and none for what is there. */
function auditIsTrue(evidence: Evidence): string[] {
  const found: string[] = [];
  for (const host of evidence.hosts) {
    const entries = evidence.audit.filter((entry) => entry.host === host && entry.outcome === 'deleted');
    const really = gone(evidence, host).map(({ id }) => id);
    const doubtful = new Set(
      evidence.audit.flatMap((entry) =>
        entry.host === host && entry.outcome === 'unknown' ? (entry.image ?? []) : [],
      ),
    );
    for (const id of really) {
      const count = entries.filter(({ image }) => image === id).length;
      if (count !== 1 && !(count === 0 && (doubtful.has(id) || evidence.lost)))
        found.push(`${host}: ${short(id)} is gone, with ${count} audit entries`);
    }
    for (const { image = '', n } of entries)
      if (!really.includes(image))
        found.push(`audit ${n} says that ${host} lost ${short(image)}, which is there`);
  }
  if (loses(evidence.schedule)) return found;
  const decided = evidence.audit.filter(({ kind }) => ONCE.has(kind));
  const named = decided.map(
    ({ run, kind, by = '' }) => `#${run} was ${kind} ${kind === 'approved' ? by : ''}`,
  );
  for (const one of new Set(named)) {
    const times = named.filter((other) => other === one).length;
    if (times > 1) found.push(`${one} ${times} times by the audit`);
  }
  return found;
}

/** What can happen to a run once, or once by each person. */
const ONCE: ReadonlySet<string> = new Set([
  'requested',
  'confirmed',
  'approved',
  'denied',
  'cancelled',
  'expired',
]);

/** 4: nothing went before somebody who may had said so, nor after it was too late; and nobody else counted. */
function decisionsCount(evidence: Evidence): string[] {
  const found: string[] = [];
  for (const card of evidence.cards) {
    const command = evidence.schedule.commands.find(({ marker }) =>
      card.versions.some((one) => bears(one, marker)),
    );
    if (!command || command.needs === null) continue;
    const label = command.needs === 'confirmation' ? 'Delete' : 'Approve';
    const may =
      command.needs === 'confirmation' ? [command.user] : APPROVERS.filter((who) => who !== command.user);
    const shownAt = card.versions.find(({ state }) => state === 'proposed')?.at ?? Number.POSITIVE_INFINITY;
    const pressedAt = evidence.pressed
      .filter((press) => press.run === card.number && press.label === label && may.includes(press.user))
      .map(({ at }) => at)
      .filter((at) => at < shownAt + EXPIRES_MS + SLACK_MS);
    const first = Math.min(...pressedAt);
    for (const row of endsOf(card).filter(
      ({ mark, rest }) => mark === '✓' && /^(deleted|untagged)/.test(rest),
    )) {
      const id = idOf(evidence, row);
      // One that was brought back may have gone before, by an earlier run.
      const last = evidence.events
        .get(row.host)
        ?.findLast(
          (one) => one.id === id && one.action === (row.rest.startsWith('deleted') ? 'delete' : 'untag'),
        );
      if (pressedAt.length === 0)
        found.push(`#${card.number} did ${row.names} ${row.id}, and nobody had said so`);
      else if (last && last.timeNano / 1e6 < first - 1)
        found.push(`#${card.number} began before it was decided`);
    }
    for (const { kind, by = '', run } of evidence.audit) {
      if (run !== card.number || (kind !== 'confirmed' && kind !== 'approved')) continue;
      if (!may.includes(by)) found.push(`#${run} was ${kind} by ${by}, who may not`);
    }
  }
  return found;
}

/** 4: what was planned for one start of an agent is not begun by the next; what it had begun the engine may finish. */
function onlyThatStart(evidence: Evidence): string[] {
  return evidence.cards.flatMap((card) => {
    const shownAt = card.versions.find(({ rows }) => rows.length > 0)?.at ?? Number.POSITIVE_INFINITY;
    const deletes = endsOf(card).flatMap((row) => {
      const id = row.mark === '✓' && row.rest.startsWith('deleted') ? idOf(evidence, row) : undefined;
      const start = evidence.starts.get(row.host)?.find((at) => at > shownAt);
      if (id === undefined || start === undefined) return [];
      return evidence.requests.filter(
        ({ host, method, path, at }) =>
          host === row.host && method === 'DELETE' && path.includes(id) && at > start + BOOT_MS,
      );
    });
    return deletes.map(
      ({ host, path }) =>
        `#${card.number}: ${host} was asked for DELETE ${path} by a later start of its agent`,
    );
  });
}

/** 5: no image goes twice, and no deletion is asked for again without a look. */
function onceOnly(evidence: Evidence): string[] {
  const found: string[] = [];
  for (const [host, events] of evidence.events) {
    const ids = events
      .filter(({ type, action }) => type === 'image' && action === 'delete')
      .map(({ id }) => id);
    for (const id of new Set(ids))
      if (ids.filter((one) => one === id).length > 1) found.push(`${host}: ${short(id)} was deleted twice`);
  }
  const named = (host: string, name: string) =>
    evidence.before.get(host)?.images.find(({ id, tags }) => id === name || tags.includes(name))?.id ?? name;
  for (const { host, path } of blindRepeats(evidence.requests, named))
    found.push(`${host}: DELETE ${path} was asked for again without a look`);
  return found;
}

/** 3: each planned item of a run that was carried out has exactly one outcome. */
function itemsEndOnce({ stored }: Evidence): string[] {
  return [...stored].flatMap(([run, parts]) =>
    parts
      .filter(({ executed }) => executed)
      .flatMap(({ host, plan, outcomes }) => {
        const twice = outcomes.filter((id, i) => outcomes.indexOf(id) !== i);
        const without = (plan ?? []).filter((id) => !outcomes.includes(id));
        const strange = plan === null ? [] : outcomes.filter((id) => !plan.includes(id));
        return [
          ...twice.map((id) => `#${run} ${host}: ${short(id)} has two outcomes`),
          ...without.map((id) => `#${run} ${host}: ${short(id)} has no outcome`),
          ...strange.map((id) => `#${run} ${host}: ${short(id)} has an outcome and was not planned`),
        ];
      }),
  );
}

/** 2: what was taken has a card, or its author was told why not; and nothing is taken more often than it was asked. */
function nothingIsLost({ tried, cards, told, schedule }: Evidence): string[] {
  const found: string[] = [];
  // A bot that dies, and a Slack that is away, may owe a word that nobody can give any more.
  const mayOwe =
    loses(schedule) ||
    schedule.faults.some(
      (fault) =>
        ('part' in fault && fault.part.startsWith('bot')) ||
        fault.kind === 'slack' ||
        ('line' in fault && fault.line === 'bots to slack'),
    );
  for (const { marker } of schedule.commands) {
    const mine = tried.filter((one) => one.marker === marker);
    const runs = new Set(
      cards.filter(({ versions }) => versions.some((one) => bears(one, marker))).map(({ number }) => number),
    );
    if (runs.size > mine.length)
      found.push(`${marker} was typed ${mine.length} times, and there are ${runs.size} runs`);
    const taken = mine.find((one) => one.taken);
    const answered = told.some(({ user, at }) => taken && user === taken.user && at >= taken.at);
    if (taken && runs.size === 0 && !answered && !mayOwe)
      found.push(`/dimg ${taken.line} was taken, and nothing came of it`);
  }
  return found;
}

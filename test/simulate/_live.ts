import type { Command } from '../../src/commands/_define.ts';
import { isFinal, partsOf, type Run } from '../../src/domain/run.ts';
import { renderCard } from '../../src/slack/card.ts';
import { readMetadata, readNote } from '../../src/slack/metadata.ts';
import { own } from '../../src/store/keys.ts';
import { steer } from './_globals.ts';
import type { Schedule } from './_schedule.ts';
import { CHANNEL, openWorld, RIGHTS, type World } from './_world.ts';

export interface Result {
  /** The first promise that was broken; `null` where all held. */
  violation: string | null;
  hash: string;
  events: number;
  /** Seconds of virtual time. */
  seconds: number;
  runs: number;
  deleted: number;
  unknown: number;
  states: string[];
}
export interface LiveOptions {
  commands: ReadonlyMap<string, Command>;
  lateWord?: boolean;
  trace?: (line: string) => void;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Longer than what Slack was asked for takes to show. */
const TAIL = 13_000;

/** Lives through one schedule, mends everything, waits until nothing more happens, and looks whether all promises held. */
export async function live(
  schedule: Schedule,
  { commands, lateWord = true, trace }: LiveOptions,
): Promise<Result> {
  const world = openWorld(schedule, { commands, lateWord, trace: trace ?? null });
  const { loop, witness, unexpected } = world;
  steer(loop);
  const broken = () => witness.violation !== null;
  const lasts = [...schedule.acts, ...schedule.faults].map(
    (one) => ('at' in one ? one.at : 0) + ('ms' in one ? Math.min(one.ms, 50 * MINUTE) : 0),
  );
  const quiet = loop.start + Math.max(20_000, ...lasts) + 5_000;
  // People press on cards as long as these come.
  let end = await loop.run(quiet, () => broken() || world.settled());
  if (end === 'late') end = await loop.run(loop.state.now + 10 * MINUTE, () => broken() || world.settled());
  world.heal();
  for (let rounds = 0; !broken() && end !== 'endless'; rounds++) {
    end = await loop.run(loop.state.now + 6 * HOUR, () => broken() || world.settled());
    if (end !== 'done' || broken()) break;
    // Only what Slack was asked for can still come.
    if (schedule.faults.some(({ kind }) => kind === 'slack'))
      end = await loop.run(loop.state.now + TAIL, broken);
    if (world.settled() || rounds > 5) break;
  }
  if (!broken()) {
    witness.keep(end !== 'endless', 'it goes round in circles');
    witness.keep(world.settled(), () => `it does not come to rest: ${restless(world)}`);
    judge(world, schedule, lateWord);
    witness.keep(unexpected.length === 0, () => `an unexpected error: ${unexpected[0]}`);
  }
  const runs = [...witness.runs.values()];
  const outcomes = runs.flatMap((run) => partsOf(run).flatMap(([, part]) => part.outcomes));
  return {
    violation: witness.violation?.promise ?? null,
    hash: loop.hash,
    events: loop.fired,
    seconds: (loop.state.now - loop.start) / 1000,
    runs: runs.length,
    deleted: outcomes.filter(({ outcome }) => outcome === 'deleted').length,
    unknown: outcomes.filter(({ outcome }) => outcome === 'unknown').length,
    states: runs.map(({ state }) => state),
  };
}

// --- internal ---

function restless({ witness, data, queue, hosts }: World): string {
  const open = [...witness.open].map((id) => `#${id} ${witness.runs.get(id)?.state}`).join(', ');
  const reports = data.exec('XLEN', ['{dimg}:reports']);
  return `open ${open}; ${data.find('{dimg}:cards') ? 'cards wait; ' : ''}${reports} reports; engines ${hosts.map(({ engine }) => engine.busy()).join()}; jobs ${queue.idle() ? 'done' : 'at hand'}`;
}

function judge(world: World, schedule: Schedule, lateWord: boolean): void {
  const { witness, people } = world;
  const { keep } = witness;
  for (const run of witness.runs.values()) judgeRun(world, run, lateWord);
  witness.audit(schedule.seed % 8 === 0);
  for (const { act, tries, answer } of people.asked) {
    const made = people.madeBy([...witness.runs.keys()], `${act}/${tries}`);
    const text = JSON.stringify(schedule.acts[act]?.text);
    keep(made.length <= 1, () => `the command ${text} made ${made.length} runs`);
    if (answer === null)
      keep(made.length === 1, () => `the command ${text} was accepted, and there is no run`);
  }
}

function judgeRun({ slack, witness, data }: World, run: Run, lateWord: boolean): void {
  const { keep, planOf, everyPlanOf, gone } = witness;
  const name = `#${run.id}`;
  if (witness.isForgiving() && data.find(own.run(run.id)) === undefined) {
    // Nobody knew of it any more: then nobody was shown anything.
    const shown = slack.messages.find(
      ({ channel, ...message }) => channel === CHANNEL && readMetadata(message)?.run === run.id,
    );
    keep(
      shown === undefined,
      () => `${name} is not there any more, and its card says ${JSON.stringify(shown?.text)}`,
    );
    return;
  }
  keep(isFinal(run.state), () => `${name} is ${run.state} for ever`);
  const messages = slack.messages.filter((message) => readMetadata(message)?.run === run.id);
  const cards = messages.filter(({ channel }) => channel === CHANNEL);
  keep(cards.length <= 1, () => `${name} has ${cards.length} cards`);
  // One, and one more for each later word about what was unknown.
  const lines = messages.filter(({ channel }) => channel !== CHANNEL);
  keep(
    new Set(lines.map((line) => readMetadata(line)?.unknown)).size === lines.length,
    () => `${name} has ${lines.length} lines in the audit's channel`,
  );
  const [card] = cards;
  if (!card) keep(run.state === 'refused' && !run.card, () => `${name} is ${run.state} and has no card`);
  else if (run.card) {
    keep(card.ts === run.card.ts, () => `${name} knows another message as its card`);
    const plans = new Map(
      partsOf(run).flatMap(([host]) => {
        const plan = planOf(run.id, host);
        return plan ? [[host, plan] as const] : [];
      }),
    );
    const right = renderCard(run, plans, RIGHTS);
    keep(
      card.text === right.text,
      () => `the card of ${name} says ${JSON.stringify(card.text)}, and it is ${JSON.stringify(right.text)}`,
    );
    const shown = JSON.stringify(card.blocks);
    keep(
      shown === JSON.stringify(right.blocks) ||
        // A Redis that forgot has no plans; whether its bots know them depends.
        (witness.isForgiving() &&
          choices(partsOf(run).map(([host]) => [host, everyPlanOf(run.id, host)])).some(
            (known) => shown === JSON.stringify(renderCard(run, known, RIGHTS).blocks),
          )),
      () => `the card of ${name} is not what its run is`,
    );
  }
  const notes = slack.messages.flatMap((message) => {
    const note = readNote(message);
    return note?.run === run.id ? [note.key] : [];
  });
  keep(new Set(notes).size === notes.length, () => `a note of ${name} is there twice: ${notes.join(', ')}`);
  for (const [host, part] of partsOf(run)) {
    const plan = planOf(run.id, host);
    if (run.executingSince !== undefined && plan && part.plan) {
      const told = new Set<string>(part.outcomes.map(({ image }) => image));
      keep(
        (witness.isLost(run.id, host) && told.size === 0) ||
          (told.size === plan.items.length && plan.items.every(({ image }) => told.has(image))),
        () => `${name} has ${told.size} outcomes on ${host}, and ${plan.items.length} items`,
      );
    } else keep(part.outcomes.length === 0, () => `${name} has outcomes, and was never started`);
    for (const { image, outcome } of part.outcomes) {
      const went = gone.filter((one) => one.host === host && one.image === image);
      const byRun = went.some((one) => one.run === run.id);
      switch (outcome) {
        case 'deleted':
          keep(
            went.some(({ at }) => run.recalled !== undefined || at >= (run.executingSince ?? 0)),
            () => `${name} says that ${image.slice(7, 15)} is deleted, and it never went`,
          );
          break;
        case 'unknown':
          keep(!lateWord || witness.isLost(run.id, host), () => `${name} ends with something unknown`);
          break;
        case 'skipped':
        case 'failed':
        case 'untagged':
          keep(!byRun, () => `${name} says that ${image.slice(7, 15)} is ${outcome}, and it deleted it`);
          break;
        case 'absent':
        case 'restored':
          break;
      }
    }
  }
}

/** Of each host one of these, or none. */
function choices<K, V>(of: readonly (readonly [K, readonly V[]])[]): ReadonlyMap<K, V>[] {
  return of.reduce<Map<K, V>[]>(
    (all, [key, values]) =>
      all.flatMap((some) => [some, ...values.map((value) => new Map([...some, [key, value]]))]),
    [new Map()],
  );
}

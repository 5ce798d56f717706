import type { RunEvent } from '../../src/domain/event.ts';
import { requested } from '../../src/domain/facts.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { UserId } from '../../src/domain/ids.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { advance } from '../../src/flows/advance.ts';
import {
  ANA,
  anItem,
  aPart,
  aPlan,
  aPolicy,
  aRun,
  BEN,
  CLEO,
  HOST,
  MINUTE,
  NOW,
  pruning,
  removing,
  SECOND,
} from '../domain/_build.ts';
import type { Random } from '../property/_random.ts';
import type { Virtual } from './_virtual.ts';

export const CHANNELS = ['C0OPS', 'C0TWO', 'C0THREE'];
const STRANGER = UserId.parse('U0EVE');

/** One run that somebody asks for, through states by chance, as agents and people would lead it. Resolves to its number. */
export async function live(
  { deps, virtual, random }: { deps: Deps; virtual: Virtual; random: Random },
  born: (id: RunId) => void = () => {},
): Promise<void> {
  const { time, real } = virtual;
  const pass = (most: number) => time.sleep(random.below(most));
  const force = random.chance(0.4);
  const id = await real(() => deps.runs.reserve());
  const {
    card: _,
    planningSince: __,
    ...blank
  } = aRun({
    ...{ id, createdAt: time.now(), channel: random.pick(CHANNELS) },
    requester: random.pick([ANA, CLEO]),
    selection: force ? removing(['app:1'], true) : pruning(),
    skipConfirmation: random.chance(0.2),
    policy: aPolicy(
      {},
      { count: random.chance(0.3) ? 2 : 1, expires: random.pick([30 * SECOND, 30 * MINUTE]) },
    ),
    hosts: { [HOST]: aPart() },
  });
  await real(() => deps.runs.createAs(blank, requested(blank), 'https://127.0.0.1/reply'));
  born(id);
  const now = () => real(() => deps.runs.load(id)) as Promise<Run>;
  const tell = (event: Omit<RunEvent, 'at'>) =>
    real(() => advance(deps, id, { ...event, at: time.now() } as RunEvent));

  // Nothing is asked of hosts before the card is there.
  for (let [run, wait] = [await now(), 1_000]; !run.card; run = await now()) {
    if (run.state !== 'planning') return;
    wait *= 2;
    await time.sleep(wait);
  }
  await pass(15_000);
  // Some plans are too long for a card, and some of those for messages.
  const size = random.pick([0, 1, 3, 3, 40, 130]);
  const items = Array.from({ length: size }, (_, i) => anItem(`${id} ${i}`, { references: [`app:${i}`] }));
  const plan = aPlan(items, { takenAt: NOW });
  await real(() => deps.runs.savePlan(id, plan));
  await tell({ type: 'planned', host: HOST, plan: summarise(plan) } as never);
  await pass(20_000);
  const people = [ANA, BEN, CLEO, STRANGER];
  for (let presses = random.below(5); presses > 0; presses--) {
    const by = random.pick(people);
    const type = random.pick(['confirm', 'approve', 'approve', 'deny', 'cancel'] as const);
    if ((await now()).state === 'proposed') await tell({ type, by } as never);
    await pass(30_000);
  }
  if ((await now()).state !== 'executing') return;
  await tell({ type: 'started', host: HOST } as never);
  for (let from = 0; from < items.length; ) {
    const some = items.slice(from, from + 1 + random.below(40));
    from += some.length;
    const outcome = () =>
      random.pick([
        'deleted',
        'deleted',
        'deleted',
        'failed',
        random.chance(0.1) ? 'unknown' : 'absent',
      ] as const);
    const outcomes = some.map(({ image }) => ({ image, outcome: outcome(), removed: [], freed: 100 }));
    await tell({ type: 'outcomes', host: HOST, outcomes } as never);
    await pass(8_000);
    if (random.chance(0.05)) await tell({ type: 'cancel', by: random.pick(people) } as never);
  }
  const report = { tookMs: 100, before: null, after: null, raced: [] };
  await tell({ type: 'finished', host: HOST, report } as never);
  for (const { image, outcome } of (await now()).hosts[HOST]?.outcomes ?? []) {
    if (outcome !== 'unknown' || random.chance(0.2)) continue;
    await pass(60_000);
    const known = [{ image, outcome: 'deleted', removed: [], freed: 100 }];
    await tell({ type: 'outcomes', host: HOST, outcomes: known } as never);
  }
}

import { type Entry, firstBreak, GENESIS } from '../../src/domain/audit.ts';
import type { HostName, ImageId, RunId, UserId } from '../../src/domain/ids.ts';
import { jobId, parseJobId } from '../../src/domain/job-id.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Job } from '../../src/domain/protocol.ts';
import { isFinal, partsOf, type Run, type RunState } from '../../src/domain/run.ts';
import type { Press } from '../../src/flows/press.ts';
import { own } from '../../src/store/keys.ts';
import type { Request } from './_engine.ts';
import type { Loop, Process } from './_loop.ts';
import type { RedisData } from './_redis-data.ts';

/** What was broken. */
export interface Violation {
  promise: string;
  at: number;
}

export interface WitnessSetting {
  loop: Loop;
  data: RedisData;
  /** Whether what was unknown may become known later, and must. */
  lateWord: boolean;
  /** Whether this person was an approver at some moment of this time. */
  wasApprover(user: string, from: number, to: number): boolean;
  jobOf(id: string): Job | undefined;
  /** A run is stored for the first time. */
  born(run: RunId): void;
}
export type Witness = ReturnType<typeof openWitness>;

/** A job that an agent has begun. */
interface Begun {
  job: string;
  run: RunId;
  host: HostName;
  by: Process;
  clear: number;
  images: Set<string>;
}

const NEXT: Partial<Record<RunState, readonly RunState[]>> = {
  planning: ['empty', 'refused', 'proposed', 'executing', 'done'],
  proposed: ['executing', 'denied', 'cancelled', 'expired'],
  executing: ['done', 'partial', 'failed', 'cancelled', 'unknown', 'stale'],
};

/** Between the look directly before a request and the request, on a busy machine. */
const INSTANT_MS = 200;

/**
 * Looks on: at each change of a stored run, each request to an engine, each press. It knows what people did and what
 * engines have, and believes nothing that bots or agents say. The first promise that is broken is kept.
 */
export function openWitness({ loop, data, lateWord, wasApprover, jobOf, born }: WitnessSetting) {
  const runs = new Map<RunId, Run>();
  const open = new Set<RunId>();
  const presses: { run: RunId; verb: Press['verb']; by: UserId; at: number }[] = [];
  const begun: Begun[] = [];
  const everBegun = new Set<string>();
  const looks = new Map<string, { by: Process; at: number; tags: readonly string[] }>();
  const requests = new Map<string, Request[]>();
  /** Images that went by a request: which job it was for. */
  const gone: { host: HostName; image: ImageId; job: string | null; run: RunId | null; at: number }[] = [];
  let violation: Violation | null = null;
  /** Runs from before Redis forgot: they may go back. */
  const forgiven = new Set<RunId>();
  let forgiving = false;

  function keep(kept: boolean, promise: string | (() => string)): void {
    if (kept || violation) return;
    violation = { promise: typeof promise === 'string' ? promise : promise(), at: loop.state.now };
    loop.say(() => `VIOLATION ${violation?.promise}`);
  }

  const inTime = (run: Run, at: number) => at < (run.expiresAt ?? Number.POSITIVE_INFINITY);

  /** Whether this run may delete at all. */
  function decided(run: Run): void {
    const about = `#${run.id}`;
    keep(run.executingSince !== undefined, `${about} deletes without having been started`);
    keep(run.denied === undefined, `${about} deletes though it was denied`);
    if (run.selection.kind === 'undo') return;
    if (run.approvalFor.length > 0) {
      const people = new Set(run.approvals.map(({ by }) => by));
      keep(
        people.size >= run.policy.count,
        `${about} has fewer approvals, by different people, than it needs`,
      );
      keep(!people.has(run.requester), `${about} was approved by its requester`);
      keep(
        run.approvals.every(({ at }) => inTime(run, at)),
        `${about} was approved after its expiry`,
      );
    } else if (!run.skipConfirmation) {
      keep(run.confirmed?.by === run.requester, `${about} was not confirmed by its requester`);
      keep(
        run.confirmed !== undefined && inTime(run, run.confirmed.at),
        `${about} was confirmed after its expiry`,
      );
    }
  }

  /** Somebody pressed that, before now, and had the right to. */
  function pressed(run: Run, verb: Press['verb'], by: UserId): void {
    const found = presses.filter((one) => one.run === run.id && one.verb === verb && one.by === by);
    keep(found.length > 0, `nobody pressed what #${run.id} has as ${verb} by ${by}`);
    if (verb === 'approve' || verb === 'deny') {
      const had = found.some(({ at }) => wasApprover(by, at, loop.state.now));
      keep(had, `${verb} by ${by} counted on #${run.id} without the right to it`);
      keep(by !== run.requester, `${verb} by the requester counted on #${run.id}`);
    }
    if (verb === 'confirm') keep(by === run.requester, `${by} confirmed #${run.id} of somebody else`);
  }

  function stored(id: RunId): void {
    const json = data.exec('HGET', [own.run(id), 'json']) as string | null;
    if (json === null) return;
    const after = JSON.parse(json) as Run;
    const before = runs.get(id);
    if (before?.rev === after.rev && !forgiven.has(id)) return;
    runs.set(id, after);
    if (isFinal(after.state)) open.delete(id);
    else open.add(id);
    loop.say(
      () =>
        `stored #${id} rev ${after.rev} ${after.state}${partsOf(after)
          .map(
            ([host, { stage, sent, outcomes, trouble }]) =>
              ` ${host}:${stage}/${sent}/${outcomes.map(({ outcome }) => outcome).join('+')}${trouble ? `(${trouble.kind})` : ''}`,
          )
          .join('')}`,
    );
    if (!before || (forgiven.has(id) && before.createdAt !== after.createdAt)) born(id);
    if (forgiven.has(id)) for (const [host] of partsOf(after)) planOf(id, host);
    else if (before) changed(before, after);
    else keep(after.rev === 0, `#${id} began in the middle`);
  }

  function changed(before: Run, after: Run): void {
    const id = after.id;
    keep(after.rev === before.rev + 1, `a change of #${id} went lost`);
    const late = lateWord && before.state === 'unknown';
    if (before.state !== after.state) {
      keep(late || !isFinal(before.state), `#${id} was ${before.state} and became ${after.state}`);
      keep(
        late || (NEXT[before.state]?.includes(after.state) ?? false),
        `#${id} went from ${before.state} to ${after.state}`,
      );
      if (after.state === 'executing') decided(after);
      if (after.state === 'expired')
        keep(
          loop.state.now + 1 >= (before.expiresAt ?? Number.POSITIVE_INFINITY),
          `#${id} expired before its time`,
        );
    }
    for (const { by } of after.approvals.slice(before.approvals.length)) pressed(after, 'approve', by);
    if (after.confirmed && !before.confirmed) pressed(after, 'confirm', after.confirmed.by);
    if (after.denied && !before.denied) pressed(after, 'deny', after.denied.by);
    if (after.cancel && !before.cancel) pressed(after, 'cancel', after.cancel.by);
    for (const { by } of (after.continued ?? []).slice(before.continued?.length ?? 0))
      pressed(after, 'continue', by);
    for (const [host, part] of partsOf(after)) {
      const was = before.hosts[host];
      if (was?.plan)
        keep(part.plan?.digest === was.plan.digest, `the plan of #${id} changed after it was shown`);
      else if (part.plan)
        keep(
          planOf(id, host)?.digest === part.plan.digest,
          `the plan of #${id} that is kept is not the one that is shown`,
        );
      const words = new Map(was?.outcomes.map((one) => [one.image, one.outcome]));
      keep(
        new Set(part.outcomes.map(({ image }) => image)).size === part.outcomes.length,
        `an item of #${id} has two outcomes`,
      );
      for (const { image, outcome } of part.outcomes) {
        const earlier = words.get(image);
        words.delete(image);
        if (earlier !== undefined)
          keep(
            earlier === outcome || (lateWord && earlier === 'unknown'),
            `an outcome of #${id} was ${earlier} and became ${outcome}`,
          );
      }
      keep(words.size === 0, `an outcome of #${id} went lost`);
    }
  }

  /** As it is stored, or was first. */
  const plans = new Map<string, { json: string; plan: Plan }[]>();
  function plansOf(run: RunId, host: HostName): readonly { json: string; plan: Plan }[] {
    const json = data.exec('HGET', [own.plans(run), host]) as string | null;
    const known = plans.get(`${run} ${host}`) ?? [];
    if (json === null || known.at(-1)?.json === json) return known;
    const all = [...known.filter((one) => one.json !== json), { json, plan: JSON.parse(json) as Plan }];
    plans.set(`${run} ${host}`, all);
    return all;
  }
  const planOf = (run: RunId, host: HostName): Plan | undefined => plansOf(run, host).at(-1)?.plan;

  const at = (host: HostName, image: string) => `${host} ${image}`;
  /** The job that an agent is at: executions are one at a time. */
  const atHand = (by: Process) => begun.findLast((one) => one.by === by);

  data.changed.add((key) => {
    if (!key.startsWith('{dimg}:run:')) return;
    const match = /^\{dimg\}:run:(\d+)$/.exec(key);
    if (match) stored(Number(match[1]) as RunId);
  });

  return {
    keep,
    isForgiving: () => forgiving,
    /** What a Redis that forgot had of it was lost on its way to the host: nobody can tell any more what became of it. */
    isLost: (run: RunId, host: HostName): boolean =>
      forgiven.has(run) && ![...everBegun].some((id) => id.endsWith(`-${run}-${host}`)),
    runs,
    open,
    presses,
    planOf,
    /** All that were ever kept: one that is put back after a loss has less in it than what a bot may still have at hand. */
    everyPlanOf: (run: RunId, host: HostName): Plan[] => plansOf(run, host).map(({ plan }) => plan),
    gone,
    everBegun,
    get violation() {
      return violation;
    },
    /** From now on runs may go back: Redis has forgotten something. */
    forgive(): void {
      forgiving = true;
      for (const id of runs.keys()) forgiven.add(id);
    },
    accepted(by: Process, host: HostName, epoch: string, id: string): void {
      const named = parseJobId(id);
      const job = jobOf(id);
      if (!named || !job || (job.kind !== 'execute' && job.kind !== 'restore')) return;
      keep(!everBegun.has(id), `${id} was begun twice`);
      everBegun.add(id);
      begun.push({ job: id, run: named.run, host, by, clear: 0, images: new Set() });
      keep(job.epoch === epoch, `${id} was begun by another start of the agent than it was made for`);
      // The time is asked before it is noted down.
      keep(loop.state.now <= job.notAfter + 20_000, `${id} was begun after its expiry`);
      const run = runs.get(named.run);
      if (!run || forgiven.has(run.id)) return;
      decided(run);
      const plan = planOf(named.run, host);
      keep(
        plan !== undefined && plan.digest === job.planDigest && plan.digest === run.hosts[host]?.plan?.digest,
        `${id} is not about the plan that was decided on`,
      );
      const part = run.hosts[host];
      keep(
        run.state === 'executing' || part?.trouble !== undefined || run.cancel !== undefined,
        `${id} was begun though #${run.id} is ${run.state}`,
      );
    },
    clear(by: Process, run: number): void {
      const hand = atHand(by);
      if (hand?.run === run) hand.clear++;
    },
    requested(host: HostName, request: Request): void {
      const { by, image, name } = request;
      const hand = atHand(by);
      keep(hand !== undefined, () => `${by.name} deletes ${name} without a job`);
      if (!hand) return;
      if (image === null) return;
      const plan = planOf(hand.run, host);
      const item = plan?.items.find((one) => one.image === image);
      // A name that somebody moved between the look and the request: the engine takes no condition, and nobody promises more.
      const isMoved = plan?.items.some((one) => {
        const look = looks.get(at(host, one.image));
        const isJust = look?.by === by && loop.state.now - look.at <= INSTANT_MS;
        return one.image !== image && isJust && look.tags.includes(name);
      });
      if (isMoved) return;
      if (!forgiven.has(hand.run)) {
        keep(item !== undefined, `${name} is deleted for #${hand.run}, and is not in its plan`);
        const run = runs.get(hand.run);
        if (run) decided(run);
        keep(
          name === image
            ? item?.action === 'delete'
            : (item?.action === 'untag' ? item.remove : item?.references)?.includes(name) === true,
          `${name} is deleted for #${hand.run}, and its plan shows another name`,
        );
        keep(
          !request.force || item?.force === true,
          `${name} is deleted with force, which #${hand.run} does not have`,
        );
      }
      hand.images.add(image);
      keep(
        hand.images.size <= hand.clear,
        `${hand.job} begins with an image without having looked whether it is cancelled`,
      );
      const earlier = requests.get(at(host, image)) ?? [];
      const last = earlier.at(-1);
      const look = looks.get(at(host, image));
      keep(look?.by === by, `${name} is deleted without a look by ${by.name}`);
      if (!forgiven.has(hand.run) && item?.action === 'delete')
        keep(
          look?.tags.every((tag) => item.references.includes(tag)) ?? false,
          `${name} is deleted for #${hand.run} though it was seen to have other names than in its plan`,
        );
      if (last) {
        const known = last.by.alive ? last.endedAt : last.at;
        keep(
          look !== undefined && look.at >= Math.min(known, loop.state.now),
          `${name} is tried twice without a look between`,
        );
        keep(!last.open || last.by !== by, `${name} is deleted beside a deletion that is under way`);
      }
      requests.set(at(host, image), [...earlier, request]);
    },
    looked(host: HostName, image: string, by: Process, tags: readonly string[]): void {
      looks.set(at(host, image), { by, at: loop.state.now, tags });
    },
    /** An image, or a name of one, went. */
    went(host: HostName, image: ImageId, request: Request | null): void {
      const hand = request && begun.findLast((one) => one.by === request.by && one.images.has(image));
      gone.push({ host, image, job: hand?.job ?? null, run: hand?.run ?? null, at: loop.state.now });
    },
    /** The chain, and that each deletion has its entry. */
    audit(whole: boolean): void {
      const rows = data.exec('XRANGE', [own.audit, '-', '+']) as [string, string[]][];
      const entries = rows.map(([, fields]) => JSON.parse(fields[1] ?? '') as Entry);
      let last = GENESIS;
      for (const entry of entries) {
        // A Redis that forgot may lose entries, but says which.
        const skips = forgiving && entry.kind === 'lost' && entry.from === last.n + 1 && entry.n > last.n + 1;
        const follows = entry.n === last.n + 1 && entry.prev === last.hash;
        keep(follows || skips, `the audit breaks at ${last.n + 1}`);
        if (whole)
          keep(
            firstBreak([entry], { n: entry.n - 1, hash: entry.prev }) === null,
            'the audit does not verify',
          );
        last = entry;
      }
      const isLossy = entries.some(({ kind }) => kind === 'lost');
      const of = (run: RunId, image: string, host: string) =>
        entries.filter(
          (one) =>
            one.kind === 'outcome' &&
            one.run === run &&
            one.image === image &&
            one.host === host &&
            one.container === undefined,
        );
      for (const { run, image, host } of gone) {
        if (run === null) continue;
        const about = of(run, image, host);
        const known = about.filter(({ outcome }) => outcome !== 'unknown');
        keep(isLossy || about.length > 0, `a deletion of #${run} has no entry in the audit`);
        keep(
          known.length <= 1 && about.length - known.length <= 1,
          `a deletion of #${run} has ${about.length} entries in the audit`,
        );
      }
      if (isLossy) return;
      for (const run of runs.values()) {
        if (forgiven.has(run.id) && data.find(own.run(run.id)) === undefined) continue;
        const ended = entries.filter((one) => one.kind === 'ended' && one.run === run.id).length;
        keep(lateWord ? ended >= 1 : ended === 1, `#${run.id} has ended ${ended} times by the audit`);
        const outcomes = partsOf(run).reduce((n, [, part]) => n + part.outcomes.length, 0);
        const told = entries.filter(
          (one) =>
            one.kind === 'outcome' &&
            one.run === run.id &&
            one.image !== undefined &&
            one.container === undefined,
        ).length;
        keep(
          lateWord ? told >= outcomes : told === outcomes,
          `#${run.id} has ${outcomes} outcomes, and ${told} in the audit`,
        );
      }
    },
    jobId,
  };
}

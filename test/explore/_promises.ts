import type { Fact } from '../../src/domain/audit.ts';
import type { Job } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import { HOST } from '../domain/_build.ts';
import type { Place } from './_flows.ts';
import type { Work } from './_model.ts';
import type { Press, Scene } from './_scene.ts';

/** A promise of the contract that does not hold. */
export class Broken extends Error {}

/** How a change came to be stored. */
interface Cause {
  press: Press | null;
  /** Whether the presser was an approver when that was looked up; `null` where it was not. */
  approver: boolean | null;
  now: number;
  work: Work;
  /** The digest of the plan that is kept for the run. */
  plan: string | null;
}

const FINAL: ReadonlySet<string> = new Set<Run['state']>([
  ...(['empty', 'refused', 'denied', 'cancelled', 'expired', 'stale'] as const),
  ...(['done', 'partial', 'failed', 'unknown'] as const),
]);
const NEXT: Partial<Record<Run['state'], readonly Run['state'][]>> = {
  planning: ['empty', 'proposed', 'refused', 'executing', 'done'],
  proposed: ['executing', 'denied', 'cancelled', 'expired', 'stale'],
  executing: ['done', 'partial', 'failed', 'cancelled', 'unknown'],
  unknown: ['done', 'partial', 'failed', 'cancelled'],
};
/** All of a run that does not change any more once it is over. */
const settled = ({ state: _, rev: __, hosts: ___, audit: ____, ...run }: Run) => JSON.stringify(run);

/** Sections 4, 6 and 7 of the contract, as far as one step can break them. Written from it, not from the code. */
export function openPromises(scene: Scene) {
  const keep = (holds: boolean, what: string): void => {
    if (!holds) throw new Broken(what);
  };
  const needsApproval = ({ selection }: Run) => selection.kind === 'rmi' && selection.force;
  const inTime = (run: Run, at: number) => run.expiresAt !== undefined && at < run.expiresAt;

  /** A decision was made that lets a deletion begin. */
  function decided(run: Run): void {
    if (needsApproval(run)) {
      const people = new Set(run.approvals.map(({ by }) => by));
      keep(people.size >= run.policy.count, 'it has fewer approvals, by different people, than it needs');
      keep(!people.has(run.requester), 'its requester approved it');
      keep(
        run.approvals.every(({ at }) => inTime(run, at)),
        'an approval came after its expiry',
      );
    } else if (!run.skipConfirmation) {
      keep(run.confirmed?.by === run.requester, 'its requester did not confirm it');
      keep(run.confirmed !== undefined && inTime(run, run.confirmed.at), 'it was confirmed after its expiry');
    }
  }

  return {
    /** A change of a run was stored. */
    stored(
      before: Run,
      after: Run,
      facts: readonly Fact[],
      { press, approver, now, work, plan }: Cause,
    ): void {
      if (FINAL.has(before.state)) {
        keep(
          before.state === 'unknown' || before.state === after.state,
          `a run that was ${before.state} changed`,
        );
        keep(
          settled(before) === settled(after),
          'of a run that is over more changed than how its hosts ended',
        );
      }
      keep(after.rev === before.rev + 1, 'a change went lost');
      if (before.state !== after.state) {
        keep(NEXT[before.state]?.includes(after.state) ?? false, `${before.state} became ${after.state}`);
        if (after.state === 'executing') decided(after);
        if (after.state === 'expired')
          keep(now >= (before.expiresAt ?? Infinity), 'it expired before its time');
      }
      const expected: string[] = [];
      const by = (verb: Press['verb'], who: string, right: boolean) => {
        keep(press?.verb === verb && press.by === who, `nobody pressed what was stored as ${verb}`);
        keep(press?.run === after.id, 'it was another run');
        keep(
          before.state === 'proposed' || (verb === 'cancel' && before.state === 'executing'),
          `${verb} counted while ${before.state}`,
        );
        keep(right, `${verb} counted without the right to it`);
      };
      for (const { by: who } of after.approvals.slice(before.approvals.length)) {
        by('approve', who, approver === true);
        expected.push(`approved ${who}`);
      }
      keep(
        after.approvals.length - before.approvals.length <= 1 &&
          before.approvals.every(({ by: who }, i) => after.approvals[i]?.by === who),
        'approvals went lost, or came two at once',
      );
      if (after.confirmed && !before.confirmed) {
        by('confirm', after.confirmed.by, true);
        expected.push(`confirmed ${after.confirmed.by}`);
      }
      if (after.denied && !before.denied) {
        by('deny', after.denied.by, approver === true && after.denied.by !== after.requester);
        expected.push(`denied ${after.denied.by}`);
      }
      if (after.cancel && !before.cancel) {
        by('cancel', after.cancel.by, after.cancel.by === after.requester);
        expected.push(`cancelled ${after.cancel.by}`);
      }
      const [was, is] = [before.hosts[HOST], after.hosts[HOST]];
      if (is?.plan && !was?.plan) expected.unshift(`planned ${HOST}`);
      if (was?.plan) keep(is?.plan?.digest === was.plan.digest, 'its plan changed after it was shown');
      else if (is?.plan) keep(is.plan.digest === plan, 'the plan that is kept is not the one that is shown');
      if (after.state === 'expired') expected.push('expired');
      for (const [i, one] of (was?.outcomes ?? []).entries()) {
        const now = is?.outcomes[i];
        keep(now?.image === one.image, 'an outcome went lost');
        if (JSON.stringify(one) !== JSON.stringify(now))
          keep(
            one.outcome === 'unknown' && now?.outcome !== 'unknown',
            `what was ${one.outcome} was replaced`,
          );
      }
      if (was?.finished)
        keep(JSON.stringify(was.finished) === JSON.stringify(is?.finished), 'a last word was replaced');
      const fresh =
        is?.outcomes.filter((one, i) => JSON.stringify(one) !== JSON.stringify(was?.outcomes[i])) ?? [];
      for (const { outcome } of fresh) {
        expected.push(`outcome ${outcome}`);
        const begun = work === 'begun' || work === 'reported';
        if (outcome === 'deleted') keep(begun, 'it tells of a deletion that was none');
        // An agent that skipped has reported as well; then the flag made it, and the outcome says so.
        if (outcome === 'failed' || outcome === 'skipped')
          keep(
            work !== 'begun' && work !== 'in doubt' && (work !== 'reported' || after.cancel !== undefined),
            `a deletion that began is told as ${outcome}`,
          );
      }
      if (FINAL.has(after.state)) {
        const open = is?.outcomes.some(({ outcome }) => outcome === 'unknown') ?? false;
        keep(
          open === (after.state === 'unknown'),
          `it is ${after.state}, and ${open ? 'an' : 'no'} outcome is unknown`,
        );
        if (after.state !== before.state) expected.push(`ended ${after.state}`);
      }
      const told = facts.map(({ kind, by: who, outcome, state, host }) =>
        [kind, who ?? outcome ?? state ?? host].filter(Boolean).join(' '),
      );
      keep(told.join() === expected.join(), `the audit says ${told.join()}, and it was ${expected.join()}`);
    },

    /** Whoever presses in vain is told so; the one whose press counts sees the card. */
    answered({ told, past, task }: Place): void {
      const counted = past.some(({ call, answer }) => call.port === 'commit' && answer.value !== null);
      keep(
        told !== counted,
        `press ${JSON.stringify(task)} ${counted ? 'counted, and was answered' : 'was in vain, and nobody said so'}`,
      );
    },

    /** The agent begins to work on a job. */
    accepted(job: Extract<Job, { kind: 'execute' }>, epoch: string, now: number, work: Work): void {
      keep(job.epoch === epoch, 'a job was started that was made for another start of the agent');
      keep(now <= job.notAfter, 'a job was started after its expiry');
      keep(work === 'none', 'a job was started twice');
    },

    /** The agent is about to delete. */
    begun(run: Run, job: Extract<Job, { kind: 'execute' }>): void {
      decided(run);
      keep(run.denied === undefined, 'it was denied');
      keep(run.cancel === undefined, 'it was cancelled');
      keep(job.planDigest === run.hosts[HOST]?.plan?.digest, 'it is not the plan that was decided on');
      const shown = scene.plans[run.id - 1]?.find(({ digest }) => digest === job.planDigest);
      keep(JSON.stringify(shown?.items) === JSON.stringify(job.items), 'its items are not those of the plan');
      const ends = run.hosts[HOST]?.outcomes ?? [];
      keep(
        run.state === 'executing' ||
          (run.state === 'unknown' && ends.every(({ outcome }) => outcome === 'unknown')),
        `it is over already: ${run.state}`,
      );
    },
  };
}

import type { AuditHead } from '../../src/domain/protocol.ts';
import type { Met } from './ports.ts';

/**
 * Tells by what a heartbeat met whether Redis has forgotten something since the last one: our own former heartbeat is
 * gone, or the audit's head is not the one that was there or a later one. Each loss is told once. `seen`: the head that
 * was seen last, by an earlier start too; `known`: whether this host has told of any job before.
 */
export function openLoss({ seen, known }: { seen: Head | null; known: boolean }): (met: Met) => boolean {
  let last = seen;
  let beaten = known;
  return ({ before, auditHead }) => {
    const forgot = beaten && before === null;
    const back =
      last !== null &&
      (auditHead === null ||
        auditHead.n < last.n ||
        (auditHead.n === last.n && auditHead.hash !== last.hash));
    last = auditHead;
    beaten = true;
    return forgot || back;
  };
}

type Head = Pick<AuditHead, 'n' | 'hash'>;

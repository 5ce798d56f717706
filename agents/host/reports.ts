import type { HostName } from '../../src/domain/ids.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import type { Queue } from './ports.ts';

export type ReportOn = (jobId: string) => (body: ReportBody) => Promise<void>;

/** Reports about one job, numbered from 1. */
export function openReports(queue: Pick<Queue, 'report'>, self: { host: HostName; epoch: string }): ReportOn {
  return (job) => {
    let seq = 0;
    return (body) => {
      seq += 1;
      return queue.report({ v: 1, host: self.host, epoch: self.epoch, job, seq, body });
    };
  };
}

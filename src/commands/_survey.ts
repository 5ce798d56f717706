import type { HostName } from '../domain/ids.ts';
import { bold, type Markup, say } from '../domain/markup.ts';
import type { ReportBody } from '../domain/protocol.ts';
import { troubleWords } from '../domain/trouble.ts';

/** Hosts with what they answered. */
export type Surveyed = readonly [HostName, ReportBody][];

/** Lines of each host: those of its answer, or why there is none. */
export function perHost(
  surveyed: Surveyed,
  lines: (host: HostName, body: ReportBody) => readonly Markup[] | null,
  there?: 'registry',
): Markup[] {
  return surveyed.flatMap(([host, body]) => {
    if (body.kind === 'refused') return [say`${bold(host)} ${troubleWords(body.why, there)}`];
    return lines(host, body) ?? [say`${bold(host)} answered something else`];
  });
}

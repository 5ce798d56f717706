import { parse } from '../commands/_parse.ts';
import { UserError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import { ANSWER_MS, isOnline, type ReportBody } from '../domain/protocol.ts';
import type { PruneSelection } from '../domain/selection.ts';
import type { Answers, Ask } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { offline, reach } from './reach.ts';
import type { Request } from './request.ts';

/** What a survey's command wants of its hosts. */
export interface Wanted {
  where: string;
  /** Only one host at a time can be shown. */
  one?: boolean;
  job: { kind: 'survey'; selection: PruneSelection } | { kind: 'disk' };
}

/** Asks hosts something that only the caller sees the answer of, however long it takes them. */
export async function survey(deps: Deps, asked: Request, wanted: Wanted): Promise<null> {
  const hosts = await reach(deps, wanted.where);
  if (wanted.one && hosts.length > 1) throw new UserError('Name one host: this is shown for one at a time.');
  const now = deps.clock();
  const online = hosts.filter((host) => isOnline(host, now));
  if (online.length === 0) throw new UserError(offline(hosts));
  const id = `survey-${deps.newId()}`;
  const notAfter = now + ANSWER_MS;
  const { user, replyTo, text: command } = asked;
  await deps.asks.put({ id, hosts: hosts.map(({ host }) => host), command, user, replyTo }, notAfter);
  for (const { host, seenAt } of hosts.filter((each) => !online.includes(each)))
    await answered(deps, id, host, { kind: 'refused', why: { kind: 'offline', seenAt } });
  await Promise.all(
    online.map(({ host, epoch }) => deps.jobs.send({ v: 1, id, host, epoch, notAfter, ...wanted.job })),
  );
  return null;
}

/** A host's answer; the last one brings the reply. */
export async function answered(deps: Deps, id: string, host: HostName, body: ReportBody): Promise<void> {
  const complete = await deps.asks.answer(id, host, body);
  if (complete) await reply(deps, complete.ask, complete.answers);
}

/** The reply with what there is, once the time is up. */
export async function giveUpAsking(deps: Deps, id: string): Promise<void> {
  const taken = await deps.asks.take(id);
  if (taken) await reply(deps, taken.ask, taken.answers);
}

// --- internal ---

async function reply(deps: Deps, ask: Ask, answers: Answers): Promise<void> {
  const { command, input } = parse(ask.command, deps.commands);
  if (command.kind !== 'survey') return;
  const bodies = ask.hosts.map((host): [HostName, ReportBody] => [
    host,
    answers.get(host) ?? { kind: 'refused', why: { kind: 'no-answer' } },
  ]);
  await deps.voice.reply(ask.replyTo, command.show(bodies, input, deps.clock()));
}

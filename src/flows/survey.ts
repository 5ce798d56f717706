import { parse } from '../commands/_parse.ts';
import { UserError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import {
  ANSWER_MS,
  answerMs,
  type HostStatus,
  isOnline,
  type Job,
  type ReportBody,
  type SurveySelection,
} from '../domain/protocol.ts';
import type { Answers, Ask } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { offline, reach } from './reach.ts';
import type { Request } from './request.ts';
import { verifyAndTell } from './verify-chain.ts';

type Question = { kind: 'survey'; selection: SurveySelection } | { kind: 'disk' } | { kind: 'heads' };

/** What a survey's command wants of its hosts. */
export interface Wanted {
  where: string;
  /** Only one host at a time can be shown. */
  one?: boolean;
  /** Of a registry. */
  there?: boolean;
  job: Exclude<Question, { kind: 'heads' }>;
}

/** Asks hosts something that only the caller sees the answer of, however long it takes them. */
export async function survey(deps: Deps, asked: Request, wanted: Wanted): Promise<null> {
  const hosts = await reach(deps, wanted.where, wanted.there);
  if (wanted.one && hosts.length > 1) throw new UserError('Name one host: this is shown for one at a time.');
  const now = deps.clock();
  if (!hosts.some((host) => isOnline(host, now))) throw new UserError(offline(hosts));
  const { user, replyTo, text: command } = asked;
  await ask(deps, hosts, { command, user, replyTo }, wanted.job);
  return null;
}

/** Asks all hosts for the heads of the audit that they have seen; the verdict follows in the channel. */
export async function askToVerify(deps: Deps, asked: Request): Promise<null> {
  const hosts = (await deps.hosts.list()).sort((a, b) => (a.host < b.host ? -1 : 1));
  const { user, replyTo, text: command, channel } = asked;
  await ask(deps, hosts, { command, user, replyTo, channel }, { kind: 'heads' });
  return null;
}

export const isAsk = (job: string): boolean => job.startsWith(ASK);

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

const ASK = 'survey-';

async function ask(
  deps: Deps,
  hosts: readonly HostStatus[],
  about: Omit<Ask, 'id' | 'hosts'>,
  job: Question,
): Promise<void> {
  const id = `${ASK}${deps.newId()}`;
  const now = deps.clock();
  const notAfter = now + (job.kind === 'survey' ? answerMs(job.selection) : ANSWER_MS);
  const online = hosts.filter((host) => isOnline(host, now));
  // With nobody to wait for it is due at once.
  const due = hosts.length > 0 ? notAfter : now;
  await deps.asks.put({ id, hosts: hosts.map(({ host }) => host), ...about }, due);
  try {
    for (const { host, seenAt } of hosts.filter((each) => !online.includes(each)))
      await answered(deps, id, host, { kind: 'refused', why: { kind: 'offline', seenAt } });
    await sendAny(
      deps,
      online.map(({ host, epoch }) => ({ v: 1, id, host, epoch, notAfter, ...job })),
    );
  } catch (error) {
    // Whoever hears that nothing was started gets no answer later.
    await deps.asks.replied(id).catch(() => undefined);
    throw error;
  }
}

/** Rejects where none could be sent; a host that was not asked does not answer, like others that do not. */
async function sendAny(deps: Deps, jobs: readonly Job[]): Promise<void> {
  const sent = await Promise.allSettled(jobs.map((one) => deps.jobs.send(one)));
  const failed = sent.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failed.length === 0) return;
  if (failed.length === jobs.length) throw failed[0];
  deps.log.error('some hosts could not be asked', failed[0], { failed: failed.length });
}

async function reply(deps: Deps, ask: Ask, answers: Answers): Promise<void> {
  const read = readAgain(ask, deps);
  // A newer bot has asked: it comes up again, for one that knows what it means.
  if (!read) return deps.log.warn('a question of a newer version was left aside', { id: ask.id });
  const { command, input } = read;
  const bodies = ask.hosts.map((host): [HostName, ReportBody] => [
    host,
    answers.get(host) ?? { kind: 'refused', why: { kind: 'no-answer' } },
  ]);
  if (command.kind === 'verify') aside(deps, ask, verifyAndTell(deps, ask, bodies, command.show));
  else if (command.kind === 'survey')
    aside(deps, ask, deps.voice.reply(ask.replyTo, command.show(bodies, input, deps.clock())));
  else await deps.asks.replied(ask.id);
}

/** What others report meanwhile, and what goes by the clock, must not wait for it. */
function aside(deps: Deps, { id }: Ask, told: Promise<void>): void {
  const work = deps.asks.during(id, told).then(() => deps.asks.replied(id));
  deps.aside(work.catch((error) => deps.log.error('an answer comes up again', error, { id })));
}

function readAgain({ command }: Ask, deps: Deps): ReturnType<typeof parse> | null {
  try {
    return parse(command, deps.commands);
  } catch {
    return null;
  }
}

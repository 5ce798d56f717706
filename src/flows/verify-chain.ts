import type { Verified } from '../commands/_verified.ts';
import { UserError } from '../domain/error.ts';
import type { HostName } from '../domain/ids.ts';
import { say } from '../domain/markup.ts';
import type { Trouble } from '../domain/outcome.ts';
import type { ReportBody } from '../domain/protocol.ts';
import { openVerify, type Verdict } from '../domain/verify.ts';
import type { KeptHead } from '../domain/verify-entry.ts';
import type { Answer, Ask } from '../ports.ts';
import type { Deps } from './_deps.ts';

const PAGE = 500;
/** Each costs up to five calls of Slack. */
const CHANNELS = 10;

/**
 * Verifies the audit with what hosts have answered, and tells the channel. Not to be waited for: a long chain and
 * Slack's past take their time, and whatever goes wrong is told to the person who asked.
 */
export async function verifyAndTell(
  deps: Deps,
  ask: Ask,
  hosts: readonly [HostName, ReportBody][],
  show: (verified: Verified) => Answer,
): Promise<void> {
  try {
    const channel = ask.channel ?? '';
    await deps.voice.post(channel, show(await verifyChain(deps, channel, hosts)));
  } catch (error) {
    deps.log.error('the audit could not be verified', error);
    const words =
      error instanceof UserError ? error.markup : say`The audit could not be verified: dimg's log says why.`;
    await deps.voice.reply(ask.replyTo, { lines: [words] }).catch(() => undefined);
  }
}

// --- internal ---

async function verifyChain(
  deps: Deps,
  here: string,
  answers: readonly [HostName, ReportBody][],
): Promise<Verified> {
  // Heads before entries: what is written meanwhile is in the chain then, and no head is ahead of it.
  const hosts = answers.map(([host, body]) => ({
    host,
    body,
    heads: body.kind === 'heads' ? body.heads : [],
  }));
  const { read: posted, left } = await readChannels(deps, here);
  const mirror = deps.mirror && (await deps.mirror.state());
  const heads: KeptHead[] = [
    ...hosts.flatMap(({ host, heads }) => heads.map(({ n, hash }) => ({ n, hash, where: host }))),
    ...posted.flatMap(({ read }) => ('heads' in read ? read.heads : [])),
    ...(mirror?.last ? [{ ...mirror.last, where: 'the mirror file' }] : []),
  ];
  return {
    verdict: await readChain(deps, heads),
    channels: posted.map(({ channel, read }) => ({
      channel,
      about: channel === deps.auditChannel ? 'audit' : channel === here ? 'here' : 'other',
      found: 'heads' in read ? read.heads.length : read,
      ...('newest' in read && { newest: read.newest }),
    })),
    unreadChannels: left,
    hosts: hosts.map(({ host, body, heads }) => ({
      host,
      highest: body.kind === 'heads' ? heads.reduce((most, { n }) => Math.max(most, n), 0) : whyNot(body),
    })),
    mirror: mirror && { last: mirror.last?.n ?? null, problem: mirror.problem },
  };
}

async function readChain(deps: Deps, heads: readonly KeptHead[]): Promise<Verdict> {
  const look = openVerify(heads);
  const { id: last, recorded } = await deps.audit.newest();
  for (let after: string | null = null; last !== null; ) {
    const page = await deps.audit.texts({ after, upTo: last, count: PAGE });
    for (const { text } of page) look.take(text);
    after = page.at(-1)?.id ?? after;
    if (page.length < PAGE) break;
  }
  return look.end(recorded);
}

async function readChannels(deps: Deps, here: string) {
  const all = [...new Set([here, deps.auditChannel ?? here, ...(await deps.audit.channels())])];
  const read = [];
  for (const channel of all.slice(0, CHANNELS))
    read.push({ channel, read: await deps.postedHeads.in(channel) });
  return { read, left: all.length - read.length };
}

const whyNot = (body: ReportBody): Trouble => (body.kind === 'refused' ? body.why : { kind: 'no-answer' });

import type { Desk } from '../commands/_define.ts';
import { parse } from '../commands/_parse.ts';
import { UserError } from '../domain/error.ts';
import { requested } from '../domain/facts.ts';
import { type HostName, RunId } from '../domain/ids.ts';
import { code, join, say, time } from '../domain/markup.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
import { type HostPart, isFinal, type Run } from '../domain/run.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Answer } from '../ports.ts';
import type { Deps, Person } from './_deps.ts';
import { decide } from './decide.ts';
import { readHistory } from './history.ts';
import { mayAsk } from './rights.ts';
import { survey } from './survey.ts';

export interface Request extends Person {
  channel: string;
  text: string;
  /** Where the private answer goes when it takes longer than the acknowledgement. */
  replyTo: string;
  /** One per typed command, however often Slack delivers it. */
  delivery: string;
}

/**
 * Takes a command: what it returns is for the caller alone and at once; `null` means that a card, a
 * message or a later private answer follows. Throws a `UserError` for every mistake and refusal.
 */
export async function request(deps: Deps, asked: Request): Promise<Answer | null> {
  const parsed = parse(asked.text, deps.commands);
  const { command } = parsed;
  if (deps.rights.channels && !deps.rights.channels.includes(asked.channel) && command.name !== 'help')
    throw new UserError(
      say`dimg takes no commands in this channel. It does in ${join(deps.rights.channels.map((id) => code(id)))}.`,
    );
  switch (command.kind) {
    case 'answer': {
      const answer = await command.answer(parsed.input, await desk(deps));
      if (command.audience === 'caller') return answer;
      await deps.voice.post(asked.channel, answer);
      return null;
    }
    case 'survey':
      return survey(deps, asked, command.survey(parsed.input));
    case 'delete':
      return propose(deps, asked, command.select(parsed.input));
    case 'decide': {
      const { run, verb, reason } = command.decide(parsed.input);
      const id = RunId.parse(run);
      const words = await decide(deps, {
        ...asked,
        run: id,
        verb,
        via: 'command',
        ...(reason !== undefined && { reason }),
      });
      return { lines: [words ?? say`Done: #${run}, see its card.`] };
    }
  }
}

// --- internal ---

async function desk(deps: Deps): Promise<Desk> {
  return {
    now: deps.clock(),
    commands: deps.commands,
    async hosts(where) {
      const all = (await deps.hosts.list()).sort((a, b) => (a.host < b.host ? -1 : 1));
      if (where === undefined) return all;
      const wanted = new Set(
        resolveWhere(
          where,
          all.map(({ host }) => host),
          deps.groups,
        ),
      );
      return all.filter(({ host }) => wanted.has(host));
    },
    async run(id) {
      const run = await deps.runs.load(RunId.parse(id));
      return run && { run, plans: await deps.runs.plans(run) };
    },
    async openRuns() {
      const runs = await Promise.all((await deps.runs.open()).map((id) => deps.runs.load(id)));
      return runs.flatMap((run) => (run && !isFinal(run.state) ? [run] : [])).sort((a, b) => a.id - b.id);
    },
    history: (filter) => readHistory(deps, filter),
  };
}

async function propose(
  deps: Deps,
  asked: Request,
  wanted: { where: string; selection: Run['selection']; dryRun?: boolean; skipConfirmation?: boolean },
): Promise<null> {
  const hosts = await reach(deps, wanted.where);
  await mayAsk(
    deps,
    asked,
    hosts.map(({ host }) => host),
  );
  const now = deps.clock();
  const online = hosts.filter((host) => isOnline(host, now));
  if (online.length === 0) throw new UserError(offline(hosts));
  const draft = (id: RunId): Run => ({
    v: 1,
    id,
    rev: 0,
    state: 'planning',
    createdAt: now,
    requester: asked.user,
    team: asked.team,
    channel: asked.channel,
    where: wanted.where,
    selection: wanted.selection,
    dryRun: wanted.dryRun ?? false,
    skipConfirmation: wanted.skipConfirmation ?? false,
    policy: deps.policy,
    hosts: Object.fromEntries(
      hosts.map((host) => [host.host, part(host, isOnline(host, now))]),
    ) as Run['hosts'],
    approvalFor: [],
    approvals: [],
  });
  await deps.runs.create(asked.delivery, draft, requested, asked.replyTo);
  return null;
}

function part(host: HostStatus, online: boolean): HostPart {
  return online
    ? { epoch: host.epoch, stage: 'waiting', sent: 'nothing', outcomes: [] }
    : {
        epoch: host.epoch,
        stage: 'ended',
        sent: 'nothing',
        outcomes: [],
        trouble: { kind: 'offline', seenAt: host.seenAt },
      };
}

/** The hosts that `where` means, as they are now. */
export async function reach(deps: Deps, where: string): Promise<HostStatus[]> {
  const all = new Map((await deps.hosts.list()).map((host) => [host.host, host]));
  return resolveWhere(where, [...all.keys()], deps.groups).map(
    (name) => all.get(name as HostName) as HostStatus,
  );
}

/** Why nothing was asked of these hosts. */
export function offline(hosts: readonly HostStatus[]) {
  const [first] = hosts;
  if (!first || hosts.length > 1) return say`All of these hosts are offline: nothing was queued for them.`;
  return say`${code(first.host)} is offline, last seen ${time(first.seenAt)}: nothing was queued for it. Is its ${code('dimg agent')} running?`;
}

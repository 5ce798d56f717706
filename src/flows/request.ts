import type { Desk } from '../commands/_define.ts';
import { parse } from '../commands/_parse.ts';
import { UserError } from '../domain/error.ts';
import { requested } from '../domain/facts.ts';
import { RunId } from '../domain/ids.ts';
import { code, join, say } from '../domain/markup.ts';
import { type AnySelection, isOfRegistry } from '../domain/selection.ts';
import { resolveWhere } from '../domain/where.ts';
import type { Answer, Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { decide } from './decide.ts';
import { draftRun, type Wanted } from './draft.ts';
import { readHistory } from './history.ts';
import { commandOnce } from './once.ts';
import { openRuns } from './open-runs.ts';
import { reachToDelete } from './reach.ts';
import { askToVerify, survey } from './survey.ts';
import { undo } from './undo.ts';

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
  if (command.name !== 'help') await deps.certain?.();
  switch (command.kind) {
    case 'answer': {
      const answer = async () => command.answer(parsed.input, await desk(deps));
      if (command.audience === 'caller') return answer();
      return commandOnce(deps, asked.delivery, async () => {
        await deps.voice.post(asked.channel, await answer());
        return null;
      });
    }
    case 'survey': {
      const wanted = command.survey(parsed.input);
      return commandOnce(deps, asked.delivery, () => survey(deps, asked, wanted));
    }
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
      return words && { lines: [words] };
    }
    case 'verify':
      return commandOnce(deps, asked.delivery, () => askToVerify(deps, asked));
    case 'restore': {
      const { run } = command.restore(parsed.input);
      const words = await undo(deps, { ...asked, run: RunId.parse(run) });
      return words && { lines: [words] };
    }
  }
}

// --- internal ---

async function desk(deps: Deps): Promise<Desk> {
  return {
    now: deps.clock(),
    commands: deps.commands,
    rights: deps.rights,
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
    openRuns: () => openRuns(deps),
    history: (filter) => readHistory(deps, filter),
  };
}

async function propose(
  deps: Deps,
  asked: Request,
  wanted: Pick<Wanted, 'where' | 'dryRun' | 'skipConfirmation' | 'rollout'> & { selection: AnySelection },
): Promise<null> {
  const hosts = await reachToDelete(deps, asked, wanted.where, isOfRegistry(wanted.selection));
  const { user: requester, team, channel } = asked;
  const draft = (id: RunId) => draftRun(deps, id, { ...wanted, requester, team, channel, hosts });
  await deps.runs.create(asked.delivery, draft, requested, asked.replyTo);
  return null;
}

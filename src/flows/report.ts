import { parse } from '../commands/_parse.ts';
import type { HostName } from '../domain/ids.ts';
import { say } from '../domain/markup.ts';
import type { Outcome, Trouble } from '../domain/outcome.ts';
import type { Report } from '../domain/protocol.ts';
import { parseJobId, type Run, summarise } from '../domain/run.ts';
import { troubleWords } from '../domain/trouble.ts';
import type { Answer, Ask } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';

/** What an agent tells about a job, brought to its run or to the person who asked. */
export async function report(deps: Deps, { job, host, epoch, body }: Report): Promise<void> {
  const named = parseJobId(job);
  if (!named) return answerAsk(deps, job, host, body);
  const run = await deps.runs.load(named.run);
  const part = run?.hosts[host];
  // Another host's word, or another start's, about a job that was not its own.
  if (!run || !part || named.host !== host || part.epoch !== epoch)
    return deps.log.warn('a report that fits no run was left aside', { job, host });
  const at = deps.clock();
  switch (body.kind) {
    case 'plan':
      if (body.plan.host !== host)
        return deps.log.warn('a plan for another host was left aside', { job, host });
      await deps.runs.savePlan(run.id, body.plan);
      await advance(deps, run.id, { type: 'planned', at, host, plan: summarise(body.plan) });
      return;
    case 'refused':
      if (named.kind === 'plan') await advance(deps, run.id, { type: 'unplanned', at, host, why: body.why });
      // A job that comes twice is refused the second time: that says nothing of the first.
      else if (part.stage === 'planned') await breakOff(deps, run, host, body.why, 'failed');
      return;
    case 'started':
      await advance(deps, run.id, { type: 'started', at, host });
      return;
    case 'outcomes':
      await advance(deps, run.id, { type: 'outcomes', at, host, outcomes: body.outcomes });
      return;
    case 'finished': {
      const { kind: _, ...rest } = body;
      await advance(deps, run.id, { type: 'finished', at, host, report: rest });
    }
  }
}

/** Ends a host's part without its own word: what has no outcome yet gets this one. */
export async function breakOff(
  deps: Deps,
  run: Run,
  host: HostName,
  why: Trouble,
  outcome: Outcome['outcome'],
): Promise<void> {
  const plan = (await deps.runs.plans(run)).get(host);
  const outcomes = (plan?.items ?? []).map(
    ({ image }): Outcome => ({ image, outcome, removed: [], freed: 0, why }),
  );
  await advance(deps, run.id, { type: 'broken', at: deps.clock(), host, why, outcomes });
}

// --- internal ---

async function answerAsk(deps: Deps, id: string, host: HostName, body: Report['body']): Promise<void> {
  const ask = await deps.asks.take(id);
  if (!ask || ask.host !== host) return;
  await deps.voice.reply(ask.replyTo, answerOf(deps, ask, body));
}

function answerOf(deps: Deps, ask: Ask, body: Report['body']): Answer {
  if (body.kind === 'plan') {
    const { command, input } = parse(ask.command, deps.commands);
    if (command.kind === 'survey') return command.show(body.plan, input, deps.clock());
  }
  const why: Trouble = body.kind === 'refused' ? body.why : { kind: 'no-answer' };
  return { lines: [say`${ask.host}: ${troubleWords(why)}.`] };
}

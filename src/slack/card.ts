import type { ActionsBlock, Button, KnownBlock } from '@slack/types';
import { decisions } from '../domain/decisions.ts';
import type { HostName } from '../domain/ids.ts';
import { code, join, type Markup, say, time } from '../domain/markup.ts';
import { type Plan, shortDigest } from '../domain/plan.ts';
import { planOf } from '../domain/plan-of.ts';
import type { Rights } from '../domain/rights.ts';
import { canRunAgain, canUndo, isFinal, partsOf, type Run } from '../domain/run.ts';
import { formatSize } from '../domain/size.ts';
import { totals } from '../domain/totals.ts';
import { askedWords, whoApproves } from '../domain/waiting.ts';
import { amount, headline } from '../domain/words.ts';
import { button, type Content, context, MESSAGE, pages, roomOf, sections } from './blocks.ts';
import { fullOutcomes, fullPlan, hostSection } from './card-hosts.ts';
import { stateLine } from './card-state.ts';

/** A card, and the long lists that go to its thread: what goes and stays, and how it ended. */
export interface Card extends Content {
  planList: (() => Markup[]) | null;
  outcomeList: (() => Markup[]) | null;
}

/** Rows on the card itself, over all hosts; what does not fit is in the thread. */
const ROWS = 24;
const HOSTS = 30;

/** The card of a run, from the stored run and its plans and nothing else. */
export function renderCard(run: Run, plans: ReadonlyMap<HostName, Plan>, rights: Rights): Card {
  const parts = partsOf(run);
  const rows = Math.max(3, Math.floor(ROWS / Math.max(1, parts.length)));
  let cut = parts.length > HOSTS;
  const hostLines = parts.slice(0, HOSTS).flatMap(([host, part]) => {
    const { lines, more, cut: inside } = hostSection(run, host, part, plans.get(host), rows);
    cut ||= inside || more > 0;
    return [...lines, ...(more > 0 ? [say`and ${more} more, in the thread`] : [])];
  });
  if (parts.length > HOSTS) hostLines.push(say`and ${parts.length - HOSTS} more hosts, in the thread`);
  const top = [askedWords(run), stateLine(run)];
  const foot = footer(run, rights);
  const room = [...top, foot].reduce((left, line) => left - roomOf(line), MESSAGE);
  const [shown, ...tooMuch] = pages(hostLines, Infinity, room);
  cut ||= tooMuch.length > 0;
  const blocks: KnownBlock[] = [
    ...sections(top),
    ...(shown?.blocks ?? []),
    context(tooMuch.length > 0 ? say`more in the thread · ${foot}` : foot),
  ];
  const actions = buttons(run);
  if (actions) blocks.push(actions);
  return {
    text: headline(run),
    blocks,
    planList: cut && run.state !== 'planning' ? () => fullPlan(parts, plans, run) : null,
    outcomeList:
      cut && isFinal(run.state) && totals(run).settled > 0 ? () => fullOutcomes(parts, plans, run) : null,
  };
}

// --- internal ---

function footer(run: Run, rights: Rights): Markup {
  const parts: Markup[] = [];
  const plan = planOf(run);
  if (plan)
    parts.push(say`plan ${code(shortDigest(plan.digest))}${plan.hosts > 1 ? ` of ${plan.hosts} hosts` : ''}`);
  parts.push(...decisions(run));
  if (run.state === 'proposed' && run.approvalFor.length > 0) parts.push(approvers(run, rights));
  if (run.state === 'proposed' && run.expiresAt !== undefined)
    parts.push(say`expires ${time(run.expiresAt)}`);
  if (isFinal(run.state) && run.audit)
    parts.push(say`audit ${run.audit.n} ${code(shortDigest(run.audit.hash))}`);
  return parts.length > 0 ? join(parts, ' · ') : say`asked ${time(run.createdAt)}`;
}

function approvers(run: Run, rights: Rights): Markup {
  const who = whoApproves(run, rights);
  return who
    ? say`approvers: ${who}`
    : say`nobody else can approve it: ${code('approval.approvers')} in the bot's configuration names none`;
}

function buttons(run: Run): ActionsBlock | null {
  const elements = buttonsOf(run);
  return elements.length > 0 ? { type: 'actions', block_id: `run-${run.id}-${run.state}`, elements } : null;
}

function buttonsOf(run: Run): Button[] {
  const cancel = button('cancel', 'Cancel', run.id);
  if (run.state === 'proposed') {
    const sum = totals(run);
    // A registry frees nothing at that press.
    const bytes = sum.noun === 'image' ? `, ${formatSize(sum.reclaim)}` : '';
    return run.approvalFor.length > 0
      ? [button('approve', 'Approve', run.id, 'primary'), button('deny', 'Deny', run.id, 'danger'), cancel]
      : [button('confirm', `Delete ${amount(sum)}${bytes}`, run.id, 'danger'), cancel];
  }
  if (run.state === 'executing' && !run.cancel)
    return run.paused ? [button('continue', 'Continue', run.id, 'primary'), cancel] : [cancel];
  if (canRunAgain(run) && !run.again) return [button('again', 'Run again', run.id)];
  return canUndo(run) && !run.undone ? [button('undo', 'Undo', run.id)] : [];
}

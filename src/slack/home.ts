import type { Button, HomeView, KnownBlock, SectionBlock } from '@slack/types';
import type { Home, HomePage } from '../domain/home.ts';
import { diskBar, NO_HOSTS, onlineWords, registryStateWords, servedWords } from '../domain/host-words.ts';
import type { RunId } from '../domain/ids.ts';
import { bold, channel, code, join, type Markup, plural, say, time } from '../domain/markup.ts';
import type { HostStatus } from '../domain/protocol.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run } from '../domain/run.ts';
import { formatSize } from '../domain/size.ts';
import { engineWords } from '../domain/trouble.ts';
import { askedWords, standing, whoMay } from '../domain/waiting.ts';
import { headline } from '../domain/words.ts';
import { button, type Cells, columns, context, sections } from './blocks.ts';

/** Slack takes 100 blocks and 250 kB in a view; a run or a host is a block, of up to 4 kB, at the worst. */
const DECIDE = 20;
const OPEN = 10;
const HOSTS = 30;
const REGISTRIES = 10;

/** The runs that get a button to their card. */
export function shownRuns(home: Home): readonly Run[] {
  return 'only' in home ? [] : [...home.decide.slice(0, DECIDE), ...home.open.slice(0, OPEN)];
}

/** The Home tab of one person; `links` lead to the cards of runs. */
export function renderHome(home: Home, links: ReadonlyMap<RunId, string>, rights: Rights): HomeView {
  if ('only' in home) return { type: 'home', blocks: sections([home.only]) };
  return {
    type: 'home',
    blocks: [
      header('Waits for you'),
      ...(home.unsure
        ? sections([say`⚠ Slack did not say which groups you are in: some may be missing.`])
        : []),
      ...waiting(home, links),
      ...underWay(home, links, rights),
      header('Your recent runs'),
      ...sections(
        home.recent.length > 0
          ? home.recent.map(recentLine)
          : [say`None yet. ${code('/dimg prune host-3')} shows what would go, and asks before it deletes.`],
      ),
      header('Hosts'),
      ...hosts(home),
      ...registries(home),
      context(say`as of ${time(home.at)} · ${code('/dimg help')}`),
      { type: 'actions', elements: [refresh] },
    ],
  };
}

// --- internal ---

const refresh: Button = {
  type: 'button',
  action_id: 'home',
  text: { type: 'plain_text', text: 'Show now', emoji: false },
};

function header(words: string): KnownBlock {
  return { type: 'header', text: { type: 'plain_text', text: words, emoji: false } };
}

function waiting({ decide }: HomePage, links: ReadonlyMap<RunId, string>): KnownBlock[] {
  if (decide.length === 0) return sections([say`Nothing waits for you.`]);
  return [
    ...decide.slice(0, DECIDE).flatMap((run) => runBlocks(run, standing(run), links)),
    ...more(decide.length - DECIDE, '/dimg pending'),
  ];
}

function underWay({ open }: HomePage, links: ReadonlyMap<RunId, string>, rights: Rights): KnownBlock[] {
  if (open.length === 0) return [];
  return [
    header('Yours, under way'),
    ...open.slice(0, OPEN).flatMap((run) => runBlocks(run, standing(run, whoMay(run, rights)), links)),
    ...more(open.length - OPEN, '/dimg pending'),
  ];
}

function runBlocks(run: Run, stands: Markup, links: ReadonlyMap<RunId, string>): KnownBlock[] {
  const asked = say`${askedWords(run)} in ${channel(run.card?.channel ?? run.channel)}`;
  const both = sections([asked, stands]);
  // One block each, so that all of them fit; what is too long for one is cut.
  const [block] = (both.length === 1 ? both : sections([say`${asked} · ${stands}`])) as SectionBlock[];
  const url = links.get(run.id);
  if (!block || url === undefined) return block ? [block] : [];
  return [{ ...block, accessory: { ...button('show', `Show #${run.id}`, run.id), url } }];
}

const recentLine = (run: Run): Markup => say`• ${headline(run)} · ${time(run.endedAt ?? run.createdAt)}`;

function hosts(home: HomePage): KnownBlock[] {
  if (home.hosts.length === 0) return sections([NO_HOSTS]);
  return [
    ...columns(home.hosts.slice(0, HOSTS).map((host) => hostCells(host, home.at))),
    ...more(home.hosts.length - HOSTS, '/dimg hosts'),
  ];
}

function registries({ registries: all, at }: HomePage): KnownBlock[] {
  if (all.length === 0) return [];
  return [
    header('Registries'),
    ...columns(all.slice(0, REGISTRIES).map((status) => registryCells(status, at))),
    ...more(all.length - REGISTRIES, '/dimg hosts'),
  ];
}

function registryCells(status: HostStatus, now: number): Cells {
  return [
    [say`${bold(status.host)}`, say`${code(status.registry?.url ?? '')}`],
    [registryStateWords(status, now), ...servedWords(status)],
  ];
}

/** Its disk on the left; how it is and what is on it on the right. */
function hostCells(status: HostStatus, now: number): Cells {
  const { host, disk, engine, problem, counts } = status;
  const is = [onlineWords(status, now)];
  if (engine) is.push(say`Docker ${engine.version}`);
  if (problem) is.push(engineWords(problem));
  const has =
    counts && say`${plural(counts.images, 'image')}, ${formatSize(counts.reclaimable)} reclaimable now`;
  return [
    disk ? [say`${bold(host)}`, diskBar(disk)] : [say`${bold(host)}`],
    has ? [join(is, ' · '), has] : [join(is, ' · ')],
  ];
}

function more(count: number, command: string): KnownBlock[] {
  return count > 0 ? [context(say`and ${count} more: ${code(command)}`)] : [];
}

import { setTimeout as sleep } from 'node:timers/promises';
import { imageArchive } from '../../playground/parts/image-archive.ts';
import { tar } from '../../playground/parts/tar.ts';
import { type Api, empty, filters, type ListedImage, type Reply } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import { createNaming, type Naming } from './_normal.ts';
import type { Step } from './_steps.ts';
import type { Dialect } from './dialect/index.ts';

/** What a step led to, in words that can be compared. */
export type Result = { readonly status: number; readonly body: unknown };

/** One engine that steps are applied to. */
export function openStage(api: Api, dialect: Dialect) {
  const start = () => createNaming({ blocks: dialect.listedSize !== 'the unpacked files' });
  let naming: Naming = start();
  let built = 0;
  let since = '0';
  let made = 0;
  let there: There = { name: [], id: [], container: [] };
  /** What is chosen from depends on the order of names that both engines share, not of their IDs. */
  const resolve = (text: string) =>
    text.replace(
      /\?(name|id|prefix|container)\/(\d+)/,
      (_, kind: 'name' | 'id' | 'prefix' | 'container', n) => {
        const choice = there[kind === 'prefix' ? 'id' : kind];
        const chosen = choice[Number(n) % Math.max(1, choice.length)] ?? 'nothing';
        if (kind === 'name' || kind === 'container' || chosen === 'nothing') return chosen;
        const hex = naming.id(chosen.replace(/[<>]|sha256:/g, ''));
        return kind === 'prefix' ? hex.slice(0, 12) : `sha256:${hex}`;
      },
    );

  const send = async (step: Step): Promise<Reply> => {
    switch (step.do) {
      case 'load': {
        const archive = imageArchive(FAMILIES[step.family]);
        const ids = dialect.imageId === 'the configuration' ? archive.ids : archive.manifests;
        for (const [key, id] of Object.entries(ids)) naming.name(id, key);
        return api.post('/images/load?quiet=1', Buffer.concat([...archive.blocks()]));
      }
      case 'tag': {
        const query = new URLSearchParams({ repo: step.repo, tag: step.tag });
        return api.post(`/images/${resolve(step.source)}/tag?${query}`);
      }
      case 'delete': {
        const query = `force=${Number(step.force)}&noprune=${Number(step.noprune)}`;
        return api.delete(`/images/${resolve(step.image)}?${query}`);
      }
      case 'build':
        return build(step);
      case 'create': {
        const request = {
          Image: resolve(step.image),
          StopSignal: 'SIGKILL',
          HostConfig: { NetworkMode: 'none' },
          ...(step.cmd.length > 0 && { Cmd: step.cmd }),
        };
        const reply = await api.post(`/containers/create?name=${step.name}`, request);
        if (reply.status === 201) naming.name((reply.body as { Id: string }).Id, `container-${++made}`);
        return reply;
      }
      case 'container':
        return act(resolve(step.name), step.action);
      case 'prune':
        return api.post(`/images/prune?${filters(step.filters)}`);
      case 'look':
        return api.get(resolve(step.path));
    }
  };

  const build = async (step: Step & { do: 'build' }): Promise<Reply> => {
    const from = resolve(step.from);
    // A missing image would be looked for at Docker Hub.
    if ((await api.get(`/images/${from}/json`)).status !== 200) return { status: 0, body: null, text: '' };
    const content = `FROM ${from}\nLABEL child=${step.label}\n`;
    const tag = step.tag === null ? '' : `&t=${step.tag}`;
    const reply = await api.post(`/build?version=1${tag}`, tar([{ path: 'Dockerfile', content }]));
    const lines = reply.body as { aux?: { ID: string } }[];
    const id = lines.find((line) => line.aux)?.aux?.ID;
    if (id !== undefined && !naming.knows(id)) naming.name(id, `built-${++built}`);
    return { status: reply.status, body: lines.map((line) => line.aux).filter(Boolean), text: '' };
  };

  const act = async (name: string, action: string): Promise<Reply> => {
    if (action.startsWith('remove')) return api.delete(`/containers/${name}${action.slice('remove'.length)}`);
    const reply = await api.post(`/containers/${name}/${action}`);
    if (action !== 'start' || reply.status !== 204) return reply;
    const { Config } = (await api.get(`/containers/${name}/json`)).body as { Config: { Cmd: string[] } };
    // What ends by itself is waited for, or the two engines would be looked at at different moments.
    if (Config.Cmd[0] !== 'sleep') await api.post(`/containers/${name}/wait`);
    return reply;
  };

  return {
    async apply(step: Step): Promise<Result> {
      const { status, body } = await send(step);
      return { status, body: inOrder(naming.normal(body)) };
    },
    /** What is there, as far as clients can see it. */
    async look(): Promise<unknown> {
      const images = naming.normal((await api.get('/images/json?all=1')).body) as ListedImage[];
      const containers = naming.normal((await api.get('/containers/json?all=1')).body) as {
        Names: string[];
      }[];
      there = {
        name: images
          .flatMap(({ RepoTags }) => RepoTags ?? [])
          .filter((tag) => !tag.startsWith('<none>'))
          .sort(),
        id: images.map(({ Id }) => Id).sort(),
        container: containers.map(({ Names }) => (Names[0] ?? '').slice(1)).sort(),
      };
      return { images: inOrder(images), containers: inOrder(containers) };
    },
    /** What was said about images since the last clearing. A prune has no order, so none is kept. */
    async told(): Promise<unknown> {
      const path = `/events?since=${since}&until=${seconds(Date.now() + 2)}&${filters({ type: ['image'] })}`;
      const { body } = await api.get(path);
      const events = (Array.isArray(body) ? body : [body]) as Event[];
      return inOrder(naming.normal(events.map(toldOf)));
    },
    async empty(): Promise<void> {
      await empty(api);
      since = seconds(Date.now() + 1);
      // Events carry the moment; the next one must not share it with the clearing's last.
      await sleep(2);
      naming = start();
      built = 0;
      made = 0;
      there = { name: [], id: [], container: [] };
    },
  };
}

// --- internal ---

const seconds = (ms: number) => (ms / 1000).toFixed(3);

type Event = { Action?: string; Actor?: { ID: string; Attributes: Record<string, string> } };

/** A prune of the containerd store tells of an image's end by the name that went last, which is any of them. */
function toldOf({ Action, Actor }: Event): Event {
  const named = Action === 'delete' && Actor !== undefined && Actor.Attributes.name !== Actor.ID;
  if (!named) return { ...(Action && { Action }), ...(Actor && { Actor }) };
  return { Action, Actor: { ...Actor, Attributes: { ...Actor.Attributes, name: 'one of its names' } } };
}

type There = Record<'name' | 'id' | 'container', string[]>;

/** Lists of images, rows and containers have no order of their own; conflicts name any one container. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) {
    const sorted = value.map(inOrder);
    const isTags = sorted.every((item) => typeof item === 'string');
    return isTags ? sorted : sorted.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value === 'string') return value.replace(/(container) <container-\d+…>/, '$1 <one>');
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, inOrder(item)]),
  );
}

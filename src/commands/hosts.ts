import { z } from 'zod';
import { diskWords, NO_HOSTS, onlineWords, registryStateWords, servedWords } from '../domain/host-words.ts';
import { bold, code, join, type Markup, plural, say } from '../domain/markup.ts';
import type { HostStatus } from '../domain/protocol.ts';
import { formatSize } from '../domain/size.ts';
import { engineWords } from '../domain/trouble.ts';
import { defineCommand, Where } from './_define.ts';

export default defineCommand({
  kind: 'answer',
  audience: 'caller',
  summary: 'hosts with their engines, disks and images',
  words: z.strictObject({ where: Where.optional() }),
  options: z.strictObject({}),
  examples: ['hosts', 'hosts ci-*'],
  async answer({ words }, desk) {
    const hosts = await desk.hosts(words.where);
    if (hosts.length === 0)
      return {
        lines: [NO_HOSTS],
      };
    return { lines: hosts.map((host) => line(host, desk.now)) };
  },
});

// --- internal ---

function line(host: HostStatus, now: number): Markup {
  if (host.registry) {
    const state = say`${bold(host.host)} ${registryStateWords(host, now)}`;
    return join([state, say`registry ${code(host.registry.url)}`, ...servedWords(host)], ' · ');
  }
  const parts: Markup[] = [say`${bold(host.host)} ${onlineWords(host, now)}`];
  if (host.problem) parts.push(engineWords(host.problem));
  if (host.engine)
    parts.push(say`Docker ${host.engine.version}, ${host.engine.store} ${code(host.engine.driver)}`);
  if (host.disk) parts.push(diskWords(host.disk));
  if (host.counts) {
    const { images, dangling, containers, reclaimable } = host.counts;
    parts.push(say`${plural(images, 'image')}, ${dangling} dangling, ${plural(containers, 'container')}`);
    parts.push(say`${formatSize(reclaimable)} reclaimable`);
  }
  return join(parts, ' · ');
}

import { z } from 'zod';
import { bold, code, join, type Markup, plural, say, time } from '../domain/markup.ts';
import { type HostStatus, isOnline } from '../domain/protocol.ts';
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
        lines: [
          say`No host is known yet. Start ${code('dimg agent')} beside a Docker engine, with this bot's ${code('REDIS_URL')}.`,
        ],
      };
    return { lines: hosts.map((host) => line(host, desk.now)) };
  },
});

// --- internal ---

function line(host: HostStatus, now: number): Markup {
  const online = isOnline(host, now) ? say`online` : say`offline, last seen ${time(host.seenAt)}`;
  const parts: Markup[] = [say`${bold(host.host)} ${online}`];
  if (host.problem) parts.push(engineWords(host.problem));
  if (host.engine)
    parts.push(say`Docker ${host.engine.version}, ${host.engine.store} ${code(host.engine.driver)}`);
  if (host.disk) {
    const used = host.disk.total === 0 ? 0 : Math.round((1 - host.disk.free / host.disk.total) * 100);
    parts.push(say`disk ${used} % of ${formatSize(host.disk.total)}, ${formatSize(host.disk.free)} free`);
  }
  if (host.counts) {
    const { images, dangling, containers, reclaimable } = host.counts;
    parts.push(say`${plural(images, 'image')}, ${dangling} dangling, ${plural(containers, 'container')}`);
    parts.push(say`${formatSize(reclaimable)} reclaimable`);
  }
  return join(parts, ' · ');
}

import { z } from 'zod';
import type { DiskUse } from '../domain/disk.ts';
import { diskWords } from '../domain/host-words.ts';
import type { HostName } from '../domain/ids.ts';
import { bold, code, type Markup, plural, say } from '../domain/markup.ts';
import { formatSize } from '../domain/size.ts';
import { defineCommand, Where } from './_define.ts';
import { perHost } from './_survey.ts';

export default defineCommand({
  kind: 'survey',
  summary: 'what fills the disk',
  words: z.strictObject({ where: Where }),
  options: z.strictObject({}),
  examples: ['df host-3', 'df all'],
  survey: ({ words }) => ({ where: words.where, job: { kind: 'disk' } }),
  show: (surveyed) => ({
    lines: perHost(surveyed, (host, body) => (body.kind === 'disk' ? hostLines(host, body.use) : null)),
  }),
});

// --- internal ---

function hostLines(host: HostName, use: DiskUse): Markup[] {
  const { disk, images, dangling, unused, containers, volumes, unusedVolumes, buildCache } = use;
  return [
    disk ? say`${bold(host)} ${diskWords(disk)}` : say`${bold(host)} disk not visible to the agent`,
    say`• ${formatSize(images.bytes)} in ${plural(images.count, 'image')}: ${code('prune')} frees ${formatSize(dangling.bytes)} (${dangling.count}), ${code('prune -a')} ${formatSize(unused.bytes)} (${unused.count})`,
    ...(containers.count > 0
      ? [say`• ${formatSize(containers.bytes)} written by ${plural(containers.count, 'container')}`]
      : []),
    ...(volumes.count > 0
      ? [
          say`• ${formatSize(volumes.bytes)} in ${plural(volumes.count, 'volume')}, of which ${formatSize(unusedVolumes.bytes)} in ${unusedVolumes.count} that no container uses`,
        ]
      : []),
    ...(buildCache.count > 0
      ? [say`• ${formatSize(buildCache.bytes)} in ${plural(buildCache.count, 'piece')} of build cache`]
      : []),
  ];
}

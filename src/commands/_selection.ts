import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import type { Goal, LabelRule, PruneSelection } from '../domain/selection.ts';
import { parsePercent, parseSize } from '../domain/size.ts';
import { parseMoment } from '../domain/time.ts';
import { CountOption, DurationOption, flag, MomentOption, NOT, repeated, valued } from './_define.ts';

const SizeOption = z.string().transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== null && bytes > 0) return bytes;
  context.addIssue({ code: 'custom', message: `"${text}" is no size: write 500MB or 20GB` });
  return z.NEVER;
});

const PercentOption = z.string().transform((text, context) => {
  const percent = parsePercent(text);
  if (percent !== null) return percent;
  context.addIssue({ code: 'custom', message: `"${text}" is no share of the disk: write 70%` });
  return z.NEVER;
});

const GlobOption = z
  .string()
  .max(256, 'this is too long for a glob')
  .transform((glob, context) => {
    // Whoever writes a tag means something else than a repository, and would wait for it in vain.
    if (!/[:@\s]/.test(glob.replace(/^[^/]*:\d+\//, ''))) return glob;
    context.addIssue({
      code: 'custom',
      message: `"${glob}" has a tag: give a repository such as team/app, or app for any path that ends in it`,
    });
    return z.NEVER;
  });

/** The words that choose images: `prune` deletes by them, `images` shows by them. */
export const selectionOptions = {
  all: flag({ short: 'a', about: 'all unused images, not only dangling ones' }),
  until: valued(MomentOption, { value: '24h', about: 'only images created before then' }),
  label: repeated(z.string(), {
    value: 'key[=value]',
    negatable: true,
    about: 'only images with this label; --label!=… only those without it',
  }),
  filter: repeated(z.string(), {
    value: 'until=24h',
    about: "Docker's own spelling of the same: until=…, label=…, label!=…",
  }),
  'unused-for': valued(MomentOption, {
    value: '30d',
    about: 'only images that no container has run on since',
  }),
  repo: repeated(GlobOption, {
    value: 'team/*',
    about:
      'only images all of whose repositories match one of these; without a / the end of the path is enough',
  }),
  'not-repo': repeated(GlobOption, { value: 'base/*', about: 'no image with a repository that matches' }),
  keep: valued(CountOption, { value: 'N', about: 'keep the N newest images of each repository' }),
  free: valued(SizeOption, {
    value: '20GB',
    about: 'the least recently used first, until so much is freed',
  }),
  'free-to': valued(PercentOption, {
    value: '70%',
    about: 'the same, until no more than this of the disk is used',
  }),
  'build-cache': flag({
    about: 'build cache as well, by its own dates; with -a also what images share with it',
  }),
  'stopped-containers': valued(DurationOption, {
    value: '24h',
    implied: '0s',
    about: 'first remove containers that stopped longer ago than that and hold these images; needs approval',
  }),
};
const Options = z.strictObject(selectionOptions);

export function readSelection(options: z.output<typeof Options>): PruneSelection {
  const labels: LabelRule[] = options.label.map(readLabel);
  let until = options.until;
  for (const filter of options.filter) {
    const [, name, value] = /^(until|label!?)=(.+)$/s.exec(filter) ?? [];
    if (name === undefined || value === undefined)
      throw new UserError(
        say`${code(`--filter ${filter}`)} is not known: write ${code('until=24h')}, ${code('label=key')} or ${code('label!=key')}.`,
      );
    if (name !== 'until') labels.push(readLabel(name === 'label!' ? NOT + value : value));
    else {
      const moment = parseMoment(value);
      if (!moment)
        throw new UserError(
          say`${code(value)} is no duration or time: write 90s, 15m, 24h, 7d or 2026-01-31.`,
        );
      // Docker takes one `until` as well.
      if (until) throw new UserError('An image can be filtered by one until only.');
      until = moment;
    }
  }
  const { repo, 'not-repo': notRepos, keep, 'unused-for': unusedSince } = options;
  const stoppedContainers = options['stopped-containers'];
  const goal = goalOf(options);
  return {
    kind: 'prune',
    all: options.all,
    labels,
    ...(until && { until }),
    ...(unusedSince && { unusedSince }),
    ...(repo.length > 0 && { repos: repo }),
    ...(notRepos.length > 0 && { notRepos }),
    ...(keep !== undefined && { keep }),
    ...(goal && { goal }),
    ...(options['build-cache'] && { buildCache: true }),
    ...(stoppedContainers !== undefined && { stoppedContainers }),
  };
}

// --- internal ---

function goalOf({ free, 'free-to': percent }: z.output<typeof Options>): Goal | undefined {
  if (free !== undefined && percent !== undefined)
    throw new UserError(say`Give ${code('--free')} or ${code('--free-to')}, not both.`);
  if (free !== undefined) return { bytes: free };
  return percent === undefined ? undefined : { percent };
}

function readLabel(text: string): LabelRule {
  const not = text.startsWith(NOT);
  const body = not ? text.slice(1) : text;
  const equals = body.indexOf('=');
  if (body === '' || equals === 0)
    throw new UserError(say`${code(text)} is not a label: write ${code('key')} or ${code('key=value')}.`);
  return equals < 0 ? { key: body, not } : { key: body.slice(0, equals), value: body.slice(equals + 1), not };
}

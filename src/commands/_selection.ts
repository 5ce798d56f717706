import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import type { LabelRule, PruneSelection } from '../domain/selection.ts';
import { parseMoment } from '../domain/time.ts';
import { flag, MomentOption, NOT, repeated, valued } from './_define.ts';

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
  return { kind: 'prune', all: options.all, labels, ...(until && { until }) };
}

// --- internal ---

function readLabel(text: string): LabelRule {
  const not = text.startsWith(NOT);
  const body = not ? text.slice(1) : text;
  const equals = body.indexOf('=');
  if (body === '' || equals === 0)
    throw new UserError(say`${code(text)} is not a label: write ${code('key')} or ${code('key=value')}.`);
  return equals < 0 ? { key: body, not } : { key: body.slice(0, equals), value: body.slice(equals + 1), not };
}

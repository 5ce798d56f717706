import type { Filters } from '../filters.ts';

type Labels = Readonly<Record<string, string>> | null;

/**
 * `label` and `label!` as the containerd store reads them. Where a value is asked for, an image that lacks the key
 * never fits, not even `label!`.
 */
export function labelCondition(filters: Filters): (labels: Labels) => boolean {
  const checks = (['label', 'label!'] as const).flatMap((field) =>
    (filters.get(field) ?? []).map((text) => {
      const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
      const turned = key.endsWith('!');
      return { key: turned ? key.slice(0, -1) : key, value, negate: (field === 'label!') !== turned };
    }),
  );
  return (labels) =>
    checks.every(({ key, value, negate }) => {
      const found = labels?.[key];
      if (value === undefined) return (found !== undefined) !== negate;
      return found !== undefined && (found === value) !== negate;
    });
}

import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** zod's issues in Slack's words: `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`. */
export function slackIssues(error: z.ZodError, input: unknown, root: string): string[] {
  return error.issues.flatMap((issue) => lines(issue, input, root, []));
}

/** A position inside the call's arguments, as Slack writes it. */
export function pointer(root: string, path: readonly PropertyKey[]): string {
  return `[json-pointer:${[root, ...path.map(String)].join('/')}]`;
}

function lines(issue: Issue, input: unknown, root: string, base: readonly PropertyKey[]): string[] {
  const path = [...base, ...issue.path];
  const at = pointer(root, path);
  switch (issue.code) {
    case 'too_big':
      if (issue.origin === 'string')
        return [`must be less than ${Number(issue.maximum) + 1} characters ${at}`];
      if (issue.origin === 'array') return [`no more than ${issue.maximum} items allowed ${at}`];
      return [`must be at most ${issue.maximum} ${at}`];
    case 'too_small':
      if (issue.origin === 'string')
        return [`must be more than ${Number(issue.minimum) - 1} characters ${at}`];
      if (issue.origin === 'array') return [`no less than ${issue.minimum} items allowed ${at}`];
      return [`must be at least ${issue.minimum} ${at}`];
    case 'unrecognized_keys':
      return issue.keys.map((key) => `invalid additional property: ${key} ${at}`);
    case 'invalid_union':
      return union(issue, input, root, path);
    case 'invalid_type':
    case 'invalid_value':
      return [wrongValue(issue, input, root, path)];
    default:
      return [`${issue.message} ${at}`];
  }
}

function wrongValue(issue: Issue, input: unknown, root: string, path: readonly PropertyKey[]): string {
  if (valueAt(input, path) === undefined && path.length > 0) {
    return `missing required field: ${String(path.at(-1))} ${pointer(root, path.slice(0, -1))}`;
  }
  if (issue.code === 'invalid_type') return `must provide ${article(issue.expected)} ${pointer(root, path)}`;
  return `unsupported ${String(path.at(-1) ?? 'value')}: ${String(valueAt(input, path))} ${pointer(root, path)}`;
}

function union(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  input: unknown,
  root: string,
  path: readonly PropertyKey[],
): string[] {
  // Without alternatives it was a discriminated union and the type is not one of its own.
  if (issue.errors.length === 0) {
    const where = path.at(-1) === 'type' ? path : [...path, 'type'];
    const type = valueAt(input, where);
    if (type === undefined) return [`missing required field: type ${pointer(root, where.slice(0, -1))}`];
    return [`unsupported type: ${String(type)} ${pointer(root, where)}`];
  }
  // The alternative that fits best is what was meant: the one that has no quarrel with the type.
  const meant =
    issue.errors.find((list) => !list.some((inner) => inner.path.at(-1) === 'type')) ?? issue.errors[0] ?? [];
  const inner = meant.flatMap((one) => lines(one, input, root, path));
  return [`failed to match all allowed schemas ${pointer(root, path)}`, ...inner];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

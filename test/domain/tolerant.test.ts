import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Report } from '../../src/domain/protocol.ts';
import { Run } from '../../src/domain/run.ts';
import { tolerant } from '../../src/domain/tolerant.ts';
import { aDrift, anOutcome, aPart, aRun, aSummary, HOST } from './_build.ts';

const Shape = z.strictObject({
  a: z.number().optional(),
  list: z.array(z.strictObject({ b: z.string() })).min(1),
  either: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('x'), c: z.number().nullable() }),
    z.strictObject({ kind: z.literal('y') }),
  ]),
  by: z.record(z.string(), z.strictObject({ d: z.boolean() })),
  e: z.strictObject({ f: z.number().default(7) }).optional(),
});
const value = { list: [{ b: 'b' }], either: { kind: 'x', c: null }, by: { one: { d: true } }, e: { f: 1 } };

describe('what another version may have written', () => {
  const Tolerant = tolerant(Shape);

  test('keeps fields that are not known, wherever they are', () => {
    const more = {
      ...{ list: [{ b: 'b', n1: 1 }], either: { kind: 'x', c: null, n2: { deep: [1] } } },
      ...{ by: { one: { d: true, n3: null } }, e: { f: 1, n4: 'x' }, n5: [] },
    };
    expect(Shape.safeParse(more).success).toBe(false);
    expect(Tolerant.parse(more)).toEqual(more);
    expect(Tolerant.parse({ ...value, e: {} })).toEqual({ ...value, e: { f: 7 } });
  });

  test.each([
    ['of another type', { ...value, a: '1' }],
    ['missing', { ...value, by: undefined }],
    ['in a list', { ...value, list: [{ b: 1 }] }],
    ['of an empty list', { ...value, list: [] }],
    ['in a record', { ...value, by: { one: {} } }],
    ['of an unknown kind', { ...value, either: { kind: 'z' } }],
    ['in a kind', { ...value, either: { kind: 'x', c: 'no' } }],
  ])('is still checked where it is known: %s', (_, wrong) => {
    expect(Tolerant.safeParse(wrong).success).toBe(false);
  });

  test('leaves the strict one as it is', () => {
    expect(Shape.safeParse({ ...value, more: 1 }).success).toBe(false);
    expect(Shape.parse(value)).toEqual(value);
  });

  test('may be a run or a report, in every part of it', () => {
    const run = aRun({
      ...{ state: 'executing', executingSince: 1, waves: { hosts: [[HOST]], now: 0, since: 1 } },
      hosts: {
        [HOST]: aPart({
          ...{ stage: 'executing', sent: 'execute', plan: aSummary(), drift: aDrift() },
          outcomes: [
            anOutcome('a', 'failed', { why: { kind: 'in-use', by: [{ container: 'c', running: true }] } }),
          ],
        }),
      },
    });
    const seen = everywhere(run);
    expect(tolerant(Run).parse(seen)).toEqual(seen);
    const report = { v: 1, host: HOST, epoch: 'e', job: 'execute-1-host-3', seq: 1 };
    const told = everywhere({ ...report, body: { kind: 'outcomes', outcomes: [anOutcome('a')] } });
    expect(tolerant(Report).parse(told)).toEqual(told);
  });
});

/** The same with a field that nobody knows in every object of it that is not a table of hosts. */
function everywhere(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => everywhere(one));
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).map(([key, one]) => [key, everywhere(one, key)]);
  return Object.fromEntries(name === 'hosts' ? fields : [...fields, ['fromLater', { deep: [1] }]]);
}
